import { Refusal } from './request.ts';

/** How far an address reaches, as /etc/iproute2/rt_scopes names it. */
const SCOPES: readonly (readonly [name: string, number: number])[] = [
  ['global', 0],
  ['site', 200],
  ['link', 253],
  ['host', 254],
  ['nowhere', 255],
];

/** @throws Refusal */
export function scopeOf(text: string): number {
  const named = SCOPES.find(([name]) => name === text)?.[1];
  const number = named ?? (/^\d+$/.test(text) ? Number(text) : 256);
  if (number > 255) throw new Refusal(`Error: argument "${text}" is wrong: invalid scope value.`);
  return number;
}

export const scopeName = (scope: number): string =>
  SCOPES.find(([, number]) => number === scope)?.[0] ?? String(scope);
