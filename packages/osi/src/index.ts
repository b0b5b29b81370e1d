/**
 * `@netarium/osi`: the seven layers, as a library. What most users need to build a network and talk over it;
 * each layer has its own entry besides: `@netarium/osi/4-transport`.
 *
 *     const sim = new Simulation(7);
 *     const record = new TraceRecord();
 *     const stack = new Stack({ sim, name: 'client', record });
 */
export { Cable, type CableOptions, FramePool, Hub, Port } from './1-physical/index.ts';
export { formatMac, type MacAddress, parseMac, Switch } from './2-datalink/index.ts';
export { formatIpv4, type Ipv4Address, parseIpv4 } from './3-network/index.ts';
export type { TcpState } from './4-transport/index.ts';
export {
  type AsyncDatagram,
  AsyncDatagramSocket,
  AsyncListener,
  AsyncSocket,
  type ConnectOptions,
  drive,
  type ListenOptions,
  type Socket,
  type SocketAddress,
  Stack,
  type StackOptions,
  SystemError,
} from './5-session/index.ts';
export { type CaptureOptions, readPcapng, writePcapng } from './capture/index.ts';
export { dissect, type Field, type FieldTree } from './dissect/index.ts';
export {
  formatSeconds,
  microseconds,
  milliseconds,
  type Nanoseconds,
  Random,
  Simulation,
  seconds,
} from './time/index.ts';
export { type TraceEvent, TraceRecord } from './trace/index.ts';
