import { SIGNALS } from './kernel/constants.ts';

/** Settings of a terminal (termios(3)): bits of its four groups of modes, and its control characters by `CONTROL`. */
export interface Termios {
  readonly iflag: number;
  readonly oflag: number;
  readonly cflag: number;
  readonly lflag: number;
  readonly cc: readonly number[];
}

/** In characters (ioctl_tty(2)). */
export interface WindowSize {
  readonly rows: number;
  readonly columns: number;
}

/** asm-generic/ioctls.h. */
export const TCGETS = 0x5401;
export const TCSETS = 0x5402;
export const TCSETSW = 0x5403;
export const TCSETSF = 0x5404;
export const TCSBRK = 0x5409;
export const TCXONC = 0x540a;
export const TCFLSH = 0x540b;
export const TIOCGPGRP = 0x540f;
export const TIOCSPGRP = 0x5410;
export const TIOCGWINSZ = 0x5413;
export const TIOCSWINSZ = 0x5414;
export const FIONREAD = 0x541b;

/** asm-generic/termbits.h: those that mean something on a terminal without a line. */
export const IGNCR = 0o200;
export const INLCR = 0o100;
export const ICRNL = 0o400;
export const IXON = 0o2000;
export const IUTF8 = 0o40000;
export const OPOST = 0o1;
export const ONLCR = 0o4;
const CS8 = 0o60;
const CREAD = 0o200;
const B38400 = 0o17;
export const ISIG = 0o1;
export const ICANON = 0o2;
export const ECHO = 0o10;
export const ECHOE = 0o20;
export const ECHOK = 0o40;
export const ECHONL = 0o100;
export const ECHOCTL = 0o1000;
export const ECHOKE = 0o4000;
export const IEXTEN = 0o100000;

/** Where in `cc` a control character stands. */
export const CONTROL = {
  interrupt: 0,
  quit: 1,
  erase: 2,
  kill: 3,
  end: 4,
  time: 5,
  least: 6,
  suspend: 10,
  reprint: 12,
  eraseWord: 14,
  literal: 15,
} as const;

/** Which signal a key sends (ISIG). */
export const SIGNAL_KEYS: readonly (readonly [control: keyof typeof CONTROL, signal: number])[] = [
  ['interrupt', SIGNALS.SIGINT],
  ['quit', SIGNALS.SIGQUIT],
  ['suspend', SIGNALS.SIGTSTP],
];

/** What a new terminal has: Linux's `tty_std_termios`, with the UTF-8 that terminal emulators set. */
export const STANDARD: Termios = {
  iflag: ICRNL | IXON | IUTF8,
  oflag: OPOST | ONLCR,
  cflag: B38400 | CS8 | CREAD,
  lflag: ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
  // INTR ^C, QUIT ^\, ERASE ^?, KILL ^U, EOF ^D, TIME, MIN, SWTC, START ^Q, STOP ^S, SUSP ^Z, EOL, REPRINT ^R, DISCARD ^O, WERASE ^W, LNEXT ^V, EOL2
  cc: [3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26, 0, 18, 15, 23, 22, 0],
};

/** `struct termios` from a program that may have written anything there. */
export function readTermios(value: unknown): Termios | null {
  const { iflag, oflag, cflag, lflag, cc } = (value ?? {}) as Partial<Termios>;
  if (![iflag, oflag, cflag, lflag].every(Number.isInteger) || !Array.isArray(cc)) return null;
  return { iflag, oflag, cflag, lflag, cc: STANDARD.cc.map((_, i) => Number(cc[i] ?? 0) & 255) } as Termios;
}
