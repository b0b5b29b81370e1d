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
import { byteOrInteger, type Option, readInt } from './option-table.ts';

/** What the options about groups of a socket are kept in. */
export interface MulticastSettings {
  readonly type: number;
  /** Null for streams, which talk to one peer. */
  readonly multicast: MulticastOptions | null;
  /** The groups that it is in; null for streams. */
  readonly memberships: Memberships | null;
  readonly parts: {
    readonly internet: IpService;
    /** @returns undefined for a number that no interface has. */
    interfaceAt(index: number): { readonly name: string } | undefined;
    /** The interface that has an address of this machine. */
    interfaceWith(address: Ipv4Address): { readonly name: string } | undefined;
  };
}

type Work = (memberships: Memberships, value: Uint8Array) => number;
type GroupOption = Option<MulticastSettings>;

/** `struct ip_mreq`, `struct ip_mreqn`, `struct ip_mreq_source`. */
const MREQ = 8;
const MREQN = 12;
const MREQ_SOURCE = 12;
/** `struct ip_msfilter` without its sources. */
const MSFILTER = 16;
/** `struct sockaddr_storage`: 128 bytes, the IPv4 address 4 from its start. */
const STORAGE = 128;
const EXCLUDE = 0;
const INCLUDE = 1;

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
  [linux.IP_ADD_MEMBERSHIP, joining(MREQ, (groups, value) => groups.join(mreqn(value)))],
  [linux.IP_DROP_MEMBERSHIP, joining(MREQ, (groups, value) => groups.leave(mreqn(value)))],
  [linux.IP_ADD_SOURCE_MEMBERSHIP, ofSource((groups, request, source) => groups.joinSource(request, source))],
  [
    linux.IP_DROP_SOURCE_MEMBERSHIP,
    ofSource((groups, request, source) => groups.removeSource(request, 'include', source)),
  ],
  [
    linux.IP_BLOCK_SOURCE,
    ofSource((groups, request, source) => groups.addSource(request, 'exclude', source)),
  ],
  [
    linux.IP_UNBLOCK_SOURCE,
    ofSource((groups, request, source) => groups.removeSource(request, 'exclude', source)),
  ],
  [linux.IP_MSFILTER, joining(MSFILTER, setFilter)],
  [linux.MCAST_JOIN_GROUP, joining(4 + STORAGE, (groups, value) => groups.join(groupReq(value)))],
  [linux.MCAST_LEAVE_GROUP, joining(4 + STORAGE, (groups, value) => groups.leave(groupReq(value)))],
  [
    linux.MCAST_JOIN_SOURCE_GROUP,
    ofGroupSource((groups, request, source) => groups.joinSource(request, source)),
  ],
  [
    linux.MCAST_LEAVE_SOURCE_GROUP,
    ofGroupSource((groups, request, source) => groups.removeSource(request, 'include', source)),
  ],
  [
    linux.MCAST_BLOCK_SOURCE,
    ofGroupSource((groups, request, source) => groups.addSource(request, 'exclude', source)),
  ],
  [
    linux.MCAST_UNBLOCK_SOURCE,
    ofGroupSource((groups, request, source) => groups.removeSource(request, 'exclude', source)),
  ],
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

/** An option that joins or leaves: EPROTO on a stream. @param least the bytes of its structure. */
function joining(least: number, work: Work): GroupOption {
  return {
    write: ({ memberships }, value) => {
      if (memberships === null) return -ERRNO.EPROTO;
      return value.length < least ? -ERRNO.EINVAL : work(memberships, value);
    },
  };
}

type SourceWork = (groups: Memberships, request: GroupRequest, source: Ipv4Address) => number;

/** A `struct ip_mreq_source`: group, interface's address, source. */
function ofSource(work: SourceWork): GroupOption {
  return joining(MREQ_SOURCE, (groups, value) =>
    work(groups, { group: at(value, 0), index: 0, address: at(value, 4) }, at(value, 8)),
  );
}

/** A `struct group_source_req`: interface's number, group, source. */
function ofGroupSource(work: SourceWork): GroupOption {
  return joining(4 + 2 * STORAGE, (groups, value) =>
    work(
      groups,
      groupReq(value),
      storageAt(value, value.length >= 8 + 2 * STORAGE ? 8 + STORAGE : 4 + STORAGE),
    ),
  );
}

/** A `struct ip_mreqn`, or a `struct ip_mreq`, which ends before the interface's number. */
function mreqn(value: Uint8Array): GroupRequest {
  return { group: at(value, 0), address: at(value, 4), index: value.length >= MREQN ? readInt(value, 8) : 0 };
}

/** A `struct group_req`; where pointers have 64 bits the group's address is aligned to 8. */
function groupReq(value: Uint8Array): GroupRequest {
  const aligned = value.length === 8 + STORAGE || value.length >= 8 + 2 * STORAGE;
  return { index: readInt(value, 0), group: storageAt(value, aligned ? 8 : 4), address: ANY };
}

/** The IPv4 address in a `struct sockaddr_storage`; 0.0.0.0, which is no group, for another family. */
function storageAt(value: Uint8Array, offset: number): Ipv4Address {
  const family = (value[offset] ?? 0) | ((value[offset + 1] ?? 0) << 8);
  return family === linux.AF_INET ? at(value, offset + 4) : ANY;
}

function setFilter(groups: Memberships, value: Uint8Array): number {
  const count = readInt(value, 12) >>> 0;
  if (count > (value.length - MSFILTER) / 4) return -ERRNO.EINVAL;
  const mode = readInt(value, 8);
  if (mode !== INCLUDE && mode !== EXCLUDE) return -ERRNO.EINVAL;
  const sources = Array.from({ length: count }, (_, i) => at(value, MSFILTER + 4 * i));
  const request = { group: at(value, 0), index: 0, address: at(value, 4) };
  return groups.setFilter(request, mode === INCLUDE ? 'include' : 'exclude', sources);
}

function readInterface({ multicast }: MulticastSettings, length: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, multicast?.source ?? ANY);
  return bytes.subarray(0, Math.max(0, length));
}

/** Takes a `struct ip_mreqn`, a `struct ip_mreq`, or an address alone. */
function writeInterface({ multicast, parts }: MulticastSettings, value: Uint8Array): number {
  if (multicast === null || value.length < 4) return -ERRNO.EINVAL;
  const { address, index } = value.length >= MREQ ? mreqn(value) : { address: at(value, 0), index: 0 };
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
