import { findField, numberOf, textOf } from './find.ts';
import type { ProtocolField } from './tree.ts';

/** What an IPv6 packet is that no other protocol is known in. */
export function ipv6Summary(field: ProtocolField): string {
  const fragment = findField([field], 'ipv6.fraghdr');
  if (fragment !== undefined) {
    const offset = numberOf(fragment, 'ipv6.fraghdr.offset') * 8;
    const more = numberOf(fragment, 'ipv6.fraghdr.more') === 1 ? 'y' : 'n';
    const id = textOf(fragment, 'ipv6.fraghdr.ident');
    const next = numberOf(fragment, 'ipv6.fraghdr.nxt');
    return `IPv6 fragment (off=${offset} more=${more} ident=${id} nxt=${next})`;
  }
  if (numberOf(field, 'ipv6.nxt') === 59) return 'IPv6 no next header';
  return `Unknown IP Protocol: ${textOf(field, 'ipv6.nxt')}`;
}

/** An ICMPv6 message in Wireshark's words. */
export function icmpv6Summary(field: ProtocolField, around: readonly ProtocolField[]): string {
  const kind = /^(.*) \(\d+\)$/.exec(textOf(field, 'icmpv6.type'))?.[1] ?? '';
  const code = /^\d+ \((.*)\)$/.exec(textOf(field, 'icmpv6.code'))?.[1];
  if (code !== undefined) return `${kind} (${code})`;
  const mac = textOf(field, 'icmpv6.opt.linkaddr');
  switch (numberOf(field, 'icmpv6.type')) {
    case 128:
    case 129: {
      const id = textOf(field, 'icmpv6.echo.identifier');
      const limit = findField(around, 'ipv6.hlim')?.value;
      return `${kind} id=${id}, seq=${numberOf(field, 'icmpv6.echo.sequence_number')}, hop limit=${limit}`;
    }
    case 133:
    case 134:
      return mac === '' ? kind : `${kind} from ${mac}`;
    case 135: {
      const target = textOf(field, 'icmpv6.nd.ns.target_address');
      return `${kind} for ${target}${mac === '' ? '' : ` from ${mac}`}`;
    }
    case 136: {
      const flags = ['r', 's', 'o'].map((bit) => numberOf(field, `icmpv6.nd.na.flag.${bit}`) === 1);
      const words = ['rtr', 'sol', 'ovr'].filter((_, i) => flags[i]);
      const said = words.length === 0 ? '' : ` (${words.join(', ')})`;
      return `${kind} ${textOf(field, 'icmpv6.nd.na.target_address')}${said}${mac === '' ? '' : ` is at ${mac}`}`;
    }
    case 137:
      return mac === '' ? kind : `${kind} is at ${mac}`;
    default:
      return kind;
  }
}
