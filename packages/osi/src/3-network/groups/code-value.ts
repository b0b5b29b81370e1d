/** What a response code of IGMPv3 or an interval code stands for: from 128 on a floating-point number (RFC 3376 section 4.1.1 and 4.1.7, RFC 3810 section 5.1.9). */
export function codeValue(code: number): number {
  return code < 128 ? code : ((code & 15) | 16) << (((code >> 4) & 7) + 3);
}
