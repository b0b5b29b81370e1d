import type { AsyncSystemCalls, Main } from '../program.ts';
import type { NetlinkAnswer } from '../system-calls.ts';
import { because, complain, print } from './support.ts';

const USAGE = `Usage: ethtool -k DEVICE                 shows what a network card does for the stack
       ethtool -K DEVICE gro on|off      whether segments that arrive together are taken as one
`;
const WRONG = 'ethtool: bad command line argument(s)\nFor more information run ethtool -h';

type LinkAnswer = Extract<NetlinkAnswer, { type: 'link' }>;

/** What there is, by its long and short name; only the last one can be set. */
const FEATURES = [
  { name: 'tcp-segmentation-offload', short: 'tso', of: ({ offload }: LinkAnswer) => offload },
  { name: 'generic-receive-offload', short: 'gro', of: ({ receiveOffload }: LinkAnswer) => receiveOffload },
] as const;

/** ethtool(8): shows and sets the offloads of an interface. */
export const ethtool: Main = async (sys, argv) => {
  const [option, device, ...changes] = argv.slice(1);
  if (option === '-h' || option === '--help') {
    await print(sys, USAGE);
    return 0;
  }
  const shows = option === '-k' || option === '--show-features' || option === '--show-offload';
  const sets = option === '-K' || option === '--features' || option === '--offload';
  if (device === undefined || (shows ? changes.length > 0 : !sets || changes.length === 0)) {
    await complain(sys, WRONG);
    return 1;
  }
  return shows ? show(sys, device) : set(sys, device, changes);
};

async function show(sys: AsyncSystemCalls, device: string): Promise<number> {
  const answers = await sys.netlink({ type: 'getlink' });
  if (typeof answers === 'number') return refused(sys, answers);
  const link = answers.find((one): one is LinkAnswer => one.type === 'link' && one.name === device);
  if (link === undefined) {
    await complain(sys, 'netlink error: No such device');
    return 1;
  }
  let text = `Features for ${device}:\n`;
  for (const { name, short, of } of FEATURES) {
    text += `${name}: ${of(link) ? 'on' : 'off'}${short === 'gro' ? '' : ' [fixed]'}\n`;
  }
  await print(sys, text);
  return 0;
}

async function set(sys: AsyncSystemCalls, device: string, changes: readonly string[]): Promise<number> {
  let receiveOffload: boolean | undefined;
  for (let at = 0; at < changes.length; at += 2) {
    const [word, value] = [changes[at], changes[at + 1]];
    const feature = FEATURES.find(({ name, short }) => word === name || word === short);
    if (feature === undefined || (value !== 'on' && value !== 'off')) {
      await complain(sys, WRONG);
      return 1;
    }
    if (feature.short !== 'gro') {
      await complain(sys, 'Could not change any device features');
      return 1;
    }
    receiveOffload = value === 'on';
  }
  const result = await sys.netlink({
    type: 'setlink',
    name: device,
    ...(receiveOffload === undefined ? {} : { receiveOffload }),
  });
  return typeof result === 'number' && result < 0 ? refused(sys, result) : 0;
}

async function refused(sys: AsyncSystemCalls, result: number): Promise<number> {
  await complain(sys, `netlink error: ${because(result)}`);
  return 1;
}
