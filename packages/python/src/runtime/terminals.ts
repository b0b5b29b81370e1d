import type { Termios, WindowSize } from '@netarium/machine';
import type { Emscripten } from './emscripten.ts';
import { readU32, writeI32 } from './memory.ts';

/** asm-generic/ioctls.h: the requests whose argument is a structure, or the place for a number. */
const TCGETS = 0x5401;
const TCSETS = 0x5402;
const TCSETSF = 0x5404;
const TIOCGPGRP = 0x540f;
const TIOCSPGRP = 0x5410;
const TIOCGWINSZ = 0x5413;
const TIOCSWINSZ = 0x5414;
const FIONREAD = 0x541b;

/** `struct termios` as the binary lays it out (musl): four words, the line's number, control characters, two speeds. */
const TERMIOS = {
  iflag: 0,
  oflag: 4,
  cflag: 8,
  lflag: 12,
  cc: 17,
  controls: 32,
  inputSpeed: 52,
  outputSpeed: 56,
};
/** Bits of `cflag` that are the speed. */
const CBAUD = 0o10017;

interface TerminalRequest {
  /** What the kernel is given. */
  readonly argument?: Termios | WindowSize | number;
  /** Writes what it answers to where C wants it. */
  store(answer: number | Termios | WindowSize): void;
}

/** A request of ioctl_tty(2), with C's third argument: a pointer or a number. */
export function terminalRequest(python: Emscripten, request: number, argument: number): TerminalRequest {
  const nothing = (): void => {};
  if (request >= TCSETS && request <= TCSETSF) {
    return { argument: readTermios(python, argument), store: nothing };
  }
  switch (request) {
    case TCGETS:
    case TIOCGWINSZ:
      return {
        store(answer) {
          if (typeof answer === 'number') return;
          if ('rows' in answer) python.HEAP16.set([answer.rows, answer.columns, 0, 0], argument >>> 1);
          else writeTermios(python, argument, answer);
        },
      };
    case TIOCGPGRP:
    case FIONREAD:
      return {
        store(answer) {
          if (typeof answer === 'number') writeI32(python, argument, answer);
        },
      };
    case TIOCSPGRP:
      return { argument: readU32(python, argument), store: nothing };
    case TIOCSWINSZ: {
      const [rows = 0, columns = 0] = python.HEAP16.subarray(argument >>> 1);
      return { argument: { rows, columns }, store: nothing };
    }
    default:
      return { argument, store: nothing };
  }
}

function readTermios(python: Emscripten, pointer: number): Termios {
  const word = (at: number): number => readU32(python, pointer + at);
  const cc = [...python.HEAPU8.subarray(pointer + TERMIOS.cc, pointer + TERMIOS.cc + TERMIOS.controls)];
  return {
    iflag: word(TERMIOS.iflag),
    oflag: word(TERMIOS.oflag),
    cflag: word(TERMIOS.cflag),
    lflag: word(TERMIOS.lflag),
    cc,
  };
}

function writeTermios(
  python: Emscripten,
  pointer: number,
  { iflag, oflag, cflag, lflag, cc }: Termios,
): void {
  writeI32(python, pointer + TERMIOS.iflag, iflag);
  writeI32(python, pointer + TERMIOS.oflag, oflag);
  writeI32(python, pointer + TERMIOS.cflag, cflag);
  writeI32(python, pointer + TERMIOS.lflag, lflag);
  python.HEAPU8.fill(0, pointer + TERMIOS.cc - 1, pointer + TERMIOS.cc + TERMIOS.controls);
  python.HEAPU8.set(cc, pointer + TERMIOS.cc);
  for (const speed of [TERMIOS.inputSpeed, TERMIOS.outputSpeed])
    writeI32(python, pointer + speed, cflag & CBAUD);
}
