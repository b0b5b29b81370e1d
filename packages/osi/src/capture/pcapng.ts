import {
  BYTE_ORDER_MAGIC,
  ENHANCED_PACKET,
  EPB_FLAGS,
  IF_FCSLEN,
  IF_NAME,
  IF_TSRESOL,
  INBOUND,
  INTERFACE_DESCRIPTION,
  LINKTYPE_ETHERNET,
  OPT_COMMENT,
  OPT_END,
  OUTBOUND,
  SECTION_HEADER,
} from './format.ts';

/** One frame for a pcapng file. */
export interface PcapngFrame {
  /** Nanoseconds since the start of the lab; Wireshark takes them to be since 1970. */
  readonly time: number;
  /** Index into the list of interfaces. */
  readonly interface: number;
  readonly direction: 'in' | 'out';
  /** Destination MAC first, without FCS. */
  readonly bytes: Uint8Array;
  readonly comment: string;
}

const NANOSECONDS = 9;
/** An option's length is a 16-bit number. */
const LONGEST_OPTION = 0xffff;

/** A pcapng file of one section, little-endian, with nothing in it but what is given. */
export function encodePcapng(
  interfaces: readonly string[],
  frames: Iterable<PcapngFrame>,
): Uint8Array<ArrayBuffer> {
  const writer = new BlockWriter();
  writer.block(SECTION_HEADER, () => {
    writer.u32(BYTE_ORDER_MAGIC);
    writer.u16(1);
    writer.u16(0);
    // The section's length, unknown: -1.
    writer.u32(0xffffffff);
    writer.u32(0xffffffff);
  });
  for (const name of interfaces) {
    writer.block(INTERFACE_DESCRIPTION, () => {
      writer.u16(LINKTYPE_ETHERNET);
      writer.u16(0);
      writer.u32(0);
      writer.text(IF_NAME, name);
      writer.option(IF_TSRESOL, Uint8Array.of(NANOSECONDS));
      // Frames are recorded without their FCS; readers that are not told so guess.
      writer.option(IF_FCSLEN, Uint8Array.of(0));
      writer.option(OPT_END, new Uint8Array(0));
    });
  }
  for (const frame of frames) {
    writer.block(ENHANCED_PACKET, () => {
      writer.u32(frame.interface);
      writer.u32(Math.floor(frame.time / 0x1_0000_0000));
      writer.u32(frame.time % 0x1_0000_0000);
      writer.u32(frame.bytes.length);
      writer.u32(frame.bytes.length);
      writer.bytes(frame.bytes);
      if (frame.comment !== '') writer.text(OPT_COMMENT, frame.comment);
      writer.option(EPB_FLAGS, Uint8Array.of(frame.direction === 'in' ? INBOUND : OUTBOUND, 0, 0, 0));
      writer.option(OPT_END, new Uint8Array(0));
    });
  }
  return writer.done();
}

/** Bytes that grow, little-endian, padded to 32 bits as pcapng asks. */
class BlockWriter {
  #bytes = new Uint8Array(64 * 1024);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;
  readonly #encoder = new TextEncoder();

  block(type: number, body: () => void): void {
    const start = this.#length;
    this.u32(type);
    this.u32(0);
    body();
    const length = this.#length + 4 - start;
    this.u32(length);
    this.#view.setUint32(start + 4, length, true);
  }

  u16(value: number): void {
    this.#reserve(2);
    this.#view.setUint16(this.#length, value, true);
    this.#length += 2;
  }

  u32(value: number): void {
    this.#reserve(4);
    this.#view.setUint32(this.#length, value, true);
    this.#length += 4;
  }

  bytes(bytes: Uint8Array): void {
    const padded = (bytes.length + 3) & ~3;
    this.#reserve(padded);
    this.#bytes.set(bytes, this.#length);
    this.#length += padded;
  }

  option(code: number, value: Uint8Array): void {
    this.u16(code);
    this.u16(value.length);
    this.bytes(value);
  }

  text(code: number, text: string): void {
    let value = this.#encoder.encode(text);
    if (value.length > LONGEST_OPTION) {
      // Cut before a character, never inside one: continuation bytes are 10xxxxxx.
      let end = LONGEST_OPTION;
      while (((value[end] as number) & 0xc0) === 0x80) end--;
      value = value.subarray(0, end);
    }
    this.option(code, value);
  }

  done(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes);
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}
