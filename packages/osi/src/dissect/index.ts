/**
 * Bytes to a tree of named fields, for all protocols of the layers below; what a capture's earlier frames tell about
 * later ones; and one line of summary per frame.
 *
 * Promise upward: any bytes give a tree, whatever is in them; names, positions and values are Wireshark's.
 */
export type { TcpHint } from './analysis.ts';
export { Conversations, conversations, type FrameView, type SegmentView } from './conversation.ts';
export { dissect } from './dissect.ts';
export { findField, numberOf, textOf } from './find.ts';
export { type Segment, segmentOf } from './segment.ts';
export { type Summary, summarize } from './summary.ts';
export type {
  BitRange,
  Field,
  FieldTree,
  FieldValue,
  FrameContext,
  Malformed,
  OsiLayer,
  ProtocolField,
  TcpContext,
} from './tree.ts';
export { bitPattern, fieldLine } from './tree.ts';
