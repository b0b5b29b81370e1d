import {
  ANY,
  type GroupRequest,
  type IpService,
  type Ipv4Address,
  ipv4FromNumber,
  type Memberships,
} from '../3-network/index.ts';
import type { MulticastOptions } from '../4-transport/index.ts';
import { ERRNO } from '../trace/index.ts';
import * as linux from './constants.ts';
import {
  type GroupFamily,
  groupOptions,
  joining,
  type SourceWork,
  setFilter,
  sourceOptions,
} from './group-options.ts';
import { byteOrInteger, type Option, readInt, readShort } from './option-table.ts';

/** What the options about groups of a socket are kept in. */
export interface MulticastSettings {
  readonly type: number;
  /** Null for streams, which talk to one peer. */
  readonly multicast: MulticastOptions | null;
  /** The groups that it is in; null for streams. */
  readonly memberships: Memberships<Ipv4Address> | null;
  readonly parts: {
    readonly internet: IpService;
    /** @returns undefined for a number that no interface has. */
    interfaceAt(index: number): { readonly name: string } | undefined;
    /** The interface that has an address of this machine. */
    interfaceWith(address: Ipv4Address): { readonly name: string } | undefined;
  };
}

type GroupOption = Option<MulticastSettings>;

/** `struct ip_mreq`, `struct ip_mreqn`, `struct ip_mreq_source`. */
const MREQ = 8;
const MREQN = 12;
const MREQ_SOURCE = 12;
/** `struct ip_msfilter` without its sources. */
const MSFILTER = 16;
const FAMILY: GroupFamily<MulticastSettings, Ipv4Address> = {
  memberships: (socket) => socket.memberships,
  readAddress: (value, place) => (readShort(value, place) === linux.AF_INET ? at(value, place + 4) : null),
  otherFamily: ERRNO.EINVAL,
};

/** The options of ip(7) about groups, at level IPPROTO_IP (`do_ip_setsockopt`; RFC 3678). */
export const MULTICAST_OPTIONS: readonly (readonly [name: number, option: GroupOption])[] = [
  [
    linux.IP_MULTICAST_TTL,
    sending(
      (options) => options.ttl,
      (options, value) => {
        if (value < -1 || value > 255) return -ERRNO.EINVAL;
        options.ttl = value === -1 ? 1 : value;
        return 0;
      },
    ),
  ],
  [
    linux.IP_MULTICAST_LOOP,
    sending(
      (options) => (options.loop ? 1 : 0),
      (options, value) => {
        options.loop = value !== 0;
        return 0;
      },
    ),
  ],
  [linux.IP_MULTICAST_IF, { read: readInterface, write: writeInterface }],
  [
    linux.IP_MULTICAST_ALL,
    byteOrInteger(
      (socket) => (socket.memberships?.all === false ? 0 : 1),
      (socket, value) => {
        if (value !== 0 && value !== 1) return -ERRNO.EINVAL;
        if (socket.memberships !== null) socket.memberships.all = value === 1;
        return 0;
      },
    ),
  ],
  [linux.IP_ADD_MEMBERSHIP, joining(FAMILY, MREQ, (groups, value) => groups.join(mreqn(value)))],
  [linux.IP_DROP_MEMBERSHIP, joining(FAMILY, MREQ, (groups, value) => groups.leave(mreqn(value)))],
  ...sourceOptions(
    {
      join: linux.IP_ADD_SOURCE_MEMBERSHIP,
      leave: linux.IP_DROP_SOURCE_MEMBERSHIP,
      block: linux.IP_BLOCK_SOURCE,
      unblock: linux.IP_UNBLOCK_SOURCE,
    },
    ofSource,
  ),
  [linux.IP_MSFILTER, joining(FAMILY, MSFILTER, writeFilter)],
  ...groupOptions(FAMILY),
];

/** How multicasts are sent: nothing that a stream has (`do_ip_setsockopt`). */
function sending(
  read: (options: MulticastOptions) => number,
  write: (options: MulticastOptions, value: number) => number,
): GroupOption {
  return byteOrInteger(
    ({ multicast }) => (multicast === null ? 1 : read(multicast)),
    ({ multicast }, value) => (multicast === null ? -ERRNO.EINVAL : write(multicast, value)),
  );
}

/** A `struct ip_mreq_source`: group, interface's address, source. */
function ofSource(work: SourceWork<Ipv4Address>): GroupOption {
  return joining(FAMILY, MREQ_SOURCE, (groups, value) => work(groups, mreq(value), at(value, 8)));
}

function mreq(value: Uint8Array): GroupRequest<Ipv4Address> {
  const address = at(value, 4);
  return { group: at(value, 0), index: 0, ...(address !== ANY && { address }) };
}

/** A `struct ip_mreqn`, or a `struct ip_mreq`, which ends before the interface's number. */
function mreqn(value: Uint8Array): GroupRequest<Ipv4Address> {
  return { ...mreq(value), index: value.length >= MREQN ? readInt(value, 8) : 0 };
}

/** A `struct ip_msfilter`: group, interface's address, mode, number of sources, sources. */
function writeFilter(groups: Memberships<Ipv4Address>, value: Uint8Array): number {
  const count = readInt(value, 12) >>> 0;
  if (count > (value.length - MSFILTER) / 4) return -ERRNO.EINVAL;
  return setFilter(groups, mreq(value), readInt(value, 8), count, (place) => at(value, MSFILTER + 4 * place));
}

function readInterface({ multicast }: MulticastSettings, length: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, multicast?.source ?? ANY);
  return bytes.subarray(0, Math.max(0, length));
}

/** Takes a `struct ip_mreqn`, a `struct ip_mreq`, or an address alone. */
function writeInterface({ multicast, parts }: MulticastSettings, value: Uint8Array): number {
  if (multicast === null || value.length < 4) return -ERRNO.EINVAL;
  const whole = value.length >= MREQ;
  const address = at(value, whole ? 4 : 0);
  const index = whole ? mreqn(value).index : 0;
  if (index === 0 && address === ANY) {
    multicast.interface = undefined;
    multicast.source = undefined;
    return 0;
  }
  const link = index === 0 ? parts.interfaceWith(address) : parts.interfaceAt(index);
  if (link === undefined) return -ERRNO.EADDRNOTAVAIL;
  multicast.interface = link.name;
  multicast.source = address === ANY ? undefined : address;
  return 0;
}

function at(value: Uint8Array, offset: number): Ipv4Address {
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  return ipv4FromNumber(view.getUint32(offset));
}
