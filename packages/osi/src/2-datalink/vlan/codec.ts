import { type Frame, MIN_FRAME } from '../../1-physical/index.ts';

/** The type that tells of a VLAN tag: IEEE 802.1Q's customer tag. */
export const ETHERTYPE_VLAN = 0x8100;
/** Type and tag control information (IEEE 802.1Q-2022 section 9.3). */
export const VLAN_TAG = 4;
/** The VLAN identifiers that a frame may belong to; 0 is a priority without a VLAN, 4095 is reserved (table 9-2). */
export const LEAST_VLAN = 1;
export const GREATEST_VLAN = 4094;

/** Destination and source address: what stands in front of a tag. */
const ADDRESSES = 12;

/** The VLAN identifier in tag control information; the priority is in the three highest bits of it. */
export const vlanOf = (control: number): number => control & 0xfff;

/** Whether the frame with its destination MAC at `start` bears a tag, whole. */
export const isTagged = (view: DataView, start: number, end: number): boolean =>
  end - start >= ADDRESSES + VLAN_TAG + 2 && view.getUint16(start + ADDRESSES) === ETHERTYPE_VLAN;

/** The tag control information of a tagged frame. */
export const readTag = (view: DataView, start: number): number => view.getUint16(start + ADDRESSES + 2);

/** Puts a tag behind the addresses: the frame grows by 4 bytes at its front. */
export function insertTag(frame: Frame, control: number): void {
  const { bytes, view, start } = frame;
  const front = start - VLAN_TAG;
  bytes.copyWithin(front, start, start + ADDRESSES);
  view.setUint16(front + ADDRESSES, ETHERTYPE_VLAN);
  view.setUint16(front + ADDRESSES + 2, control);
  frame.start = front;
}

/** Takes the tag out, and pads the frame if it gets too short by that (IEEE 802.1Q-2022 section 6.7). */
export function removeTag(frame: Frame): void {
  const { bytes, start } = frame;
  bytes.copyWithin(start + VLAN_TAG, start, start + ADDRESSES);
  frame.start = start + VLAN_TAG;
  const padded = frame.start + MIN_FRAME;
  if (frame.end >= padded) return;
  bytes.fill(0, frame.end, padded);
  frame.end = padded;
}
