import { CaptureError } from './error.ts';
import {
  BYTE_ORDER_MAGIC,
  ENHANCED_PACKET,
  EPB_FLAGS,
  IF_NAME,
  IF_TSOFFSET,
  IF_TSRESOL,
  INBOUND,
  INTERFACE_DESCRIPTION,
  OPT_COMMENT,
  OPT_END,
  OUTBOUND,
  PACKET,
  SECTION_HEADER,
  SIMPLE_PACKET,
} from './format.ts';
import type { ReadFrame } from './read-frame.ts';

/** Type, length in front and length behind. */
const FRAMING = 12;
/** Of an interface that does not say: microseconds. */
const DEFAULT_RESOLUTION = 6;

interface Interface {
  name: string;
  linkType: number;
  snapLength: number;
  /** Nanoseconds in one unit of its time stamps, as a fraction. */
  readonly numerator: bigint;
  readonly denominator: bigint;
  /** Added to each time stamp: nanoseconds. */
  readonly offset: bigint;
}

/** The blocks of a pcapng file (draft-ietf-opsawg-pcapng); kinds that hold no frames are passed over. */
export function readBlocks(bytes: Uint8Array, view: DataView): ReadFrame[] {
  const frames: ReadFrame[] = [];
  let interfaces: Interface[] = [];
  let little = false;
  for (let at = 0; at < bytes.length; ) {
    if (at + FRAMING > bytes.length) {
      throw new CaptureError(at, `${bytes.length - at} bytes`, `a block of at least ${FRAMING}`);
    }
    if (view.getUint32(at) === SECTION_HEADER) {
      little = byteOrder(view, at);
      interfaces = [];
    }
    const length = view.getUint32(at + 4, little);
    const end = at + length;
    if (length < FRAMING || length % 4 !== 0 || end > bytes.length) {
      const left = bytes.length - at;
      throw new CaptureError(
        at + 4,
        `a block of ${length} bytes`,
        `a multiple of 4 from ${FRAMING} to the ${left} that are left`,
      );
    }
    const trailing = view.getUint32(end - 4, little);
    if (trailing !== length) {
      throw new CaptureError(end - 4, `a second block length of ${trailing}`, `the first one, ${length}`);
    }
    const block = new Block(bytes, view, little, at + 8, end - 4);
    switch (view.getUint32(at, little)) {
      case SECTION_HEADER:
        block.need(16, 'a section header');
        break;
      case INTERFACE_DESCRIPTION:
        interfaces.push(block.interface(interfaces.length));
        break;
      case ENHANCED_PACKET:
        frames.push(block.packet(interfaces, 4));
        break;
      case PACKET:
        frames.push(block.packet(interfaces, 2));
        break;
      case SIMPLE_PACKET:
        frames.push(block.simplePacket(interfaces));
        break;
    }
    at = end;
  }
  return frames;
}

function byteOrder(view: DataView, at: number): boolean {
  const magic = view.getUint32(at + 8);
  if (magic === BYTE_ORDER_MAGIC) return false;
  if (view.getUint32(at + 8, true) === BYTE_ORDER_MAGIC) return true;
  const expected = `the byte-order magic 0x${BYTE_ORDER_MAGIC.toString(16)}, in either order`;
  throw new CaptureError(at + 8, `0x${magic.toString(16).padStart(8, '0')}`, expected);
}

/** The inside of one block. */
class Block {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #little: boolean;
  readonly #start: number;
  readonly #end: number;

  constructor(bytes: Uint8Array, view: DataView, little: boolean, start: number, end: number) {
    this.#bytes = bytes;
    this.#view = view;
    this.#little = little;
    this.#start = start;
    this.#end = end;
  }

