import {
  type BitRange,
  bitsAt,
  type Field,
  type FieldValue,
  type FrameContext,
  type OsiLayer,
  type ProtocolField,
} from './tree.ts';

/** What the layer below tells about a payload that it hands up. */
export interface Around {
  /** The sum of the packet's pseudo-header for a segment of so many bytes: checksums of layer 4 are over it. */
  readonly pseudoHeader?: (length: number) => number;
  /** How many bytes the layer below says there are; more than there are when the packet was cut short. */
  readonly claimed: number;
  /** It is the first fragment of a larger packet. */
  readonly fragment: boolean;
  /** It is quoted in an ICMP error message, where being cut short is no fault. */
  readonly quoted: boolean;
  /** Where the Ethernet frame around it begins: padding counts from there. */
  readonly frame?: number;
}

/**
 * Reads the bytes `[start, end)` of a frame and writes what it finds to `scope`.
 * @returns one past the last byte that is its own: what follows is the lower layer's padding.
 */
export type Dissector = (scope: Scope, start: number, end: number, around: Around) => number;

/** Which protocol reads a payload: keyed by `ethertype`, `ip.proto`, then the number. */
export type Dissectors = ReadonlyMap<string, Dissector>;

interface MutableField {
  name: string;
  label: string;
  text: string;
  value: FieldValue;
  bitOffset: number;
  bitLength: number;
  within?: BitRange;
  gap?: BitRange;
  generated: boolean;
  children: Field[];
}

/** Thrown where reading cannot go on, mostly because the bytes end; `dissect` turns it into `_ws.malformed`. */
export class Unreadable extends Error {
  readonly bitOffset: number;

  constructor(at: number, reason: string) {
    super(reason);
    this.name = 'Unreadable';
    this.bitOffset = at * 8;
  }
}

/** A place in the tree that protocols are written to, with all that its readers share. */
export class Scope {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly context: FrameContext;
  readonly protocols: ProtocolField[];
  /** The protocol being read, for the report when it cannot go on: the latest one that began. */
  reading = '';
  readonly #dissectors: Dissectors;
  #inner: Scope | null = null;

  constructor(
    bytes: Uint8Array,
    dissectors: Dissectors,
    context: FrameContext,
    protocols: ProtocolField[] = [],
  ) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.context = context;
    this.protocols = protocols;
    this.#dissectors = dissectors;
  }

  /** What was being read, in the innermost place that was opened. */
  get innermost(): string {
    return this.#inner?.innermost || this.reading;
  }

  /** Begins a protocol. `short` is its name in messages, `label` and `length` (of its header, in bytes) as in Wireshark. */
  protocol(name: string, short: string, label: string, layer: OsiLayer, at: number, length: number): Pen {
    this.reading = short;
    const field = { ...blank(name, label, at * 8, Math.min(length, this.bytes.length - at) * 8), layer };
    this.protocols.push(field);
    return new Pen(this, field, this.bytes.length);
  }

  /** A scope for protocols that stand inside a field: the packet that an ICMP error quotes. Nothing earlier is known of it. */
  inside(pen: Pen): Scope {
    this.#inner = new Scope(this.bytes, this.#dissectors, {}, pen.children as ProtocolField[]);
    return this.#inner;
  }

  /** Hands a payload to the protocol that `table` has under `key`. @returns what that returns, or null without one. */
  hand(
    table: 'ethertype' | 'ip.proto',
    key: number,
    start: number,
    end: number,
    around: Around,
  ): number | null {
    return this.#dissectors.get(`${table}:${key}`)?.(this, start, end, around) ?? null;
  }

  /** Bytes of no known protocol: Wireshark's `data`. Nothing is written for none. */
  data(layer: OsiLayer, start: number, end: number): void {
    if (start >= end) return;
    const pen = this.protocol('data', 'Data', 'Data', layer, start, end - start);
    pen.text(`(${count(end - start, 'byte')})`);
    pen.raw('data.data', 'Data', start, end - start);
    pen.made('data.len', 'Length', end - start, start);
  }
}

