import { netmask, parseIpv4Prefix, parseIpv6Prefix, samePrefix } from '@netarium/osi/3-network';
import { ERRNO } from '@netarium/osi/trace';
import type { NetlinkAnswer } from '../../system-calls.ts';
import { print } from '../support.ts';
import { links } from './devices.ts';
import { answers, type Context, Refusal, told, type Words } from './request.ts';
import { scopeName, scopeOf } from './scopes.ts';
import { addressText, linkBrief, linkHead, linkText, statisticsText } from './text.ts';
import { address6Text } from './text6.ts';

type Link = Extract<NetlinkAnswer, { type: 'link' }>;
type Address = Extract<NetlinkAnswer, { type: 'addr' }>;
type Address6 = Extract<NetlinkAnswer, { type: 'addr6' }>;

/** Which addresses `ip addr show` and `ip addr flush` are about. */
interface Filter {
  device?: string;
  up?: boolean;
  scope?: string;
  /** Of IPv4 alone: those of IPv6 are all primary. */
  secondary?: boolean;
  to?: string;
}

/** An address of either version, as it is listed. */
interface Line {
  readonly interface: string;
  readonly prefix: string;
  readonly text: string;
}

function filterOf(words: Words): Filter {
  const filter: Filter = {};
  for (let word = words.next(); word !== undefined; word = words.next()) {
    if (word === 'up') filter.up = true;
    else if (word === 'primary' || word === 'secondary') filter.secondary = word === 'secondary';
    else if (word === 'scope') filter.scope = scopeName(scopeOf(words.next() ?? ''));
    else if (word === 'to') filter.to = prefixOf(words.next() ?? '');
    else filter.device = word === 'dev' ? words.next() : word;
  }
  return filter;
}

function prefixOf(text: string): string {
  const whole = text.includes('/') ? text : `${text}/${text.includes(':') ? 128 : 32}`;
  if (parseIpv4Prefix(whole) === null && parseIpv6Prefix(whole) === null) {
    throw new Refusal(`Error: any valid prefix is expected rather than "${text}".`, 1);
  }
  return whole;
}

/** Whether an address, with the length of its prefix behind it, is in another prefix. */
function isWithin(prefix: string, of: string): boolean {
  const [address4, of4] = [parseIpv4Prefix(prefix), parseIpv4Prefix(of)];
  if (address4 !== null && of4 !== null) {
    return ((address4.address ^ of4.address) & netmask(of4.length)) === 0;
  }
  const [address6, of6] = [parseIpv6Prefix(prefix.replace(/%[^/]*/, '')), parseIpv6Prefix(of)];
  return address6 !== null && of6 !== null && samePrefix(address6.address, of6.address, of6.length);
}

async function linesOf({
  sys,
  family,
}: Context): Promise<{ all: Line[]; wanted: (filter: Filter) => Line[] }> {
  const four = family === 'inet6' ? [] : await answers(sys, { type: 'getaddr' }, 'addr');
  const six = family === 'inet' ? [] : await answers(sys, { type: 'getaddr6' }, 'addr6');
  const line4 = (one: Address): Line => ({
    interface: one.interface,
    prefix: one.prefix,
    text: addressText(one),
  });
  const line6 = (one: Address6): Line => ({
    interface: one.interface,
    prefix: `${one.address}/${one.length}`,
    text: address6Text(one),
  });
  const wanted = ({ scope, secondary, to }: Filter): Line[] => {
    const some4 = four.filter(
      (one) =>
        (scope === undefined || scopeName(one.scope) === scope) &&
        (secondary === undefined || one.secondary === secondary),
    );
    const some6 = six.filter((one) => (scope === undefined || one.scope === scope) && secondary !== true);
    const some = [...some4.map(line4), ...some6.map(line6)];
    return to === undefined ? some : some.filter(({ prefix }) => isWithin(prefix, to));
  };
  return { all: [...four.map(line4), ...six.map(line6)], wanted };
}

/** `ip addr show`. */
export async function showAddresses(context: Context): Promise<number> {
  const { sys, words, family } = context;
  const filter = filterOf(words);
  const { all, wanted } = await linesOf(context);
  const chosen = wanted(filter);
  const filtered = filter.scope !== undefined || filter.secondary !== undefined;
  let text = '';
  for (const link of await links(sys, filter.device)) {
    if (filter.up === true && !link.up) continue;
    const on = (line: Line): boolean => line.interface === link.name;
    const lines = chosen.filter(on);
    // A link that has addresses, and none of those that are wanted, is not shown.
    if (lines.length === 0 && filtered && all.some(on)) continue;
    const plain = family === null && filter.to === undefined;
    if (plain || lines.length > 0) text += linkWith(link, lines, context, plain, filter.device === undefined);
  }
  await print(sys, text);
  return 0;
}

/** A link with its addresses. @param plain with its own second line. @param every of all links. */
function linkWith(
  link: Link,
  lines: readonly Line[],
  { family, statistics, form }: Context,
  plain: boolean,
  every: boolean,
): string {
  if (form === 'brief') return `${linkBrief(link)}${lines.map(({ prefix }) => `${prefix} `).join('')}\n`;
  if (form === 'oneline') {
    return lines
      .map(({ text }) => `${link.index}: ${link.name}${text.trimEnd().replace('\n', '\\')}\n`)
      .join('');
  }
  const head = plain
    ? linkText(link, false) + (statistics ? statisticsText(link) : '')
    : linkHead(link, false, family === 'inet6' && every);
  return head + lines.map(({ text }) => text).join('');
}

/** `ip addr flush`: takes away what `ip addr show` would show. */
export async function flushAddresses(context: Context): Promise<number> {
  const { sys, words, statistics } = context;
  const filter = filterOf(words);
  if (Object.keys(filter).length === 0) throw new Refusal('Flush requires arguments.');
  const shown = new Set((await links(sys, filter.device)).map(({ name }) => name));
  let round = 0;
  for (;;) {
    const lines = (await linesOf(context)).wanted(filter).filter((line) => shown.has(line.interface));
    if (lines.length === 0) break;
    round++;
    if (statistics) await print(sys, `\n*** Round ${round}, deleting ${lines.length} addresses ***\n`);
    for (const { interface: device, prefix } of lines) {
      const result = await sys.netlink({
        type: 'deladdr',
        interface: device,
        prefix: prefix.replace(/%[^/]*/, ''),
      });
      // A secondary one has gone with its primary one.
      if (typeof result === 'number' && result < 0 && result !== -ERRNO.EADDRNOTAVAIL)
        return told(sys, result);
    }
  }
  if (!statistics) return 0;
  const rounds = `${round} round${round > 1 ? 's' : ''}`;
  await print(sys, round === 0 ? 'Nothing to flush.\n' : `*** Flush is complete after ${rounds} ***\n`);
  return 0;
}
