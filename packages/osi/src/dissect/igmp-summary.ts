import { findField, numberOf, textOf } from './find.ts';
import type { Field, ProtocolField } from './tree.ts';

/** An IGMP message in Wireshark's words. */
export function igmpSummary(field: ProtocolField): { protocol: string; info: string } {
  const version = findField([field], 'igmp.version')?.value;
  const type = numberOf(field, 'igmp.type');
  if (version === undefined)
    return {
      protocol: 'IGMP',
      info: `Unknown Type:0x${type.toString(16).padStart(2, '0')}`,
    };
  return { protocol: `IGMPv${version}`, info: infoOf(field, type, version as number) };
}

function infoOf(field: ProtocolField, type: number, version: number): string {
  const group = textOf(field, 'igmp.maddr');
  switch (type) {
    case 0x11: {
      if (version === 1) return 'Membership Query';
      if (group === '0.0.0.0') return 'Membership Query, general';
      const sources = sourcesOf(field);
      const asked = sources.length === 0 ? '' : `, ${sourceList(sources)}`;
      return `Membership Query, specific for group ${group}${asked}`;
    }
    case 0x12:
      return 'Membership Report';
    case 0x16:
      return `Membership Report group ${group}`;
    case 0x17:
      return `Leave Group ${group}`;
    default: {
      const records = field.children.filter(({ label }) => label.startsWith('Group Record :'));
      if (records.length === 0) return 'Membership Report - General query';
      return ['Membership Report', ...records.map(recordText)].join(' / ');
    }
  }
}

function recordText(record: Field): string {
  const group = textOf(record, 'igmp.maddr');
  const sources = sourcesOf(record);
  const some = sources.length > 0;
  // Wireshark has these words for one source, and others for more.
  const joined = sources.length > 1 ? 'sources %in {' : 'source %{';
  switch (numberOf(record, 'igmp.record_type')) {
    case 1:
    case 3:
      return some
        ? `Join group ${group} for ${joined.replace('%', '')}${sources.join(', ')}}`
        : `Leave group ${group}`;
    case 2:
    case 4:
      return some
        ? `Join group ${group}, for ${joined.replace('%', 'not ')}${sources.join(', ')}}`
        : `Join group ${group} for any sources`;
    case 5:
      return `Group ${group}, new ${sourceList(sources)}`;
    case 6:
      return `Group ${group}, block ${sourceList(sources)}`;
    default:
      return `Group ${group}, unknown record type (?)`;
  }
}

const sourceList = (sources: readonly string[]): string =>
  `source${sources.length > 1 ? 's' : ''} {${sources.join(', ')}}`;

const sourcesOf = (field: Field): string[] =>
  field.children.filter(({ name }) => name === 'igmp.saddr').map(({ text }) => text);
