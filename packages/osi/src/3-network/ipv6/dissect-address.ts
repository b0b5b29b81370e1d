import type { Pen, Scope } from '../../dissect/pen.ts';
import { readIpv6 } from './address.ts';

const LENGTH = 16;

/** Writes an address as a field, with its text of RFC 5952. */
export function ipv6Field(scope: Scope, pen: Pen, name: string, label: string, at: number): Pen {
  // Where the bytes end too soon, `value` says so.
  const text = at + LENGTH <= scope.bytes.length ? readIpv6(scope.view, at).text : '';
  return pen.value(name, label, text, text, at, LENGTH);
}
