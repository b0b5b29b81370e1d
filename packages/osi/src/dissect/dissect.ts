import { dissectArp } from '../2-datalink/arp/dissect.ts';
import { dissectEthernet } from '../2-datalink/ethernet/dissect.ts';
import { dissectVlan } from '../2-datalink/vlan/dissect.ts';
import { dissectIcmp } from '../3-network/icmp/dissect.ts';
import { dissectIcmpv6 } from '../3-network/icmpv6/dissect.ts';
import { dissectIgmp } from '../3-network/igmp/dissect.ts';
import { dissectIpv4 } from '../3-network/ipv4/dissect.ts';
import { dissectIpv6 } from '../3-network/ipv6/dissect.ts';
import { dissectTcp } from '../4-transport/tcp/dissect.ts';
import { dissectUdp } from '../4-transport/udp/dissect.ts';
import { type Dissectors, Scope, Unreadable } from './pen.ts';
import type { FieldTree, FrameContext, Malformed } from './tree.ts';

const DISSECTORS: Dissectors = new Map([
  [`ethertype:${0x0800}`, dissectIpv4],
  [`ethertype:${0x0806}`, dissectArp],
  [`ethertype:${0x86dd}`, dissectIpv6],
  [`ethertype:${0x8100}`, dissectVlan],
  ['ip.proto:1', dissectIcmp],
  ['ip.proto:2', dissectIgmp],
  ['ip.proto:6', dissectTcp],
  ['ip.proto:17', dissectUdp],
  ['ip.proto:58', dissectIcmpv6],
]);

const NOTHING: FrameContext = {};

/**
 * Reads one Ethernet frame, destination MAC first, without FCS.
 *
 * Never throws: where the bytes end too soon or make no sense, the tree ends with `_ws.malformed`. The tree refers to
 * `bytes`; its byte values are views of them.
 * @param context what earlier frames of a capture tell (`conversations`); without it numbers are as they stand.
 */
export function dissect(bytes: Uint8Array, context: FrameContext = NOTHING): FieldTree {
  const scope = new Scope(bytes, DISSECTORS, context);
  let malformed: Malformed | null = null;
  try {
    dissectEthernet(scope, 0, bytes.length, { claimed: bytes.length, fragment: false, quoted: false });
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    const protocol = scope.innermost;
    malformed = { protocol, bitOffset: error.bitOffset, reason: error.message };
    const layer = scope.protocols.at(-1)?.layer ?? 2;
    const pen = scope.protocol(
      '_ws.malformed',
      protocol,
      `[Malformed Packet: ${protocol}]`,
      layer,
      bytes.length,
      0,
    );
    pen.text(`(${error.message})`);
  }
  return { bytes, protocols: scope.protocols, malformed };
}
