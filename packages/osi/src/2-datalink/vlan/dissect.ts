import { type Dissector, hex, type Pen, type Scope, Unreadable } from '../../dissect/pen.ts';
import type { BitRange } from '../../dissect/tree.ts';
import { etherTypeName, padding } from '../ethernet/dissect.ts';
import { dissectLlc } from '../llc/dissect.ts';

const TAG = 4;
/** Below, the field behind the tag is a length, as in an untagged frame. */
const LEAST_ETHERTYPE = 0x0600;

/** What the priorities are for (IEEE 802.1Q-2022 table I-2). */
const PRIORITIES = [
  'Best Effort (default)',
  'Background',
  'Excellent Effort',
  'Critical Applications',
  'Video, < 100ms latency and jitter',
  'Voice, < 10ms latency and jitter',
  'Internetwork Control',
  'Network Control',
];

/** A VLAN tag (IEEE 802.1Q-2022 section 9.6): priority, drop eligibility, VLAN, and the type that it stands in front of. */
export const dissectVlan: Dissector = (scope, start, end, around) => {
  scope.reading = 'VLAN';
  if (end - start < TAG) throw new Unreadable(end, `the tag needs ${TAG} bytes at byte ${start}`);
  const pen = scope.protocol('vlan', 'VLAN', '802.1Q Virtual LAN', 2, start, TAG);
  const word: BitRange = { bitOffset: start * 8, bitLength: 16 };
  const priority = pen.part('vlan.priority', 'Priority', word, 0, 3);
  const level = priority.field.value as number;
  priority.text(`${PRIORITIES[level]} (${level})`);
  const eligible = pen.flag('vlan.dei', 'DEI', word, 3, 'Eligible', 'Ineligible').field.value;
  const id = pen.part('vlan.id', 'ID', word, 4, 12).field.value;
  pen.text(`PRI: ${level}, DEI: ${eligible}, ID: ${id}`);
  return behindTag(scope, pen, start, end, around);
};

function behindTag(
  ...[scope, pen, start, end, around]: [Scope, Pen, ...Tail<Parameters<Dissector>>]
): number {
  const payload = start + TAG;
  const type = scope.view.getUint16(start + 2);
  const frame = around.frame ?? 0;
  if (type < LEAST_ETHERTYPE) {
    pen.number('vlan.len', 'Length', start + 2, 2);
    const stop = Math.min(payload + type, end);
    dissectLlc(scope, payload, stop, around);
    padding(scope, pen, frame, stop, end, 'vlan.trailer');
    return end;
  }
  pen.number('vlan.etype', 'Type', start + 2, 2, `${etherTypeName(type)} (${hex(type, 4)})`);
  const used = scope.hand('ethertype', type, payload, end, { ...around, claimed: end - payload });
  if (used === null) scope.data(3, payload, end);
  else padding(scope, pen, frame, used, end, 'vlan.trailer');
  return end;
}

type Tail<T extends readonly unknown[]> = T extends readonly [unknown, ...infer Rest] ? Rest : never;