/** Writes fields as children of one field. Positions are bytes (or bits) from the start of the frame. */
export class Pen {
  readonly field: Field;
  /** One past the last byte that may be read. */
  end: number;
  readonly #scope: Scope;
  readonly #mutable: MutableField;

  constructor(scope: Scope, field: Field, end: number) {
    this.#scope = scope;
    this.field = field;
    this.#mutable = field as MutableField;
    this.end = end;
  }

  get children(): Field[] {
    return this.#mutable.children;
  }

  text(text: string): void {
    this.#mutable.text = text;
  }

  label(label: string): void {
    this.#mutable.label = label;
  }

  /** Shows another value than the bits say: a number relative to one that is known from earlier frames. */
  show(value: FieldValue, text: string): void {
    this.#mutable.value = value;
    this.#mutable.text = text;
  }

  /** Is not drawn as a part of a larger word. */
  alone(): this {
    delete this.#mutable.within;
    return this;
  }

  /** Some bits in its midst belong to another field. */
  without(gap: BitRange): void {
    this.#mutable.gap = gap;
  }

  rename(name: string, label: string): void {
    this.#mutable.name = name;
    this.#mutable.label = label;
  }

  /** Shows its number as `0x0001 (1)`. */
  hexAndDecimal(digits: number): void {
    const value = this.#mutable.value as number;
    this.#mutable.text = `${hex(value, digits)} (${value})`;
  }

  /** Sets how many bytes the field covers, once that is known. */
  cover(length: number): void {
    this.#mutable.bitLength = length * 8;
  }

