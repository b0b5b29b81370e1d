import { isIP, type LookupFunction } from 'node:net';
import { notFound } from './errors.ts';

/** What a name leads to, or why it leads nowhere. */
export type Found = (error: Error | null, address: string, family: number) => void;

/** The addresses that a machine knows names by: its /etc/hosts. */
export type Names = (name: string) => string | undefined;

/** Resolves a name as `net.connect` does: by the program's own `lookup`, or by what the machine knows. */
export function resolve(host: string, lookup: LookupFunction | undefined, names: Names, found: Found): void {
  const family = isIP(host);
  if (family !== 0) {
    found(null, host, family);
    return;
  }
  if (lookup === undefined) {
    const address = names(host);
    if (address === undefined) found(notFound(host), '', 0);
    else found(null, address, isIP(address));
    return;
  }
  lookup(host, {}, (error, address, kind) => {
    if (error !== null && error !== undefined) {
      found(error, '', 0);
      return;
    }
    const [first] = Array.isArray(address) ? address : [{ address, family: kind ?? isIP(address) }];
    if (first === undefined) found(notFound(host), '', 0);
    else found(null, first.address, first.family);
  });
}

/** The lines of a hosts(5) file. */
export function hostsFile(text: string): Names {
  const known = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    for (const name of names) if (!known.has(name)) known.set(name, address);
  }
  return (name) => known.get(name);
}
