import type { Ipv4Address } from '../address.ts';
import {
  ALLOW_NEW_SOURCES,
  BLOCK_OLD_SOURCES,
  CHANGE_TO_EXCLUDE,
  CHANGE_TO_INCLUDE,
  GROUP_RECORD,
  MODE_IS_EXCLUDE,
  MODE_IS_INCLUDE,
} from './codec.ts';
import type { Group, Source } from './group.ts';

/** A group record of a version 3 report (RFC 3376 section 4.2.4). */
export interface GroupRecord {
  readonly type: number;
  readonly group: Ipv4Address;
  readonly sources: readonly Ipv4Address[];
}

/** A group that was left, of which reports are still to tell (RFC 3376 section 5.1). */
export interface FormerGroup {
  readonly address: Ipv4Address;
  readonly mode: Group['mode'];
  /** The sources that were included. */
  readonly sources: readonly Source[];
  changes: number;
}

/** What a group asks for now: the answer to a query (RFC 3376 section 5.2). */
export function currentRecord(group: Group): GroupRecord {
  const type = group.filters.exclude > 0 ? MODE_IS_EXCLUDE : MODE_IS_INCLUDE;
  const sources = group.current();
  for (const source of sources) source.queried = false;
  group.sourcesQueried = false;
  return { type, group: group.address, sources: addressesOf(sources) };
}

/**
 * What has changed in a group, each change told as often as the robustness variable says (RFC 3376 section 5.1,
 * `igmpv3_send_cr` in Linux). Counts down.
 */
export function changeRecords(group: Group): GroupRecord[] {
  const records: GroupRecord[] = [];
  const excludes = group.filters.exclude > 0;
  const told = takeChanges(group.sources);
  const gone = takeChanges(group.removed);
  for (const [address, source] of group.removed) if (source.changes === 0) group.removed.delete(address);
  // While the mode changes, its record tells the sources too.
  if (group.changes === 0) {
    const add = (type: number, sources: readonly Ipv4Address[]): void => {
      if (sources.length > 0) records.push({ type, group: group.address, sources });
    };
    add(excludes ? BLOCK_OLD_SOURCES : ALLOW_NEW_SOURCES, told);
    add(excludes ? ALLOW_NEW_SOURCES : BLOCK_OLD_SOURCES, gone);
    return records;
  }
  group.changes--;
  const type = group.mode === 'exclude' ? CHANGE_TO_EXCLUDE : CHANGE_TO_INCLUDE;
  records.push({ type, group: group.address, sources: addressesOf(group.ofMode()) });
  return records;
}

/** The last word about a group that was left. Counts down. */
export function formerRecord(former: FormerGroup): GroupRecord | null {
  former.changes--;
  const { address: group, mode, sources } = former;
  if (mode === 'exclude') return { type: CHANGE_TO_INCLUDE, group, sources: [] };
  return sources.length === 0 ? null : { type: BLOCK_OLD_SOURCES, group, sources: addressesOf(sources) };
}

/** Spreads records over reports of at most `room` bytes of records each. What excludes too many sources is cut short (RFC 3376 section 4.2.16). */
export function packRecords(records: readonly GroupRecord[], room: number): GroupRecord[][] {
  const reports: GroupRecord[][] = [];
  let left = 0;
  const most = Math.floor((room - GROUP_RECORD) / 4);
  for (const record of records) {
    for (const part of splitRecord(record, most)) {
      const size = sizeOf(part);
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

export const sizeOf = ({ sources }: GroupRecord): number => GROUP_RECORD + 4 * sources.length;

function splitRecord(record: GroupRecord, most: number): GroupRecord[] {
  const { type, sources } = record;
  if (sources.length <= most) return [record];
  if (type === MODE_IS_EXCLUDE || type === CHANGE_TO_EXCLUDE) {
    return [{ ...record, sources: sources.slice(0, most) }];
  }
  const parts: GroupRecord[] = [];
  for (let at = 0; at < sources.length; at += most) {
    parts.push({ ...record, sources: sources.slice(at, at + most) });
  }
  return parts;
}

/** The sources of which a change is to be told, once less. */
function takeChanges(sources: ReadonlyMap<Ipv4Address, Source>): Ipv4Address[] {
  const told: Ipv4Address[] = [];
  for (const source of sources.values()) {
    if (source.changes === 0) continue;
    source.changes--;
    told.push(source.address);
  }
  return told;
}

const addressesOf = (sources: readonly Source[]): Ipv4Address[] => sources.map(({ address }) => address);
