import fc from 'fast-check';
import { Ipv6Address } from '../src/3-network/ipv6/address.ts';

const word = fc.oneof(fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff }), fc.constant(0), fc.nat(0xffff));

/** Any IPv6 address, often one with many zeros, in no zone. */
export const anAddress = fc.tuple(word, word, word, word).map(([a, b, c, d]) => new Ipv6Address(a, b, c, d));
