import { parseIpv4, parseIpv4Prefix } from '@netarium/osi/3-network';
import { ERRNO } from '@netarium/osi/trace';
import type { AsyncSystemCalls, Main } from '../program.ts';
import { address } from './ip/address.ts';
import { changeRoute6 } from './ip/change6.ts';
import { deviceOf, isAbout6, links, needDevice } from './ip/devices.ts';
import {
  answers,
  type Context,
  change,
  type IpFamily,
  type IpForm,
  isShow,
  Refusal,
  told,
  unknownCommand,
  Words,
} from './ip/request.ts';
import { tcpMetrics } from './ip/tcp-metrics.ts';
import { groupsText, linkBriefText, linkText, neighbourText, routeText, statisticsText } from './ip/text.ts';
import { route6Text } from './ip/text6.ts';
import { complain, print } from './support.ts';

const HELP = `Usage: ip [-s] [-4 | -6] [-br | -o] OBJECT { COMMAND }
  ip addr [show | flush] [[dev] NAME] [up] [to PREFIX] [scope SCOPE] [primary | secondary]
  ip addr { add | change | replace | del } PREFIX dev NAME [brd { + | ADDRESS }] [scope SCOPE] [label NAME]
  ip link [show [dev] NAME]    ip link set [dev] NAME { up | down | mtu N }
  ip route [show]              ip route { add | del } { PREFIX | default } [via ADDRESS] [dev NAME] [metric N]
  ip maddr [show [dev] NAME]
  ip neigh [show]              ip neigh del ADDRESS dev NAME
  ip tcp_metrics [show | flush] [PREFIX]    ip tcp_metrics delete ADDRESS
`;

const OBJECTS: readonly (readonly [name: string, run: (context: Context) => Promise<number>])[] = [
  ['address', address],
  ['link', link],
  ['route', route],
  ['maddress', groups],
  ['neighbour', neighbour],
  ['neighbor', neighbour],
  ['tcp_metrics', tcpMetrics],
  ['tcpmetrics', tcpMetrics],
  ['help', async ({ sys }) => showHelp(sys)],
];

/** ip(8) of iproute2: address, link, route, neigh and others, over netlink. */
export const ip: Main = async (sys, argv) => {
  const words = argv.slice(1);
  let statistics = false;
  let family: IpFamily = null;
  let form: IpForm = 'full';
  while (words[0]?.startsWith('-')) {
    const option = words.shift() ?? '';
    if (/^-s(tat(istic)?s)?$/.test(option)) statistics = true;
    else if (option === '--help' || option === '-h') return showHelp(sys);
    else if (option.length > 2 && '-brief'.startsWith(option)) form = 'brief';
    else if (option.length > 1 && '-oneline'.startsWith(option)) form = 'oneline';
    else if (option === '-4' || option === '-6') family = option === '-4' ? 'inet' : 'inet6';
    else if (/^-f(amily)?$/.test(option)) {
      const name = words.shift() ?? '';
      if (name !== 'inet' && name !== 'inet6') {
        await complain(sys, `Error: argument "${name}" is wrong: invalid protocol family`);
        return 255;
      }
      family = name;
    } else {
      await complain(sys, `Option "${option}" is unknown, try "ip -help".`);
      return 255;
    }
  }
  const name = words.shift();
  if (name === undefined) {
    await showHelp(sys);
    return 255;
  }
  const object = OBJECTS.find(([full]) => full.startsWith(name));
  if (object === undefined) {
    await complain(sys, `Object "${name}" is unknown, try "ip help".`);
    return 1;
  }
  try {
    return await object[1]({ sys, words: new Words(words), statistics, family, form });
  } catch (refusal) {
    if (!(refusal instanceof Refusal)) throw refusal;
    await complain(sys, refusal.line);
    return refusal.status;
  }
};

async function showHelp(sys: AsyncSystemCalls): Promise<number> {
  await print(sys, HELP);
  return 0;
}

async function link({ sys, words, statistics, form }: Context): Promise<number> {
  const command = words.next() ?? 'show';
  if (isShow(command)) {
    const shown = await links(sys, deviceOf(words));
    const lines = shown.map((one) => {
      if (form === 'brief') return linkBriefText(one);
      const text = linkText(one, true) + (statistics ? statisticsText(one) : '');
      return form === 'oneline' ? `${text.trimEnd().replaceAll('\n', '\\')}\n` : text;
    });
    await print(sys, lines.join(''));
    return 0;
  }
  if (command !== 'set') throw unknownCommand(command, 'link');
  let device: string | undefined;
  let up: boolean | undefined;
  let mtu: number | undefined;
  for (let word = words.next(); word !== undefined; word = words.next()) {
    if (word === 'up' || word === 'down') up = word === 'up';
    else if (word === 'mtu') mtu = Number(words.next());
    else if (word === 'dev') device = words.next();
    else if (device === undefined) device = word;
    else throw new Refusal(`Error: either "dev" is duplicate, or "${word}" is a garbage.`);
  }
  if (device === undefined) throw new Refusal('Not enough information: "dev" argument is required.');
  if (mtu !== undefined && !Number.isInteger(mtu))
    throw new Refusal('Error: argument "mtu" is wrong: Invalid "mtu" value');
  await needDevice(sys, device);
  return change(sys, {
    type: 'setlink',
    name: device,
    ...(up === undefined ? {} : { up }),
    ...(mtu === undefined ? {} : { mtu }),
  });
}

