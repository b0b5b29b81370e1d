/** Types of IPv4 options (RFC 791 section 3.1). */
const END = 0;
const NO_OPERATION = 1;
const RECORD_ROUTE = 7;
const TIMESTAMP = 68;
/** Where the first place is, counted from 1. */
const FIRST_ADDRESS = 4;
const FIRST_TIME = 5;
const MOST = 40;
/** A time that is not in milliseconds since midnight UT. */
const NOT_STANDARD = 0x8000_0000;

/** What -T takes, with the flags of its option. */
export const TIMESTAMP_KINDS: ReadonlyMap<string, number> = new Map([
  ['tsonly', 0],
  ['tsandaddr', 1],
]);

/** Asks for the addresses of nine stations (ping -R). */
export function routeOption(): Uint8Array {
  const bytes = new Uint8Array(MOST);
  bytes.set([NO_OPERATION, RECORD_ROUTE, MOST - 1, FIRST_ADDRESS]);
  return bytes;
}

/** Asks for the times of nine stations, or of four with their addresses (ping -T). @param flags of TIMESTAMP_KINDS. */
export function timeOption(flags: number): Uint8Array {
  const length = flags === 0 ? MOST : MOST - 4;
  const bytes = new Uint8Array(length);
  bytes.set([TIMESTAMP, length, FIRST_TIME, flags]);
  return bytes;
}

/** Says as ping(8) does what a reply's options tell; a route that is the one of the reply before is not repeated. */
export class OptionText {
  #route = '';

  of(options: Uint8Array): string {
    let text = '';
    for (let at = 0; at < options.length; ) {
      const type = options[at] as number;
      if (type === END) break;
      const length = type === NO_OPERATION ? 1 : (options[at + 1] ?? 0);
      if (length < 1) break;
      const option = options.subarray(at, at + length);
      if (type === RECORD_ROUTE) text += this.#routeOf(option);
      if (type === TIMESTAMP) text += timesOf(option);
      at += length;
    }
    return text;
  }

  #routeOf(option: Uint8Array): string {
    const stations = slots(option, FIRST_ADDRESS, 4).map(addressAt);
    if (stations.length === 0) return '';
    const route = stations.map((address) => `\t${address}\n`).join('');
    if (route === this.#route) return '\t(same route)';
    this.#route = route;
    return `\nRR: ${route}`;
  }
}

/** The first time as it is, each later one as what has passed since the one before. */
function timesOf(option: Uint8Array): string {
  const flags = option[3] ?? 0;
  const size = (flags & 15) === 0 ? 4 : 8;
  let before: number | null = null;
  let text = '';
  for (const slot of slots(option, FIRST_TIME, size)) {
    const time = new DataView(slot.buffer, slot.byteOffset).getUint32(size - 4);
    const address = size === 4 ? '' : `\t${addressAt(slot)}`;
    const standard = time < NOT_STANDARD;
    const shown = standard
      ? `${before === null ? `${time} absolute` : time - before}`
      : `${time - NOT_STANDARD} absolute not-standard`;
    text += `${address}\t${shown}\n`;
    if (standard) before = time;
  }
  if (text === '') return '';
  const unrecorded = flags >>> 4;
  return `\nTS: ${text}${unrecorded === 0 ? '' : `Unrecorded hops: ${unrecorded}\n`}`;
}

/** Those that are filled. */
function slots(option: Uint8Array, first: number, size: number): Uint8Array[] {
  const end = Math.min(option[2] ?? 0, option.length + 1) - 1;
  const found: Uint8Array[] = [];
  for (let at = first - 1; at + size <= end; at += size) found.push(option.subarray(at, at + size));
  return found;
}

const addressAt = (bytes: Uint8Array): string => bytes.subarray(0, 4).join('.');
