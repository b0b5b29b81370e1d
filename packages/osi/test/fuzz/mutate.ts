import type { Random } from '../../src/time/index.ts';
import { placesOf, randomBytes, TCP, viewOf } from './packets.ts';

const EXTREMES = [
  0, 1, 2, 4, 5, 7, 8, 0x0f, 0x14, 0x7f, 0x80, 0xff, 0x100, 0x5dc, 0x7fff, 0x8000, 0xfffe, 0xffff,
];

/** Changes a frame, in place where that can be, in one to four ways. Checksums are left as they come out. */
export function mutate(bytes: Uint8Array, random: Random): Uint8Array {
  for (let changes = 1 + random.below(4); changes > 0 && bytes.length > 0; changes--) {
    bytes = change(bytes, random);
  }
  return bytes;
}

function change(bytes: Uint8Array, random: Random): Uint8Array {
  switch (random.below(8)) {
    case 0: {
      const at = random.below(bytes.length);
      bytes[at] = (bytes[at] as number) ^ (1 << random.below(8));
      return bytes;
    }
    case 1:
      bytes[random.below(bytes.length)] = random.below(256);
      return bytes;
    case 2:
      return bytes.slice(0, random.below(bytes.length + 1));
    case 3:
      return extended(bytes, random);
    case 4:
      return shortened(bytes, random);
    case 5: {
      const from = random.below(bytes.length);
      const to = random.below(bytes.length);
      bytes.copyWithin(to, from, from + 1 + random.below(16));
      return bytes;
    }
    default:
      setField(bytes, random);
      return bytes;
  }
}

/** Bytes behind the end: padding, or a longer packet. */
function extended(bytes: Uint8Array, random: Random): Uint8Array {
  const more = randomBytes(random, 1 + random.below(random.chance(0.05) ? 2000 : 64));
  const longer = new Uint8Array(bytes.length + more.length);
  longer.set(bytes);
  longer.set(more, bytes.length);
  if (placesOf(longer).ip >= 0 && random.chance(0.7)) viewOf(longer).setUint16(16, longer.length - 14);
  return longer;
}

/** Ends the packet sooner, and says so in its header. */
function shortened(bytes: Uint8Array, random: Random): Uint8Array {
  if (placesOf(bytes).ip < 0) return bytes;
  const shorter = bytes.slice(0, 34 + random.below(Math.max(1, bytes.length - 33)));
  viewOf(shorter).setUint16(16, shorter.length - 14);
  return shorter;
}

/** Puts an extreme value into a header field: those of Ethernet and IPv4, and those of whatever follows. */
function setField(bytes: Uint8Array, random: Random): void {
  const view = viewOf(bytes);
  const { transport, protocol } = placesOf(bytes);
  const extreme = EXTREMES[random.below(EXTREMES.length)] as number;
  const fields = transport < 0 ? 46 : Math.min(bytes.length, transport + (protocol === TCP ? 40 : 28));
  // Mostly above the link: else few would get there.
  const first = random.chance(0.9) ? 14 : 0;
  const at = first + random.below(Math.max(1, fields - first));
  if (random.chance(0.5) && at + 2 <= bytes.length) view.setUint16(at & ~1, extreme);
  else if (at < bytes.length) bytes[at] = extreme & 0xff;
}
