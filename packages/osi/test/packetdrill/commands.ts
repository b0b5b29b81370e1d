import { readFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import type { Stack } from '../../src/5-session/index.ts';
import { Mismatch, SyntaxProblem, Unsupported } from './problems.ts';
import type { Command } from './script.ts';
import type { Tun } from './tun.ts';

/** What commands act on. */
export interface Machine {
  readonly stack: Stack;
  readonly tun: Tun;
  /** The folder that the script is in; null for a script without one. */
  readonly folder: string | null;
  /** As `nstat` saw them last. */
  counters: ReadonlyMap<string, number> | null;
  /** Takes a remark: something was passed over that may matter. */
  note(text: string): void;
}

/**
 * Tunables that the stack does not have, and the only values at which it behaves as Linux would. They say what is
 * not built, or is of no consequence here since packets leave one by one and memory is not limited.
 */
const AS_BUILT: Record<string, readonly string[] | 'any'> = {
  'net.ipv4.tcp_fack': ['0'],
  'net.ipv4.tcp_ecn_option': ['0', '1', '2'],
};

/** The same of what has no name among the tunables: HyStart watches both trains of acknowledgments and delays. */
const AS_BUILT_COMMANDS = ['echo 3 > /sys/module/tcp_cubic/parameters/hystart_detect'];

/** Runs a command of a script as far as it is about the network stack. @throws Unsupported for all that is not. */
export function runCommand(machine: Machine, command: Command): void {
  new Shell(machine, command.line, machine.folder, false).run(command.text);
}

class Shell {
  readonly #machine: Machine;
  readonly #line: number;
  readonly #folder: string | null;
  /** Inside a file of defaults for many scripts: what is unknown there is noted, not refused. */
  readonly #included: boolean;

  constructor(machine: Machine, line: number, folder: string | null, included: boolean) {
    this.#machine = machine;
    this.#line = line;
    this.#folder = folder;
    this.#included = included;
  }

  run(text: string): void {
    const lines = text.replace(/\\\n/g, ' ').split(/\n|;|&&/);
    for (const line of lines) this.#anyOf(line.split('||'));
  }

  /** Commands with `||` between them: the next one only if one cannot be done. */
  #anyOf([line = '', ...others]: string[]): void {
    const words = splitWords(line);
    try {
      if (words.length > 0) this.#command(words, line.trim());
    } catch (error) {
      if (others.length === 0 || !(error instanceof Unsupported)) throw error;
      this.#anyOf(others);
    }
  }

  #command([name = '', ...args]: string[], text: string): void {
    const tool = basename(name);
    if (tool === 'sysctl') {
      for (const arg of args.filter((word) => word.includes('='))) this.#sysctl(arg);
    } else if (tool === 'set_sysctls.py') {
      for (const arg of args) this.#sysctl(arg.replace(/^\/proc\/sys\//, '').replaceAll('/', '.'));
    } else if (name.endsWith('.sh') && !name.startsWith('/tmp/')) {
      this.#include(name);
    } else if (!this.#harmless(tool, args) && !AS_BUILT_COMMANDS.includes(text)) {
      if (this.#included) this.#machine.note(`passed over: ${text}`);
      else throw new Unsupported(this.#line, `the command '${text}'`);
    }
  }

  /** Commands that change nothing here, or change what the tun device is like. */
  #harmless(tool: string, args: string[]): boolean {
    const all = args.join(' ');
    // What was set is forgotten with the stack at the end of the script.
    if (/^sysctl_restore_/.test(tool)) return true;
    if (tool === 'ip' && /^tcp_metrics flush(?: all)?$/.test(all)) {
      this.#machine.stack.tcp.fastOpen.cache.flush();
      return true;
    }
    if (tool === 'ethtool') return /^-K tun0(?: (?:tso|gso|gro) off)+$/.test(all);
    if (tool === 'nstat') return this.#counters(all);
    if (
      tool !== 'tc' ||
      !/^qdisc (?:add|replace|delete|del) dev tun0 root(?: pfifo(?: limit \d+)?)?$/.test(all)
    )
      return false;
    this.#machine.tun.blocked = all.endsWith('limit 0');
    return true;
  }

  /** `nstat` shows the counters that have grown since it was called last: `nstat | grep Name` is there to find one. */
  #counters(all: string): boolean {
    const now = new Map<string, number>();
    const { tcp, ext } = this.#machine.stack.tcp.counters;
    for (const [name, value] of Object.entries(tcp)) now.set(`Tcp${name}`, value);
    for (const [name, value] of Object.entries(ext)) now.set(`TcpExt${name}`, value);
    const wanted = /^\| grep (\w+)$/.exec(all)?.[1];
    if (wanted === undefined && !/^(?:-n)?$/.test(all)) return false;
    const before = this.#machine.counters;
    this.#machine.counters = now;
    if (wanted === undefined) return true;
    if (!now.has(wanted)) throw new Unsupported(this.#line, `the counter ${wanted}`);
    if (now.get(wanted) === (before?.get(wanted) ?? 0))
      throw new Mismatch(this.#line, `nstat: ${wanted} has not grown`);
    return true;
  }

  #include(name: string): void {
    const path = this.#folder === null ? null : resolve(this.#folder, name);
    let text: string;
    try {
      text = readFileSync(path ?? name, 'utf8');
    } catch {
      throw new Unsupported(this.#line, `the script '${name}', which is not there`);
    }
    new Shell(this.#machine, this.#line, path === null ? null : dirname(path), true).run(text);
  }

  /** `name=value`, where value may be several numbers. */
  #sysctl(assignment: string): void {
    const at = assignment.indexOf('=');
    const name = assignment.slice(0, at).replaceAll('/', '.');
    const value = arithmetic(assignment.slice(at + 1)).trim();
    const numbers = value.split(/\s+/).map(Number);
    const { sysctl } = this.#machine.stack;
    if (numbers.some((number) => !Number.isFinite(number))) {
      if (!sysctl.setText(name, value) && !asBuilt(name, value)) this.#unknown(name, value);
      return;
    }
    const names =
      numbers.length === 1 ? [name] : numbers.map((_, i) => `${name}.${SUFFIXES[name]?.[i] ?? i}`);
    if (numbers.length === 1 && SUFFIXES[name] !== undefined)
      throw new SyntaxProblem(this.#line, `${name} has several numbers`);
    const known = names.every((each, i) => sysctl.set(each, numbers[i] as number));
    if (!known && !asBuilt(name, value)) this.#unknown(name, value);
  }

  #unknown(name: string, value: string): void {
    if (this.#included) this.#machine.note(`unknown: ${name}=${value}`);
    else throw new Unsupported(this.#line, `sysctl ${name}=${value}`);
  }
}

const SUFFIXES: Record<string, readonly string[]> = {
  'net.ipv4.tcp_rmem': ['min', 'default', 'max'],
  'net.ipv4.tcp_wmem': ['min', 'default', 'max'],
  'net.ipv4.ip_local_port_range': ['low', 'high'],
};

function asBuilt(name: string, value: string): boolean {
  const values = AS_BUILT[name];
  return values === 'any' || values?.includes(value) === true;
}

/** The words of a line of shell, without comments, redirections and quotes. */
function splitWords(line: string): string[] {
  const words: string[] = [];
  for (const [, word] of line.matchAll(/((?:\$\(\(.*?\)\)|"(?:\$\(\(.*?\)\)|[^"])*"|'[^']*'|[^\s"'])+)/g)) {
    if (word === undefined) continue;
    if (word.startsWith('#')) break;
    words.push(word.replace(/["']/g, ''));
  }
  return withoutRedirections(words);
}

function withoutRedirections(words: string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as string;
    if (/^(?:\d|&)?>$/.test(word)) i++;
    else if (!/^(?:\d|&)?>/.test(word)) kept.push(word);
  }
  return kept;
}

/** `$((15*1024*1024))` and hexadecimal numbers as decimal ones. */
const arithmetic = (text: string): string =>
  text
    .replace(/\$\(\(([\d\s*]+)\)\)/g, (_all, product: string) =>
      String(product.split('*').reduce((value, factor) => value * Number(factor), 1)),
    )
    .replace(/^0x[0-9a-fA-F]+$/, (hex) => String(Number(hex)));