async function route({ sys, words, family }: Context): Promise<number> {
  const command = words.next() ?? 'show';
  if (isShow(command)) {
    const device = deviceOf(words);
    if (family === 'inet6') {
      const all = await answers(sys, { type: 'getroute6' }, 'route6');
      const carriers = new Set((await links(sys)).filter((one) => one.carrier).map(({ name }) => name));
      const some = all.filter((one) => device === undefined || one.interface === device);
      const lines = some.map((one) => route6Text(one, device === undefined, carriers.has(one.interface)));
      await print(sys, lines.join(''));
      return 0;
    }
    const routes = await answers(sys, { type: 'getroute' }, 'route');
    const up = new Set((await links(sys)).filter((one) => one.carrier).map(({ name }) => name));
    const shown = routes.filter(
      (one) => one.interface !== 'lo' && (device === undefined || one.interface === device),
    );
    await print(
      sys,
      shown.map((one) => routeText(one, device === undefined, up.has(one.interface))).join(''),
    );
    return 0;
  }
  if (command !== 'add' && !'delete'.startsWith(command)) throw unknownCommand(command, 'route');
  let destination: string | undefined;
  let via: string | undefined;
  let device: string | undefined;
  let metric: number | undefined;
  for (let word = words.next(); word !== undefined; word = words.next()) {
    if (word === 'via') via = words.next();
    else if (word === 'dev') device = words.next();
    else if (word === 'metric') metric = Number(words.next());
    else if (word === 'proto' || word === 'scope' || word === 'src') words.next();
    else if (destination === undefined) destination = word === 'to' ? words.next() : word;
    else throw new Refusal(`Error: either "to" is duplicate, or "${word}" is a garbage.`);
  }
  const both = family === null && destination === 'default';
  if (isAbout6(both ? (via ?? '') : (destination ?? ''), family)) {
    if (device !== undefined) await needDevice(sys, device);
    return changeRoute6(sys, { add: command === 'add', destination: destination ?? '', via, device, metric });
  }
  if (
    destination !== 'default' &&
    parseIpv4(destination ?? '') === null &&
    parseIpv4Prefix(destination ?? '') === null
  ) {
    throw new Refusal(`Error: any valid prefix is expected rather than "${destination ?? ''}".`, 1);
  }
  if (via !== undefined && parseIpv4(via) === null) {
    throw new Refusal(`Error: inet address is expected rather than "${via}".`, 1);
  }
  if (device !== undefined) await needDevice(sys, device);
  const request = {
    destination: destination ?? '',
    ...(via === undefined ? {} : { via }),
    ...(device === undefined ? {} : { interface: device }),
    ...(metric === undefined ? {} : { metric }),
  };
  if (command !== 'add') return change(sys, { type: 'delroute', ...request });
  const result = await sys.netlink({ type: 'newroute', ...request });
  if (result === -ERRNO.ENETUNREACH) throw new Refusal('Error: Nexthop has invalid gateway.', 2);
  if (result === -ERRNO.ENODEV) throw new Refusal('RTNETLINK answers: No such device', 2);
  return told(sys, result);
}

/** ip-maddress(8), without adding and deleting frames' addresses. */
async function groups({ sys, words, family }: Context): Promise<number> {
  const command = words.next() ?? 'show';
  if (!isShow(command)) throw unknownCommand(command, 'maddress');
  const device = deviceOf(words);
  const four = family === 'inet6' ? [] : await answers(sys, { type: 'getmaddr' }, 'maddr');
  const six = family === 'inet' ? [] : await answers(sys, { type: 'getmaddr6' }, 'maddr');
  const shown = (await links(sys, device)).map(({ name }) => {
    const on = (one: { readonly interface: string }) => one.interface === name;
    return groupsText(four.filter(on), six.filter(on), family === null);
  });
  await print(sys, shown.join(''));
  return 0;
}

async function neighbour({ sys, words, family }: Context): Promise<number> {
  const command = words.next() ?? 'show';
  if (isShow(command)) {
    const device = deviceOf(words);
    const entries = [
      ...(family === 'inet6' ? [] : await answers(sys, { type: 'getneigh' }, 'neigh')),
      ...(family === 'inet' ? [] : await answers(sys, { type: 'getneigh6' }, 'neigh')),
    ];
    const shown = entries.filter((one) => device === undefined || one.interface === device);
    await print(sys, shown.map((one) => neighbourText(one, device === undefined)).join(''));
    return 0;
  }
  if (!'delete'.startsWith(command)) throw unknownCommand(command, 'neighbour');
  let target: string | undefined;
  let device: string | undefined;
  for (let word = words.next(); word !== undefined; word = words.next()) {
    if (word === 'dev') device = words.next();
    else target = word;
  }
  if (target === undefined || device === undefined) {
    throw new Refusal('Device and destination are required arguments.');
  }
  await needDevice(sys, device);
  return change(sys, { type: 'delneigh', interface: device, address: target });
}
