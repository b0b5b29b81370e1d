/** The commands of a machine: programs that see it through its system calls only. */
import type { Main, Program } from '../program.ts';
import { typescriptProgram } from '../typescript-program.ts';
import { arp } from './arp.ts';
import { dmesg } from './dmesg.ts';
import { ethtool } from './ethtool.ts';
import { ip } from './ip.ts';
import { ls } from './ls.ts';
import { netstat } from './netstat.ts';
import { nstat } from './nstat.ts';
import { ping } from './ping.ts';
import { prlimit } from './prlimit.ts';
import { ps } from './ps.ts';
import { cat, echo, hostname, kill, no, sleep, yes } from './simple.ts';
import { strace } from './strace.ts';
import { ulimit } from './ulimit.ts';

const COMMANDS: Readonly<Record<string, Main>> = {
  '/usr/bin/cat': cat,
  '/usr/bin/dmesg': dmesg,
  '/usr/bin/echo': echo,
  '/usr/bin/false': no,
  '/usr/bin/hostname': hostname,
  '/usr/bin/kill': kill,
  '/usr/bin/ls': ls,
  '/usr/bin/netstat': netstat,
  '/usr/bin/nstat': nstat,
  '/usr/bin/ping': ping,
  '/usr/bin/prlimit': prlimit,
  '/usr/bin/ps': ps,
  '/usr/bin/sleep': sleep,
  '/usr/bin/strace': strace,
  '/usr/bin/true': yes,
  '/usr/bin/ulimit': ulimit,
  '/usr/sbin/arp': arp,
  '/usr/sbin/ethtool': ethtool,
  '/usr/sbin/ip': ip,
};

/** Puts them where Linux has them. */
export function installCommands(machine: { install(path: string, program: Program): void }): void {
  for (const [path, main] of Object.entries(COMMANDS)) machine.install(path, typescriptProgram(main));
}
