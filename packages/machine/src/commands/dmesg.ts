import type { Main } from '../program.ts';
import { because, complain, parseOptions, print, readText } from './support.ts';

/** `<priority>,<number>,<microseconds>,<flags>;<text>`: a line of /dev/kmsg (Documentation/ABI/testing/dev-kmsg). */
const MESSAGE = /^\d+,\d+,(\d+),[^;]*;(.*)$/;

/** dmesg(1): what the kernel has to say. */
export const dmesg: Main = async (sys, argv) => {
  const { given, operands, wrong } = parseOptions(argv.slice(1), 't', { notime: 't' });
  if (given.has('help')) {
    await print(sys, 'Usage: dmesg [-t]\n');
    return 0;
  }
  if (wrong !== null || operands.length > 0) {
    await complain(sys, `dmesg: ${wrong ?? 'bad usage'}`);
    return 1;
  }
  const text = await readText(sys, '/dev/kmsg');
  if (typeof text === 'number') {
    await complain(sys, `dmesg: read kernel buffer failed: ${because(text)}`);
    return 1;
  }
  const lines = text.split('\n').flatMap((line) => {
    const [, time, said] = MESSAGE.exec(line) ?? [];
    if (said === undefined) return [];
    return [given.has('t') ? `${said}\n` : `[${(Number(time) / 1e6).toFixed(6).padStart(12)}] ${said}\n`];
  });
  await print(sys, lines.join(''));
  return 0;
};
