import type { GroupRequest, IpAddress, Memberships } from '../3-network/index.ts';
import { ERRNO } from '../trace/index.ts';
import * as linux from './constants.ts';
import { type Option, readInt } from './option-table.ts';

/** `struct sockaddr_storage`. */
const STORAGE = 128;
const EXCLUDE = 0;
const INCLUDE = 1;

/** What the options about groups differ in from one version of IP to the other. */
export interface GroupFamily<S, A extends IpAddress> {
  /** The groups of a socket; null for streams, which talk to one peer. */
  memberships(socket: S): Memberships<A> | null;
  /** The address in a `struct sockaddr_storage`; null for one of another family. */
  readAddress(value: Uint8Array, at: number): A | null;
  /** What joining a group of another family is. */
  readonly otherFamily: number;
}

/** An option that joins or leaves: EPROTO on a stream. @param least the bytes of its structure. */
export function joining<S, A extends IpAddress>(
  { memberships }: Pick<GroupFamily<S, A>, 'memberships'>,
  least: number,
  work: (groups: Memberships<A>, value: Uint8Array) => number,
): Option<S> {
  return {
    write: (socket, value) => {
      const groups = memberships(socket);
      if (groups === null) return -ERRNO.EPROTO;
      return value.length < least ? -ERRNO.EINVAL : work(groups, value);
    },
  };
}

/** A whole filter, of `count` sources; @param sourceAt null for a source that is none. */
export function setFilter<A extends IpAddress>(
  groups: Memberships<A>,
  request: GroupRequest<A>,
  mode: number,
  count: number,
  sourceAt: (place: number) => A | null,
): number {
  if (mode !== INCLUDE && mode !== EXCLUDE) return -ERRNO.EINVAL;
  const sources: A[] = [];
  for (let i = 0; i < count; i++) {
    const source = sourceAt(i);
    if (source === null) return -ERRNO.EADDRNOTAVAIL;
    sources.push(source);
  }
  return groups.setFilter(request, mode === INCLUDE ? 'include' : 'exclude', sources);
}

/** What is done about a source of a group. */
export type SourceWork<A extends IpAddress> = (
  groups: Memberships<A>,
  request: GroupRequest<A>,
  source: A,
) => number;

/** The four options about a source. @param names their numbers. @param option one that reads its structure and does something about the source. */
export const sourceOptions = <S, A extends IpAddress>(
  names: Readonly<Record<'join' | 'leave' | 'block' | 'unblock', number>>,
  option: (work: SourceWork<A>) => Option<S>,
): (readonly [name: number, option: Option<S>])[] => [
  [names.join, option((groups, request, source) => groups.joinSource(request, source))],
  [names.leave, option((groups, request, source) => groups.removeSource(request, 'include', source))],
  [names.block, option((groups, request, source) => groups.addSource(request, 'exclude', source))],
  [names.unblock, option((groups, request, source) => groups.removeSource(request, 'exclude', source))],
];

/** The options about groups that both versions of IP have (RFC 3678 section 5). Where pointers have 64 bits, addresses are aligned to 8. */
export function groupOptions<S, A extends IpAddress>(
  family: GroupFamily<S, A>,
): (readonly [name: number, option: Option<S>])[] {
  /** A `struct group_req`. */
  const ofGroup = (work: (groups: Memberships<A>, request: GroupRequest<A>) => number): Option<S> =>
    joining(family, 4 + STORAGE, (groups, value) => {
      const group = family.readAddress(value, value.length >= 8 + STORAGE ? 8 : 4);
      return group === null ? -family.otherFamily : work(groups, { index: readInt(value, 0), group });
    });
  /** A `struct group_source_req`: interface's number, group, source. */
  const ofSource = (work: SourceWork<A>): Option<S> =>
    joining(family, 4 + 2 * STORAGE, (groups, value) => {
      const at = value.length >= 8 + 2 * STORAGE ? 8 : 4;
      const [group, source] = [family.readAddress(value, at), family.readAddress(value, at + STORAGE)];
      if (group === null || source === null) return -ERRNO.EADDRNOTAVAIL;
      return work(groups, { index: readInt(value, 0), group }, source);
    });
  /** A `struct group_filter`: interface's number, group, mode, number of sources, sources. */
  const ofFilter = joining(family, 4 + STORAGE + 8, (groups: Memberships<A>, value) => {
    const at = (value.length - 8) % STORAGE >= 8 ? 8 : 4;
    const group = family.readAddress(value, at);
    const behind = at + STORAGE;
    const count = readInt(value, behind + 4) >>> 0;
    if (count > (value.length - behind - 8) / STORAGE) return -ERRNO.EINVAL;
    if (group === null) return -ERRNO.EADDRNOTAVAIL;
    return setFilter(groups, { index: readInt(value, 0), group }, readInt(value, behind), count, (place) =>
      family.readAddress(value, behind + 8 + STORAGE * place),
    );
  });
  return [
    [linux.MCAST_JOIN_GROUP, ofGroup((groups, request) => groups.join(request))],
    [linux.MCAST_LEAVE_GROUP, ofGroup((groups, request) => groups.leave(request))],
    ...sourceOptions(
      {
        join: linux.MCAST_JOIN_SOURCE_GROUP,
        leave: linux.MCAST_LEAVE_SOURCE_GROUP,
        block: linux.MCAST_BLOCK_SOURCE,
        unblock: linux.MCAST_UNBLOCK_SOURCE,
      },
      ofSource,
    ),
    [linux.MCAST_MSFILTER, ofFilter],
  ];
}