  need(length: number, what: string): void {
    const there = this.#end - this.#start;
    if (there < length)
      throw new CaptureError(this.#start, `a block body of ${there} bytes`, `${length} for ${what}`);
  }

  interface(number: number): Interface {
    this.need(8, 'an interface description');
    let name = `if${number}`;
    let resolution = DEFAULT_RESOLUTION;
    let offset = 0n;
    this.#options(this.#start + 8, (code, at, length) => {
      if (code === IF_NAME) name = this.#text(at, length);
      else if (code === IF_TSRESOL && length === 1) resolution = this.#bytes[at] as number;
      else if (code === IF_TSOFFSET && length === 8) offset = this.#view.getBigInt64(at, this.#little);
    });
    const power = BigInt(resolution & 0x7f);
    return {
      name,
      linkType: this.#u16(this.#start),
      snapLength: this.#u32(this.#start + 4),
      numerator: 1_000_000_000n,
      denominator: (resolution & 0x80) === 0 ? 10n ** power : 2n ** power,
      offset: offset * 1_000_000_000n,
    };
  }

  /** @param width of the interface number: 4 bytes in an enhanced packet, 2 (and 2 of drop counts) in the obsolete one. */
  packet(interfaces: readonly Interface[], width: 2 | 4): ReadFrame {
    this.need(20, 'a packet');
    const number = width === 4 ? this.#u32(this.#start) : this.#u16(this.#start);
    const from = this.#interface(interfaces, number);
    const units = (BigInt(this.#u32(this.#start + 4)) << 32n) | BigInt(this.#u32(this.#start + 8));
    const captured = this.#u32(this.#start + 12);
    const at = this.#start + 20;
    const padded = Math.ceil(captured / 4) * 4;
    if (at + padded > this.#end) {
      const room = `at most the ${this.#end - at} that its block has`;
      throw new CaptureError(this.#start + 12, `a packet of ${captured} bytes`, room);
    }
    let comment = '';
    let flags = 0;
    this.#options(at + padded, (code, where, length) => {
      if (code === OPT_COMMENT) comment += (comment && '\n') + this.#text(where, length);
      else if (code === EPB_FLAGS && length === 4) flags = this.#u32(where) & 3;
    });
    return {
      time: Number((units * from.numerator) / from.denominator + from.offset),
      interface: from.name,
      linkType: from.linkType,
      bytes: this.#bytes.subarray(at, at + captured),
      length: this.#u32(this.#start + 16),
      comment,
      direction: flags === INBOUND ? 'in' : flags === OUTBOUND ? 'out' : 'unknown',
    };
  }

  /** A packet of the first interface, without a time. */
  simplePacket(interfaces: readonly Interface[]): ReadFrame {
    this.need(4, 'a simple packet');
    const from = this.#interface(interfaces, 0);
    const length = this.#u32(this.#start);
    const at = this.#start + 4;
    const captured = Math.min(length, from.snapLength || length);
    if (at + captured > this.#end) {
      const room = `at most the ${this.#end - at} that its block has`;
      throw new CaptureError(this.#start, `a packet of ${captured} bytes`, room);
    }
    return {
      time: 0,
      interface: from.name,
      linkType: from.linkType,
      bytes: this.#bytes.subarray(at, at + captured),
      length,
      comment: '',
      direction: 'unknown',
    };
  }

  #interface(interfaces: readonly Interface[], number: number): Interface {
    const found = interfaces[number];
    if (found !== undefined) return found;
    const expected = `one of the ${interfaces.length} that the section has described`;
    throw new CaptureError(this.#start, `a packet of interface ${number}`, expected);
  }

  #options(from: number, take: (code: number, at: number, length: number) => void): void {
    for (let at = from; at < this.#end; ) {
      if (at + 4 > this.#end)
        throw new CaptureError(at, `${this.#end - at} bytes`, 'an option of at least 4');
      const code = this.#u16(at);
      const length = this.#u16(at + 2);
      if (code === OPT_END) return;
      if (at + 4 + length > this.#end) {
        const room = `at most the ${this.#end - at - 4} that its block has`;
        throw new CaptureError(at + 2, `an option of ${length} bytes`, room);
      }
      take(code, at + 4, length);
      at += 4 + Math.ceil(length / 4) * 4;
    }
  }

  #text(at: number, length: number): string {
    return new TextDecoder().decode(this.#bytes.subarray(at, at + length));
  }

  #u16(at: number): number {
    return this.#view.getUint16(at, this.#little);
  }

  #u32(at: number): number {
    return this.#view.getUint32(at, this.#little);
  }
}
