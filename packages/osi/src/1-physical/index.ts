/**
 * Layer 1: ports, cables and hubs; what it costs to send bits, and what can happen to them on the way.
 *
 * Promise upward: a frame handed to a port arrives at the far port later, whole and in order, or is
 * dropped under a named reason. Needs the clock below.
 */
export { Frame, FramePool, HEADROOM } from './frame.ts';
export { dropFrame, type Medium, Port, type PortOwner } from './port.ts';
