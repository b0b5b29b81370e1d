import {
  IFA_F_DADFAILED,
  IFA_F_DEPRECATED,
  IFA_F_MANAGETEMPADDR,
  IFA_F_PERMANENT,
  IFA_F_TENTATIVE,
} from '../../kernel/constants.ts';
import type { NetlinkAnswer } from '../../system-calls.ts';

type Address6 = Extract<NetlinkAnswer, { type: 'addr6' }>;
type Route6 = Extract<NetlinkAnswer, { type: 'route6' }>;

/** The lines of iproute2 about IPv6. */

export function address6Text({ address, length, scope, flags, valid, preferred }: Address6): string {
  const words = [
    [flags & IFA_F_DADFAILED, 'dadfailed'],
    [flags & IFA_F_DEPRECATED, 'deprecated'],
    [flags & IFA_F_TENTATIVE, 'tentative'],
    [~flags & IFA_F_PERMANENT, 'dynamic'],
    [flags & IFA_F_MANAGETEMPADDR, 'mngtmpaddr'],
  ] as const;
  const said = words.filter(([set]) => set !== 0).map(([, word]) => `${word} `);
  return (
    `    inet6 ${address}/${length} scope ${scope} ${said.join('')}\n` +
    `       valid_lft ${lifetime(valid)} preferred_lft ${lifetime(preferred)}\n`
  );
}

const lifetime = (seconds: number | null): string => (seconds === null ? 'forever' : `${seconds}sec`);

/** A line of `ip -6 route`. @param carrier whether its link works. */
export function route6Text(route: Route6, withDevice: boolean, carrier: boolean): string {
  const parts = [route.destination.replace(/\/128$/, '')];
  if (route.via !== null) parts.push(`via ${route.via}`);
  if (withDevice) parts.push(`dev ${route.interface}`);
  if (route.protocol !== 'boot') parts.push(`proto ${route.protocol}`);
  parts.push(`metric ${route.metric}`);
  if (!carrier) parts.push('linkdown');
  if (route.expires !== null) parts.push(`expires ${route.expires}sec`);
  return `${parts.join(' ')} pref medium\n`;
}
