import type { TcpOption } from './script.ts';

const NUMBERS = { eol: 0, nop: 1, mss: 2, wscale: 3, sackOK: 4, sack: 5, TS: 8 } as const;

/** Bytes of an option in the header. */
export function optionLength(option: TcpOption): number {
  switch (option.kind) {
    case 'eol':
    case 'nop':
      return 1;
    case 'sackOK':
      return 2;
    case 'wscale':
      return 3;
    case 'mss':
      return 4;
    case 'TS':
      return 10;
    case 'sack':
      return 2 + 8 * option.blocks.length;
    case 'bytes':
      return 2 + option.data.length;
  }
}

/** Writes an option at `at`. @returns the place behind it. */
export function writeOption(view: DataView, at: number, option: TcpOption): number {
  const length = optionLength(option);
  view.setUint8(at, option.kind === 'bytes' ? option.number : NUMBERS[option.kind]);
  if (length > 1) view.setUint8(at + 1, length);
  switch (option.kind) {
    case 'wscale':
      view.setUint8(at + 2, option.value);
      break;
    case 'mss':
      view.setUint16(at + 2, option.value);
      break;
    case 'TS':
      view.setUint32(at + 2, option.value);
      view.setUint32(at + 6, option.echo);
      break;
    case 'sack':
      option.blocks.forEach(([left, right], i) => {
        view.setUint32(at + 2 + 8 * i, left);
        view.setUint32(at + 6 + 8 * i, right);
      });
      break;
    case 'bytes':
      option.data.forEach((byte, i) => {
        view.setUint8(at + 2 + i, byte);
      });
      break;
    default:
      break;
  }
  return at + length;
}

/** Reads the options in `[at, end)`. What is malformed is one option of bytes named `?`. */
export function readOptions(view: DataView, at: number, end: number): TcpOption[] {
  const options: TcpOption[] = [];
  while (at < end) {
    const number = view.getUint8(at);
    if (number === NUMBERS.eol || number === NUMBERS.nop) {
      options.push({ kind: number === NUMBERS.eol ? 'eol' : 'nop' });
      at++;
      continue;
    }
    const length = at + 1 < end ? view.getUint8(at + 1) : 0;
    if (length < 2 || at + length > end) {
      options.push({ kind: 'bytes', name: '?', number, data: bytes(view, at + 1, end) });
      break;
    }
    options.push(readOption(view, at, number, length));
    at += length;
  }
  return options;
}

function readOption(view: DataView, at: number, number: number, length: number): TcpOption {
  if (number === NUMBERS.mss && length === 4) return { kind: 'mss', value: view.getUint16(at + 2) };
  if (number === NUMBERS.wscale && length === 3) return { kind: 'wscale', value: view.getUint8(at + 2) };
  if (number === NUMBERS.sackOK && length === 2) return { kind: 'sackOK' };
  if (number === NUMBERS.TS && length === 10)
    return { kind: 'TS', value: view.getUint32(at + 2), echo: view.getUint32(at + 6) };
  if (number === NUMBERS.sack && length % 8 === 2) {
    const blocks: [number, number][] = [];
    for (let i = at + 2; i < at + length; i += 8) blocks.push([view.getUint32(i), view.getUint32(i + 4)]);
    return { kind: 'sack', blocks };
  }
  const data = bytes(view, at + 2, at + length);
  return { kind: 'bytes', name: nameOf(number, data), number, data };
}

const bytes = (view: DataView, start: number, end: number): Uint8Array =>
  new Uint8Array(view.buffer, view.byteOffset + start, end - start).slice();

function nameOf(number: number, data: Uint8Array): string {
  // The magic number of Fast Open (RFC 6994).
  if (number === 254) return data[0] === 0xf9 && data[1] === 0x89 ? 'FOEXP' : 'EXP';
  return { 34: 'FO', 19: 'md5', 172: 'ECN', 174: 'ECN' }[number] ?? `option-${number}`;
}

/** As scripts write it. */
export function formatOption(option: TcpOption): string {
  switch (option.kind) {
    case 'mss':
    case 'wscale':
      return `${option.kind} ${option.value}`;
    case 'TS':
      return `TS val ${option.value} ecr ${option.echo}`;
    case 'sack':
      return `sack ${option.blocks.map(([left, right]) => `${left}:${right}`).join(' ')}`;
    case 'bytes':
      return `${option.name} ${Buffer.from(option.data).toString('hex')}`.trim();
    default:
      return option.kind;
  }
}
