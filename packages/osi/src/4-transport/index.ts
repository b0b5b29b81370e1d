/**
 * Layer 4: from program to program. UDP carries datagrams as they are; TCP makes a reliable stream of bytes.
 */
export type * from './services.ts';
export { formatEndpoint } from './endpoint.ts';
export { copyOptions } from './datagram/options.ts';
export { PingLayer } from './ping/layer.ts';
export { RawProtocol4 } from './raw/ipv4.ts';
export { RawProtocol6 } from './raw/ipv6.ts';
export { RawLayer } from './raw/layer.ts';
export { UdpLayer } from './udp/layer.ts';
export { secondsOf, timeoutsIn } from './tcp/defer-accept.ts';
export { CONGESTION_CONTROLS } from './tcp/congestion/choice.ts';
export { provideTcpTunables, TcpLayer, type TcpLayerOptions } from './tcp/layer.ts';
export { TCP_OFFLOAD } from './tcp/segmentation.ts';
export { TCP_DROPS, TCP_REASONS, type TcpDrop, type TcpReason } from './tcp/reasons.ts';
export { WRITE_MORE, WRITE_RECORD_END, WRITE_URGENT } from './tcp/write.ts';
export type { TcpCounters } from './tcp/counters.ts';
