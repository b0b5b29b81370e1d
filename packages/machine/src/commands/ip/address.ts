import { parseIpv4, parseIpv4Prefix } from '@netarium/osi/3-network';
import { ERRNO } from '@netarium/osi/trace';
import { flushAddresses, showAddresses } from './address-list.ts';
import { changeAddress6 } from './change6.ts';
import { isAbout6, needDevice } from './devices.ts';
import { type Context, isShow, Refusal, told, unknownCommand, type Words } from './request.ts';
import { scopeOf } from './scopes.ts';

/** ip-address(8): show, flush, add, change, replace and del. */
export async function address(context: Context): Promise<number> {
  const { sys, words, family } = context;
  const command = words.next() ?? 'show';
  if (isShow(command)) return showAddresses(context);
  if (command === 'flush') return flushAddresses(context);
  const replace = command === 'replace' || 'change'.startsWith(command);
  const add = replace || command === 'add';
  if (!add && !'delete'.startsWith(command)) throw unknownCommand(command, 'address');
  const { prefix, device, ...details } = addressWords(words);
  if (device === undefined) throw new Refusal('Not enough information: "dev" argument is required.');
  const { label } = details;
  if (label !== undefined && !label.startsWith(device)) {
    throw new Refusal(`"dev" (${device}) must match "label" (${label}).`);
  }
  if (prefix !== undefined && isAbout6(prefix, family)) {
    await needDevice(sys, device);
    return changeAddress6(sys, { add, replace, device, prefix });
  }
  const whole = prefix?.includes('/') === true ? prefix : `${prefix}/32`;
  if (prefix === undefined || parseIpv4Prefix(whole) === null) {
    const kind = family === 'inet' ? 'inet' : 'any valid';
    throw new Refusal(`Error: ${kind} prefix is expected rather than "${prefix ?? ''}".`, 1);
  }
  await needDevice(sys, device);
  const about = { interface: device, prefix: whole };
  const result = await sys.netlink(
    add ? { type: 'newaddr', ...about, ...details } : { type: 'deladdr', ...about },
  );
  // What is there already is only given another lifetime, and all live for ever here.
  if (replace && result === -ERRNO.EEXIST) return 0;
  const said = KERNEL_WORDS[add ? 'add' : 'del'].find(([errno]) => errno === result)?.[1];
  if (said !== undefined) throw new Refusal(`Error: ipv4: ${said}.`, 2);
  return told(sys, result);
}

/** What Linux's kernel says of its errors (`NL_SET_ERR_MSG` in net/ipv4/devinet.c). */
const KERNEL_WORDS = {
  add: [
    [-ERRNO.EEXIST, 'Address already assigned'],
    [-ERRNO.EINVAL, 'Invalid scope value'],
  ],
  del: [[-ERRNO.EADDRNOTAVAIL, 'Address not found']],
} as const;

interface AddressWords {
  prefix?: string;
  device?: string;
  scope?: number;
  broadcast?: string;
  label?: string;
}

function addressWords(words: Words): AddressWords {
  const said: AddressWords = {};
  for (let word = words.next(); word !== undefined; word = words.next()) {
    if (word === 'dev') said.device = words.next();
    else if (word === 'label') said.label = words.next();
    else if (word === 'scope') said.scope = scopeOf(words.next() ?? '');
    else if (word === 'brd' || word === 'broadcast') said.broadcast = broadcastOf(words.next() ?? '');
    else if (said.prefix === undefined) said.prefix = word === 'local' ? words.next() : word;
    else throw new Refusal(`Error: either "local" is duplicate, or "${word}" is a garbage.`);
  }
  return said;
}

function broadcastOf(text: string): string {
  if (text !== '+' && parseIpv4(text) === null) {
    throw new Refusal(`Error: inet address is expected rather than "${text}".`, 1);
  }
  return text;
}
