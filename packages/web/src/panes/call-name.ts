/** System calls by the names that programs use. */
export function callName(name: string, args: string): string {
  if (name === 'accept4') return 'accept';
  if (name === 'sendto' && / NULL, 0$/.test(args)) return 'send';
  if (name === 'recvfrom' && /NULL, NULL$/.test(args)) return 'recv';
  return name;
}
