import {
  type IpAddress,
  isIpv6,
  parseIp,
  parseIpv4Prefix,
  parseIpv6Prefix,
  samePrefix,
} from '@netarium/osi/3-network';
import type { NetlinkAnswer } from '../../system-calls.ts';
import { complain, print } from '../support.ts';
import { answers, type Context, change, isShow, Refusal, unknownCommand, type Words } from './request.ts';
import { tcpMetricsText } from './text.ts';

type Metrics = Extract<NetlinkAnswer, { type: 'tcpmetrics' }>;

/** The destinations that a command is about. */
interface Selector {
  readonly text: string;
  /** One address, not a prefix. */
  readonly exact: boolean;
  matches(destination: string): boolean;
}

/** ip-tcp_metrics(8): what TCP remembers of destinations. */
export async function tcpMetrics({ sys, words }: Context): Promise<number> {
  const command = words.next() ?? 'show';
  const deletes = 'delete'.startsWith(command) || 'remove'.startsWith(command);
  const flushes = 'flush'.startsWith(command);
  if (!isShow(command) && !deletes && !flushes) throw unknownCommand(command, 'tcp_metrics');
  const chosen = selectorOf(words);
  if (deletes && chosen === null) throw new Refusal('Error: argument "address" is required');
  if (deletes && chosen?.exact === false) {
    throw new Refusal(`Error: a specific IP address is expected rather than "${chosen.text}"`, 1);
  }
  if (chosen === null) {
    if (flushes) return change(sys, { type: 'deltcpmetrics' });
  } else if (chosen.exact && !isShow(command)) {
    return change(sys, { type: 'deltcpmetrics', address: chosen.text });
  }
  const all = await answers(sys, { type: 'gettcpmetrics' }, 'tcpmetrics');
  const found = all.filter(({ destination }) => chosen === null || chosen.matches(destination));
  if (flushes) return flush({ sys, found });
  if (found.length === 0 && chosen?.exact === true) {
    throw new Refusal('RTNETLINK answers: No such process', 2);
  }
  await print(sys, found.map(tcpMetricsText).join(''));
  return 0;
}

async function flush({ sys, found }: Pick<Context, 'sys'> & { found: readonly Metrics[] }): Promise<number> {
  if (found.length === 0) await complain(sys, 'Nothing to flush.');
  for (const address of new Set(found.map(({ destination }) => destination))) {
    const status = await change(sys, { type: 'deltcpmetrics', address });
    if (status !== 0) return status;
  }
  return 0;
}

/** @returns null where none is named. */
function selectorOf(words: Words): Selector | null {
  let text = words.next();
  if (text === 'addr' || text === 'address') text = words.next();
  if (text === undefined) return null;
  if (['default', 'any', 'all'].includes(text)) return { text, exact: false, matches: () => true };
  const address = parseIp(text);
  const prefix = parseIpv4Prefix(text) ?? parseIpv6Prefix(text);
  if (address !== null) return selector(text, address, isIpv6(address) ? 128 : 32);
  if (prefix !== null) return selector(text.replace(/\/.*/, ''), prefix.address, prefix.length, text);
  throw new Refusal(`Error: any valid prefix is expected rather than "${text}".`, 1);
}

function selector(address: string, first: IpAddress, length: number, text = address): Selector {
  const exact = length === (isIpv6(first) ? 128 : 32);
  return {
    text: exact ? address : text,
    exact,
    matches(destination) {
      const other = parseIp(destination);
      if (other === null) return false;
      if (isIpv6(first)) return isIpv6(other) && samePrefix(first, other, length);
      return !isIpv6(other) && (length === 0 || (first ^ other) >>> (32 - length) === 0);
    },
  };
}