  /** An unsigned number in network order, 1 to 4 bytes; shown in decimal unless `text` says otherwise. */
  number(name: string, label: string, at: number, length: number, text?: string): Pen {
    this.#need(at, length, label);
    let value = 0;
    for (let i = 0; i < length; i++) value = value * 256 + (this.#scope.bytes[at + i] as number);
    return this.#add(name, label, value, text ?? String(value), at * 8, length * 8);
  }

  /** A number that fills only some bits of the bytes `[at, at + length)`: `size` bits from bit `first` of them. */
  bits(
    name: string,
    label: string,
    at: number,
    length: number,
    first: number,
    size: number,
    text?: string,
  ): Pen {
    return this.part(name, label, { bitOffset: at * 8, bitLength: length * 8 }, first, size, text);
  }

  /** The same within any stretch of bits that is there. */
  part(name: string, label: string, within: BitRange, first: number, size: number, text?: string): Pen {
    const bitOffset = within.bitOffset + first;
    this.#need(bitOffset >> 3, ((bitOffset + size + 7) >> 3) - (bitOffset >> 3), label);
    const value = bitsAt(this.#scope.bytes, bitOffset, size);
    const pen = this.#add(name, label, value, text ?? String(value), bitOffset, size);
    pen.#mutable.within = within;
    return pen;
  }

  /** A single bit, `Set` or `Not set` unless other words are given. */
  flag(name: string, label: string, within: BitRange, first: number, set = 'Set', unset = 'Not set'): Pen {
    const on = bitsAt(this.#scope.bytes, within.bitOffset + first, 1) === 1;
    return this.part(name, label, within, first, 1, on ? set : unset);
  }

  /** Bytes as they are, shown in hexadecimal unless `text` says otherwise. */
  raw(name: string, label: string, at: number, length: number, text?: string): Pen {
    this.#need(at, length, label);
    const bytes = this.#scope.bytes.subarray(at, at + length);
    return this.#add(name, label, bytes, text ?? hexBytes(bytes), at * 8, length * 8);
  }

  /** A MAC address: 6 bytes. */
  mac(name: string, label: string, at: number): Pen {
    this.#need(at, 6, label);
    const text = macAt(this.#scope.bytes, at);
    return this.#add(name, label, text, text, at * 8, 48);
  }

  /** An IPv4 address: 4 bytes. */
  ipv4(name: string, label: string, at: number, note = ''): Pen {
    this.#need(at, 4, label);
    const text = this.#scope.bytes.subarray(at, at + 4).join('.');
    return this.#add(name, label, text, text + note, at * 8, 32);
  }

  /** A value read from bytes in a way of its own. */
  value(name: string, label: string, value: FieldValue, text: string, at: number, length: number): Pen {
    this.#need(at, length, label);
    return this.#add(name, label, value, text, at * 8, length * 8);
  }

  /** A field that stands in no bits but follows from them. `length` when Wireshark points at the bytes it follows from. */
  made(name: string, label: string, value: number | string, at: number, text?: string, length = 0): Pen {
    const pen = this.#add(name, label, value, text ?? String(value), at * 8, length * 8);
    pen.#mutable.generated = true;
    return pen;
  }

  /**
   * A 16-bit Internet checksum. @param right what it should be; a string when it cannot be known, which says why or is empty.
   * @returns its field, with what was made of it: whether it is good.
   */
  checksum(
    name: string,
    label: string,
    at: number,
    right: number | string,
  ): { field: Pen; status: 0 | 1 | 2 } {
    const field = this.number(name, label, at, 2);
    const found = field.field.value as number;
    const is = hex(found, 4);
    if (typeof right === 'string') {
      field.text(`${is} [unverified]${right && ` [${right}]`}`);
      return { field, status: 2 };
    }
    const good = (right - found) % 0xffff === 0;
    field.text(good ? `${is} [correct]` : `${is} incorrect, should be ${hex(right, 4)}`);
    return { field, status: good ? 1 : 0 };
  }

  /** A checksum's status: 0 bad, 1 good, 2 unverified, 3 not present. */
  status(name: string, label: string, at: number, status: 0 | 1 | 2 | 3, length = 0): void {
    const text = ['Bad', 'Good', 'Unverified', 'Not present'][status];
    this.made(name, label, status, at, text, length);
  }

  /** A heading over bytes. */
  heading(label: string, text: string, at: number, length: number): Pen {
    this.#need(at, length, label);
    return this.#add('', label, this.#scope.bytes.subarray(at, at + length), text, at * 8, length * 8);
  }

  #add(
    name: string,
    label: string,
    value: FieldValue,
    text: string,
    bitOffset: number,
    bitLength: number,
  ): Pen {
    const field = blank(name, label, bitOffset, bitLength);
    field.value = value;
    field.text = text;
    this.#mutable.children.push(field);
    return new Pen(this.#scope, field, this.end);
  }

  #need(at: number, length: number, label: string): void {
    if (at + length <= this.end) return;
    const there = Math.max(this.end - at, 0);
    throw new Unreadable(
      this.end,
      `${label} needs ${count(length, 'byte')} at byte ${at}, but only ${there} are there`,
    );
  }
}

function blank(name: string, label: string, bitOffset: number, bitLength: number): MutableField {
  return { name, label, text: '', value: '', bitOffset, bitLength, generated: false, children: [] };
}

/** `0x0800`: at least `digits` hexadecimal digits. */
export const hex = (value: number, digits: number): string => `0x${value.toString(16).padStart(digits, '0')}`;

/** `1 byte`, `2 bytes`. */
export const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`;

/** Bytes in hexadecimal, the first 36 of a longer run, as Wireshark shows them. */
function hexBytes(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes.subarray(0, 36)) text += byte.toString(16).padStart(2, '0');
  return bytes.length > 36 ? `${text}…` : text;
}

function macAt(bytes: Uint8Array, at: number): string {
  return Array.from(bytes.subarray(at, at + 6), (byte) => byte.toString(16).padStart(2, '0')).join(':');
}
