const UNREACHABLE = [
  'Destination Net Unreachable',
  'Destination Host Unreachable',
  'Destination Protocol Unreachable',
  'Destination Port Unreachable',
  '',
  'Source Route Failed',
  'Destination Net Unknown',
  'Destination Host Unknown',
  'Source Host Isolated',
  'Destination Net Prohibited',
  'Destination Host Prohibited',
  'Destination Net Unreachable for Type of Service',
  'Destination Host Unreachable for Type of Service',
  'Packet filtered',
  'Precedence Violation',
  'Precedence Cutoff',
];

/** What ping says of an ICMP error about its request (RFC 792, RFC 1812 section 5.2.7). */
export function errorText(type: number, code: number, mtu: number): string {
  switch (type) {
    case 3:
      if (code === 4) return `Frag needed and DF set (mtu = ${mtu})`;
      return UNREACHABLE[code] ?? `Dest Unreachable, Bad Code: ${code}`;
    case 11:
      return code === 0 ? 'Time to live exceeded' : 'Frag reassembly time exceeded';
    case 12:
      return 'Parameter problem';
    default:
      return `Bad ICMP type: ${type}`;
  }
}
