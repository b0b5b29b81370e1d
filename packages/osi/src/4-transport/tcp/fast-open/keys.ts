import { type IpAddress, isIpv6, writeIpv6Address } from '../../../3-network/index.ts';
import { sameBytes } from './cookie.ts';
import { sipHash } from './siphash.ts';

/** Bytes of one key (Linux: TCP_FASTOPEN_KEY_LENGTH). */
export const KEY_LENGTH = 16;

/**
 * What a server makes its cookies of: one key, or two while keys are being changed. Then the first makes the
 * cookies, and those of the second are still good (ip-sysctl.rst, tcp_fastopen_key).
 */
export class CookieKeys {
  /** 16 bytes, or 32 for two keys. */
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** The cookie for a client: a hash of both addresses as they stand in its packets, as Linux makes it. */
  cookieFor(client: IpAddress, server: IpAddress, which: 0 | 1 = 0): Uint8Array {
    const key = this.bytes.subarray(which * KEY_LENGTH, (which + 1) * KEY_LENGTH);
    return sipHash(key, new Uint8Array([...bytesOf(client), ...bytesOf(server)]));
  }

  /** Whose cookie it is: of the present key, of the one before, or of nobody. */
  judge(cookie: Uint8Array, client: IpAddress, server: IpAddress): 'present' | 'former' | 'invalid' {
    if (sameBytes(cookie, this.cookieFor(client, server))) return 'present';
    if (this.bytes.length <= KEY_LENGTH) return 'invalid';
    return sameBytes(cookie, this.cookieFor(client, server, 1)) ? 'former' : 'invalid';
  }

  /** As net.ipv4.tcp_fastopen_key shows it: four groups of hexadecimal digits, each a little-endian word; two keys with a comma. */
  get text(): string {
    const view = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.length);
    const texts: string[] = [];
    for (let at = 0; at < this.bytes.length; at += KEY_LENGTH) {
      const words = [0, 4, 8, 12].map((i) =>
        view
          .getUint32(at + i, true)
          .toString(16)
          .padStart(8, '0'),
      );
      texts.push(words.join('-'));
    }
    return texts.join(',');
  }
}

function bytesOf(address: IpAddress): Uint8Array {
  const view = new DataView(new ArrayBuffer(isIpv6(address) ? 16 : 4));
  if (isIpv6(address)) writeIpv6Address(view, 0, address);
  else view.setUint32(0, address);
  return new Uint8Array(view.buffer);
}

/** Reads what `net.ipv4.tcp_fastopen_key` takes. @returns null for anything else. */
export function parseKeys(text: string): CookieKeys | null {
  const parts = text.trim().split(',');
  if (parts.length > 2) return null;
  const bytes = new Uint8Array(parts.length * KEY_LENGTH);
  const view = new DataView(bytes.buffer);
  for (const [k, part] of parts.entries()) {
    const words = part.split('-');
    if (words.length !== 4 || !words.every((word) => /^[0-9a-fA-F]{1,8}$/.test(word))) return null;
    for (const [i, word] of words.entries()) {
      view.setUint32(k * KEY_LENGTH + 4 * i, Number.parseInt(word, 16), true);
    }
  }
  return new CookieKeys(bytes);
}
