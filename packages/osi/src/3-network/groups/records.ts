import type { IpAddress } from '../ip-address.ts';
import type { Group, Source } from './group.ts';

/** Types of group records: what is asked for now, and what has changed (RFC 3376 section 4.2.12, RFC 3810 section 5.2.12). */
const MODE_IS_INCLUDE = 1;
const MODE_IS_EXCLUDE = 2;
const CHANGE_TO_INCLUDE = 3;
const CHANGE_TO_EXCLUDE = 4;
const ALLOW_NEW_SOURCES = 5;
const BLOCK_OLD_SOURCES = 6;

/** A group record of a report (RFC 3376 section 4.2.4, RFC 3810 section 5.2.4). */
export interface GroupRecord<A extends IpAddress> {
  readonly type: number;
  readonly group: A;
  readonly sources: readonly A[];
}

/** A group that was left, of which reports are still to tell (RFC 3376 section 5.1, RFC 3810 section 6.1). */
export interface FormerGroup<A extends IpAddress> {
  readonly address: A;
  readonly mode: Group<A>['mode'];
  /** The sources that were included. */
  readonly sources: readonly Source<A>[];
  changes: number;
}

/** What a group asks for now: the answer to a query (RFC 3376 section 5.2, RFC 3810 section 6.3). */
export function currentRecord<A extends IpAddress>(group: Group<A>): GroupRecord<A> {
  const type = group.filters.exclude > 0 ? MODE_IS_EXCLUDE : MODE_IS_INCLUDE;
  const sources = group.current();
  for (const source of sources) source.queried = false;
  group.sourcesQueried = false;
  return { type, group: group.address, sources: addressesOf(sources) };
}

/**
 * What has changed in a group, each change told as often as the robustness variable says (RFC 3376 section 5.1, RFC 3810
 * section 6.1; `igmpv3_send_cr` and `mld_send_cr` in Linux). Counts down.
 */
export function changeRecords<A extends IpAddress>(group: Group<A>): GroupRecord<A>[] {
  const records: GroupRecord<A>[] = [];
  const excludes = group.filters.exclude > 0;
  const told = takeChanges(group.sources.values());
  const gone = takeChanges(group.removed.values());
  for (const source of [...group.removed.values()]) if (source.changes === 0) group.forget(source.address);
  // While the mode changes, its record tells the sources too.
  if (group.changes === 0) {
    const add = (type: number, sources: readonly A[]): void => {
      if (sources.length > 0) records.push({ type, group: group.address, sources });
    };
    add(excludes ? BLOCK_OLD_SOURCES : ALLOW_NEW_SOURCES, told);
    add(excludes ? ALLOW_NEW_SOURCES : BLOCK_OLD_SOURCES, gone);
    return records;
  }
  group.changes--;
  const type = group.mode === 'exclude' ? CHANGE_TO_EXCLUDE : CHANGE_TO_INCLUDE;
  records.push({ type, group: group.address, sources: addressesOf(group.merged()) });
  return records;
}

/** The last word about a group that was left. Counts down. */
export function formerRecord<A extends IpAddress>(former: FormerGroup<A>): GroupRecord<A> | null {
  former.changes--;
  const { address: group, mode, sources } = former;
  if (mode === 'exclude') return { type: CHANGE_TO_INCLUDE, group, sources: [] };
  return sources.length === 0 ? null : { type: BLOCK_OLD_SOURCES, group, sources: addressesOf(sources) };
}

/** Bytes of a record without sources, and of a source. */
export interface RecordSizes {
  readonly record: number;
  readonly source: number;
}

/**
 * Spreads records over reports of at most `room` bytes of records each. What excludes too many sources is cut short
 * (RFC 3376 section 4.2.16, RFC 3810 section 5.2.15).
 */
export function packRecords<A extends IpAddress>(
  records: readonly GroupRecord<A>[],
  room: number,
  sizes: RecordSizes,
): GroupRecord<A>[][] {
  const reports: GroupRecord<A>[][] = [];
  let left = 0;
  const most = Math.floor((room - sizes.record) / sizes.source);
  for (const record of records) {
    for (const part of splitRecord(record, most)) {
      const size = sizeOf(part, sizes);
      if (size > left) {
        reports.push([]);
        left = room;
      }
      reports.at(-1)?.push(part);
      left -= size;
    }
  }
  return reports;
}

export const sizeOf = ({ sources }: GroupRecord<IpAddress>, { record, source }: RecordSizes): number =>
  record + source * sources.length;

function splitRecord<A extends IpAddress>(record: GroupRecord<A>, most: number): GroupRecord<A>[] {
  const { type, sources } = record;
  if (sources.length <= most) return [record];
  if (type === MODE_IS_EXCLUDE || type === CHANGE_TO_EXCLUDE) {
    return [{ ...record, sources: sources.slice(0, most) }];
  }
  const parts: GroupRecord<A>[] = [];
  for (let at = 0; at < sources.length; at += most) {
    parts.push({ ...record, sources: sources.slice(at, at + most) });
  }
  return parts;
}

/** The sources of which a change is to be told, once less. */
function takeChanges<A extends IpAddress>(sources: Iterable<Source<A>>): A[] {
  const told: A[] = [];
  for (const source of sources) {
    if (source.changes === 0) continue;
    source.changes--;
    told.push(source.address);
  }
  return told;
}

const addressesOf = <A extends IpAddress>(sources: readonly Source<A>[]): A[] =>
  sources.map(({ address }) => address);
