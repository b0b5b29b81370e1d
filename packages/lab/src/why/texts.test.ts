import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { DROPS } from './drops.ts';
import { REASONS } from './reasons.ts';
import { TIMERS } from './timers.ts';

const OSI = fileURLToPath(new URL('../../../osi/src/', import.meta.url));
const TAP = fileURLToPath(new URL('../../../bridge/src/tap/tap.ts', import.meta.url));
const NAME =
  /'((?:tap|cable|port|hub|switch|vlan|stp|queue|ethernet|loopback|arp|ip|ipv6|icmp|icmpv6|ndisc|mld|igmp|raw|packet|udp|ping|tcp)[.][a-z0-9-]+)'/g;

/** Every name of that form in the sources; dissectors name Wireshark's fields that way, not reasons. */
function namesInSource(): Map<string, string> {
  const names = new Map<string, string>();
  const layers = readdirSync(OSI, { recursive: true, encoding: 'utf8' }).filter(
    (file) => /^\d.*[.]ts$/.test(file) && !/[.]test[.]ts$|dissect/.test(file),
  );
  for (const path of [...layers.map((file) => OSI + file), TAP]) {
    const text = readFileSync(path, 'utf8').replace(/[/][*][\s\S]*?[*][/]|[/][/].*/g, '');
    for (const [, name] of text.matchAll(NAME)) names.set(name!, path);
  }
  return names;
}

/** Names that are neither reasons nor timers: of streams of chance. */
const OTHERS = new Set(['icmp.identifier', 'icmpv6.identifier']);

test('every reason and timer of the stack has its sentence', () => {
  const known = { ...REASONS, ...DROPS, ...TIMERS };
  const without = [...namesInSource()].filter(([name]) => !(name in known) && !OTHERS.has(name));
  expect(without.map((w) => w.join(' ')).sort()).toEqual([]);
});

describe.each([
  ['reasons', REASONS],
  ['drops', DROPS],
  ['timers', TIMERS],
])('%s', (_, texts) => {
  test('are said in English and in Korean, briefly', () => {
    for (const [name, { en, ko }] of Object.entries(texts)) {
      expect(en, name).toMatch(/^[\x20-\x7e]{4,90}$/);
      expect(ko, name).toMatch(/[가-힣]/);
    }
  });

  test('name nothing that the stack does not have', () => {
    const names = namesInSource();
    expect(Object.keys(texts).filter((name) => !names.has(name))).toEqual([]);
  });
});
