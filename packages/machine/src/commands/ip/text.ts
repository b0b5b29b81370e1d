import type { NetlinkAnswer } from '../../system-calls.ts';
import { scopeName } from './scopes.ts';

type Link = Extract<NetlinkAnswer, { type: 'link' }>;
type Address = Extract<NetlinkAnswer, { type: 'addr' }>;
type Route = Extract<NetlinkAnswer, { type: 'route' }>;
type Group = Extract<NetlinkAnswer, { type: 'maddr' }>;
type Neighbour = Extract<NetlinkAnswer, { type: 'neigh' }>;
type TcpMetrics = Extract<NetlinkAnswer, { type: 'tcpmetrics' }>;

/** The lines of iproute2. */

/** The two lines of a link. @param mode as `ip link` prints them, with `mode DEFAULT`. */
export function linkText(link: Link, mode: boolean): string {
  const kind = link.loopback ? 'loopback' : 'ether';
  const broadcast = link.loopback ? '00:00:00:00:00:00' : 'ff:ff:ff:ff:ff:ff';
  return `${linkHead(link, mode)}    link/${kind} ${link.mac} brd ${broadcast}\n`;
}

function linkFlags(link: Link): string {
  const flags = link.loopback ? ['LOOPBACK'] : ['BROADCAST', 'MULTICAST'];
  if (link.up && !link.carrier) flags.unshift('NO-CARRIER');
  if (link.up) flags.push('UP');
  if (link.up && link.carrier) flags.push('LOWER_UP');
  return `<${flags.join(',')}>`;
}

const linkState = ({ loopback, up, carrier }: Link): string =>
  loopback && up ? 'UNKNOWN' : up && carrier ? 'UP' : 'DOWN';

/** What `-brief` says of a link, before its addresses. */
export const linkBrief = (link: Link): string => `${link.name.padEnd(16)} ${linkState(link).padEnd(14)} `;

/** A line of `ip -brief link`. */
export const linkBriefText = (link: Link): string => `${linkBrief(link)}${link.mac} ${linkFlags(link)} \n`;

/** The first line of a link. @param six as IPv6 tells of all its interfaces: without queue and group. */
export function linkHead(link: Link, mode: boolean, six = false): string {
  const state = linkState(link);
  const queue = link.loopback || link.up ? (link.loopback ? 'noqueue' : 'pfifo_fast') : 'noop';
  return (
    `${link.index}: ${link.name}: ${linkFlags(link)} mtu ${link.mtu} ${six ? '' : `qdisc ${queue} `}state ${state} ` +
    `${mode ? 'mode DEFAULT ' : ''}${six ? '' : 'group default '}qlen 1000\n`
  );
}

/** What -s adds. */
export function statisticsText({ statistics: s }: Link): string {
  const row = (values: readonly number[]): string =>
    `    ${values.map((value, i) => String(value).padStart([10, 7, 6, 7, 7, 7][i] ?? 7)).join(' ')} \n`;
  return (
    '    RX:  bytes packets errors dropped  missed   mcast           \n' +
    row([s.rxBytes, s.rxPackets, s.rxErrors, s.rxDropped, 0, s.rxMulticast]) +
    '    TX:  bytes packets errors dropped carrier collsns           \n' +
    row([s.txBytes, s.txPackets, 0, s.txDropped, 0, 0])
  );
}

export function addressText({ prefix, broadcast, scope, secondary, label }: Address): string {
  const brd = broadcast === null ? '' : `brd ${broadcast} `;
  const words = `${brd}scope ${scopeName(scope)} ${secondary ? 'secondary ' : ''}${label}`;
  return `    inet ${prefix} ${words}\n       valid_lft forever preferred_lft forever\n`;
}

/** A line of `ip route`. @param carrier whether its link works. */
export function routeText(route: Route, withDevice: boolean, carrier: boolean): string {
  const parts = [route.destination.replace(/\/32$/, '')];
  if (route.via !== null) parts.push(`via ${route.via}`);
  if (withDevice) parts.push(`dev ${route.interface}`);
  if (route.protocol !== 'boot') parts.push(`proto ${route.protocol}`);
  if (route.via === null) parts.push('scope link');
  if (route.source !== null) parts.push(`src ${route.source}`);
  if (route.metric !== 0) parts.push(`metric ${route.metric}`);
  if (!carrier) parts.push('linkdown');
  return `${parts.join(' ')} \n`;
}

/** The groups of one interface, as `ip maddr` shows them. @param frames first the addresses of their frames. */
export function groupsText(four: readonly Group[], six: readonly Group[], frames: boolean): string {
  const groups = [...four, ...six];
  const [first] = groups;
  if (first === undefined) return '';
  const macs = new Map<string, number>();
  for (const { mac } of frames ? groups : []) if (mac !== null) macs.set(mac, (macs.get(mac) ?? 0) + 1);
  const line = (kind: string, address: string, users: number): string =>
    `\t${kind.padEnd(5)} ${address}${users > 1 ? ` users ${users}` : ''}\n`;
  const lines = [
    ...Array.from(macs, ([mac, users]) => line('link', mac, users)),
    ...groups.map(({ address, users }) => line(address.includes(':') ? 'inet6' : 'inet', address, users)),
  ];
  return `${first.index}:\t${first.interface}\n${lines.join('')}`;
}

export function neighbourText(
  { address, interface: device, mac, state }: Neighbour,
  withDevice: boolean,
): string {
  const parts = [address];
  if (withDevice) parts.push(`dev ${device}`);
  if (mac !== null) parts.push(`lladdr ${mac}`);
  return `${parts.join(' ')} ${state} \n`;
}

/** A line of `ip tcp_metrics`: of what Linux remembers that which Fast Open needs. */
export function tcpMetricsText(entry: TcpMetrics): string {
  const parts = [entry.destination, `age ${(entry.age / 1e9).toFixed(3)}sec`];
  if (entry.mss > 0) parts.push(`fo_mss ${entry.mss}`);
  if (entry.synDrops > 0) {
    parts.push(`fo_syn_drops ${entry.synDrops}/${(entry.sinceSynDrop / 1e9).toFixed(3)}sec ago`);
  }
  if (entry.cookie !== null) parts.push(`fo_cookie ${entry.cookie}`);
  return `${parts.join(' ')} source ${entry.source}\n`;
}
