import type { AsyncSystemCalls } from '../../program.ts';
import { answers, type IpFamily, Refusal, type Words } from './request.ts';

/** Whether an address or prefix is taken for one of IPv6: by its form, or by what -4 and -6 say. */
export const isAbout6 = (text: string, family: IpFamily): boolean =>
  family === null ? text.includes(':') : family === 'inet6';

/** The device that `show` is about, if one is named. */
export function deviceOf(words: Words): string | undefined {
  const word = words.next();
  return word === 'dev' ? words.next() : word;
}

export async function links(sys: AsyncSystemCalls, device?: string) {
  const all = await answers(sys, { type: 'getlink' }, 'link');
  const shown = device === undefined ? all : all.filter(({ name }) => name === device);
  if (device !== undefined && shown.length === 0) throw new Refusal(`Device "${device}" does not exist.`, 1);
  return shown;
}

export async function needDevice(sys: AsyncSystemCalls, device: string): Promise<void> {
  const all = await answers(sys, { type: 'getlink' }, 'link');
  if (!all.some(({ name }) => name === device)) throw new Refusal(`Cannot find device "${device}"`, 1);
}
