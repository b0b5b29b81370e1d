/**
 * Layer 1: ports, cables and hubs; what it costs to send bits, and what can happen to them on the way.
 *
 * Promise upward: a frame handed to a port arrives at the far port later, whole and in order, or is
 * dropped under a named reason. Needs the clock below.
 */
export { Cable, type CableOptions } from './cable.ts';
export { CableDirection, type DirectionOptions } from './direction.ts';
export { frameCheckSequence } from './fcs.ts';
export {
  Frame,
  FramePool,
  HEADROOM,
  MIN_FRAME,
  NO_ORIGINS,
  type Offload,
  poolOf,
  type Refusal,
  releaseAll,
} from './frame.ts';
export { HUB_BANDWIDTH, Hub, type HubOptions, repeat } from './hub.ts';
export { Impairments, type ImpairmentSettings } from './impairments.ts';
export { dropFrame, type Medium, Port, type PortOwner } from './port.ts';
export {
  codingFor,
  drawLevels,
  type LineCoding,
  type LineFault,
  MANCHESTER,
  MLT3,
  NRZ,
  type Waveform,
  type WaveformPart,
} from './line-coding/index.ts';
export type { QueueSettings } from './queue-discipline/index.ts';
