import type { AdvertisementSettings } from '@netarium/osi/3-network';
import type { Nanoseconds } from '@netarium/osi/time';
import type { SwitchPortSettings } from '../lab.ts';
import type { QueueOptions } from '../queue.ts';

/** A lab file that has been found to be in order: every name leads somewhere, every value is in range. */
export interface LabFile {
  /** Its path, `lab.yaml`. */
  readonly path: string;
  readonly name: string;
  readonly title: { readonly en?: string; readonly ko?: string };
  readonly nodes: readonly NodeSpec[];
  readonly links: readonly LinkSpec[];
}

export type NodeSpec = MachineSpec | SwitchSpec | HubSpec;
export type NodeKind = NodeSpec['kind'];

export interface MachineSpec {
  readonly kind: 'host' | 'router';
  readonly name: string;
  /** `eth0` → `10.0.0.1/24`. */
  readonly addresses: ReadonlyMap<string, string>;
  readonly gateway: string | null;
  readonly routes: readonly { readonly to: string; readonly via: string }[];
  /** Null: no IPv6. */
  readonly ipv6: Ipv6Spec | null;
  readonly run: readonly RunSpec[];
}

export interface Ipv6Spec {
  /** `eth0` → `2001:db8::1/64`, or `auto`. */
  readonly addresses: Readonly<Record<string, string>>;
  readonly gateway?: string;
  readonly routes?: readonly { readonly to: string; readonly via: string }[];
  /** Of a router: where it advertises itself, and how. */
  readonly advertise?: Readonly<Record<string, AdvertisementSettings>>;
}

export interface SwitchSpec {
  readonly kind: 'switch';
  readonly name: string;
  readonly ports: ReadonlyMap<string, SwitchPortSettings>;
  readonly stp: boolean;
  readonly priority?: number;
  readonly latency?: Nanoseconds;
}

interface HubSpec {
  readonly kind: 'hub';
  readonly name: string;
  readonly duplex: 'half' | 'full';
  /** Bits per second of a half-duplex hub. */
  readonly bandwidth?: number;
}

/** Tells machines, which have addresses and programs, from devices. */
export const isMachine = (node: NodeSpec): node is MachineSpec =>
  node.kind === 'host' || node.kind === 'router';

export interface RunSpec {
  readonly command: string;
  readonly argv: readonly string[];
  /** Start once this port of this node is in use. */
  readonly waitFor: { readonly node: string; readonly port: number } | null;
  readonly after: Nanoseconds;
}

export interface Endpoint {
  readonly node: string;
  readonly port: string;
}

export interface LinkSpec {
  readonly endpoints: readonly [Endpoint, Endpoint];
  /** Bits per second. */
  readonly bandwidth?: number;
  readonly delay?: Nanoseconds;
  readonly jitter?: Nanoseconds;
  /** Frames, or a queue discipline. */
  readonly queue?: QueueOptions;
  readonly loss?: number;
  readonly duplicate?: number;
  readonly corrupt?: number;
  readonly reorder?: number;
  readonly offload?: boolean;
}
