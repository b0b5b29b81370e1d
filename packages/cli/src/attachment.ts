import type { TraceEvent } from '@netarium/osi/trace';
import type { Host, Lab, Pacer } from 'netarium';
import type { Console } from './io.ts';
import type { Style } from './terminal/style.ts';

/** Ctrl-], as telnet(1) has it. */
const LEAVE = '\x1d';
const ERASE_LINE = '\r\x1b[K';

/**
 * A person at the terminal of a machine while its lab runs: what the machine's programs write appears as they write it,
 * and every key goes to the machine, whose terminal edits lines, shows them and sends signals. Ctrl-] leaves it.
 */
export class Attachment {
  readonly #host: Host;
  readonly #lab: Lab;
  readonly #console: Console;
  readonly #pacer: Pacer;
  readonly #out: (text: string) => void;
  readonly #style: Style;
  readonly #left: () => void;
  /** What was typed before there was a program. */
  #ahead = '';
  /** What stands in the line that the machine writes. */
  #begun = '';
  /** Lines of other machines that came while a program has the screen to itself. */
  #held = '';
  #letGo: (() => void) | null = null;

  /** @param options.left called when the person has left, and nobody types any more. */
  constructor(options: {
    readonly host: Host;
    readonly lab: Lab;
    readonly console: Console;
    readonly pacer: Pacer;
    readonly out: (text: string) => void;
    readonly style: Style;
    readonly left: () => void;
  }) {
    this.#host = options.host;
    this.#lab = options.lab;
    this.#console = options.console;
    this.#pacer = options.pacer;
    this.#out = options.out;
    this.#style = options.style;
    this.#left = options.left;
  }

  begin(): void {
    const { machine } = this.#host;
    const fit = () => machine.resize(this.#console.size());
    fit();
    const stops = [
      this.#console.onResize(() => this.#pacer.act(fit)),
      this.#console.takeKeys(
        (keys) => this.#keys(keys),
        () => this.#leave(),
      ),
    ];
    this.#letGo = () => {
      for (const stop of stops) stop();
    };
  }

  get attached(): boolean {
    return this.#letGo !== null;
  }

  /** Whether a program is there that a key may still reach. */
  get waits(): boolean {
    return this.attached && (this.#host.machine.terminalInFront?.foreground ?? 0) !== 0;
  }

  /** Gives keyboard and screen back: the run is over, or the person has left. */
  end(): void {
    if (this.#letGo === null) return;
    this.#letGo();
    this.#letGo = null;
    if (this.#begun !== '') this.#out('\n');
    this.#out(this.#held);
    this.#held = '';
  }

  /** @returns whether the event was this machine's, and the person has seen what there was to see. */
  take(event: TraceEvent): boolean {
    if (!this.attached || event.node !== this.#host.name) return false;
    switch (event.kind) {
      case 'terminal':
        this.#show(event.shown ?? event.text.replaceAll('\n', '\r\n'));
        return true;
      case 'process':
        this.#tell(event);
        return true;
      default:
        return false;
    }
  }

  /** Shows whole lines of other machines above the line that is being written or typed. */
  between(lines: string): void {
    if (!this.attached) {
      this.#out(lines);
      return;
    }
    this.#held += lines;
    if (this.#host.machine.terminalInFront?.editsLines !== false) this.#release();
  }

  #keys(keys: string): void {
    const end = keys.indexOf(LEAVE);
    const typed = end < 0 ? keys : keys.slice(0, end);
    const terminal = this.#host.machine.terminalInFront;
    if (terminal === undefined) this.#ahead += typed;
    else if (typed !== '') this.#pacer.act(() => terminal.type(typed));
    if (end >= 0) this.#leave();
  }

  #leave(): void {
    this.end();
    this.#left();
    this.#pacer.poke();
  }

  #tell(event: Extract<TraceEvent, { kind: 'process' }>): void {
    if (event.change === 'start') {
      this.#show(`${this.#style.dim(`$ ${event.argv.join(' ')}`)}\r\n`);
      const ahead = this.#ahead;
      this.#ahead = '';
      if (ahead !== '') this.#lab.sim.after(0, () => this.#host.machine.terminalInFront?.type(ahead));
    } else if (event.status !== 0) {
      this.#show(`${this.#begun === '' ? '' : '\r\n'}${this.#style.red(`[${event.status}]`)}\r\n`);
    }
  }

  #show(text: string): void {
    if (text === '') return;
    if (this.#held !== '' && this.#host.machine.terminalInFront?.editsLines !== false) this.#release();
    // The person's terminal makes `\r\n` of a `\n`, in what Node calls raw mode, too.
    this.#out(text.replaceAll('\r\n', '\n'));
    this.#begun = (this.#begun + text).slice((this.#begun + text).lastIndexOf('\n') + 1);
  }

  #release(): void {
    const lines = this.#held;
    this.#held = '';
    this.#out(this.#begun === '' ? lines : `${ERASE_LINE}${lines}${this.#begun}`);
  }
}
