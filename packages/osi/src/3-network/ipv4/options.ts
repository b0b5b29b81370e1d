import { IPV4_HEADER, readHeaderLength } from './codec.ts';

const END_OF_OPTIONS = 0;
const NO_OPERATION = 1;
const LOOSE_SOURCE_ROUTE = 131;
const STRICT_SOURCE_ROUTE = 137;

/**
 * Looks through the options of a checked header. None of them is acted on: Linux neither records routes for
 * others unless asked nor accepts source routes by default (`accept_source_route` 0; RFC 7126 section 4.3).
 * @returns 0, or the offset in the header of one that is malformed or asks for a source route.
 */
export function findBadOption(view: DataView, at: number): number {
  const end = readHeaderLength(view, at);
  for (let offset = IPV4_HEADER; offset < end; ) {
    const type = view.getUint8(at + offset);
    if (type === END_OF_OPTIONS) return 0;
    if (type === NO_OPERATION) {
      offset++;
      continue;
    }
    if (offset + 1 >= end || type === LOOSE_SOURCE_ROUTE || type === STRICT_SOURCE_ROUTE) return offset;
    const length = view.getUint8(at + offset + 1);
    if (length < 2 || offset + length > end) return offset;
    offset += length;
  }
  return 0;
}
