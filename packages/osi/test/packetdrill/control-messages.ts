import {
  AF_INET6,
  IP_RECVERR,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPPROTO_TCP,
  IPV6_RECVERR,
  type Received,
  TCP_INQ,
} from '../../src/5-session/index.ts';
import { field, integer } from './evaluate.ts';
import type { Expression } from './script.ts';

/** One control message of recvmsg(2): its level and type, and its fields by packetdrill's names. */
export interface Control {
  readonly level: number;
  readonly type: number;
  readonly data: number | Readonly<Record<string, number>>;
}

/** The control messages that Linux would have with what a socket of family `domain` received. */
export function controlMessages({ inQueue, error }: Received, domain: number): Control[] {
  const messages: Control[] = [];
  if (inQueue !== undefined) messages.push({ level: IPPROTO_TCP, type: TCP_INQ, data: inQueue });
  if (error !== undefined) {
    const { errno, origin, type, code, info, data } = error;
    const fields = {
      ee_errno: errno,
      ee_origin: origin,
      ee_type: type,
      ee_code: code,
      ee_info: info,
      ee_data: data,
    };
    messages.push(
      domain === AF_INET6
        ? { level: IPPROTO_IPV6, type: IPV6_RECVERR, data: fields }
        : { level: IPPROTO_IP, type: IP_RECVERR, data: fields },
    );
  }
  return messages;
}

/** Compares them with the script's. @returns the first difference, or null. */
export function controlDifference(
  expected: Expression | undefined,
  got: readonly Control[],
  line: number,
): string | null {
  const wanted = expected?.kind === 'list' ? expected.items : [];
  if (wanted.length !== got.length)
    return `control messages: expected ${wanted.length}, got ${got.length || 'none'}`;
  for (const [i, message] of wanted.entries()) {
    const { level, type, data } = got[i] as Control;
    const pairs: [string, Expression | undefined, number][] = [
      ['cmsg_level', field(message, 'cmsg_level'), level],
      ['cmsg_type', field(message, 'cmsg_type'), type],
    ];
    const content = field(message, 'cmsg_data');
    if (typeof data === 'number') pairs.push(['cmsg_data', content, data]);
    else for (const [name, value] of Object.entries(data)) pairs.push([name, field(content, name), value]);
    for (const [name, value, actual] of pairs) {
      if (value === undefined) continue;
      const number = integer(value, line);
      if (number !== actual) return `${name} of control message ${i + 1}: expected ${number}, got ${actual}`;
    }
  }
  return null;
}
