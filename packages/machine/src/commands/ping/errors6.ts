const UNREACHABLE = [
  'No route',
  'Administratively prohibited',
  'Beyond scope of source address',
  'Address unreachable',
  'Port unreachable',
];
const EXCEEDED = ['Hop limit', 'Defragmentation failure'];
const PROBLEMS = ['Wrong header field', 'Unknown header', 'Unknown option'];

/** What ping says of an ICMPv6 error about its request (RFC 4443 section 3). @param info the MTU, or where the problem is. */
export function errorText6(type: number, code: number, info: number): string {
  switch (type) {
    case 1:
      return `Destination unreachable: ${UNREACHABLE[code] ?? `Unknown code ${code}`}`;
    case 2:
      return `Packet too big: mtu=${info}`;
    case 3:
      return `Time exceeded: ${EXCEEDED[code] ?? `code ${code}`}`;
    case 4:
      return `Parameter problem: ${PROBLEMS[code] ?? `code ${code}`} at ${info}`;
    default:
      return `Unknown ICMP type: ${type}`;
  }
}
