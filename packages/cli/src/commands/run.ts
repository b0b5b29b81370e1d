import { writeFileSync } from 'node:fs';
import { writePcapng } from '@netarium/osi/capture';
import { formatSeconds, type Nanoseconds } from '@netarium/osi/time';
import { isRepeated, type TraceEvent } from '@netarium/osi/trace';
import { pythonProgram } from '@netarium/python/node';
import {
  dropText,
  Host,
  type Lab,
  Ladder,
  type LadderRow,
  type Language,
  type LoadedLab,
  loadLab,
  Pacer,
  parseDuration,
  programResults,
  suggestion,
  whyText,
} from 'netarium';
import type { CommandSpec, Parsed } from '../arguments.ts';
import { Attachment } from '../attachment.ts';
import type { Ending } from '../ending.ts';
import { type Console, type Io, OK, PROGRAM_FAILED, UsageError } from '../io.ts';
import { readLabFolder } from '../lab-folder.ts';
import { realTimeWatchdog, wallClock } from '../platform.ts';
import { jsonReport } from '../report/json.ts';
import { programLines } from '../report/programs.ts';
import { drawLadder } from '../terminal/ladder.ts';
import { drawLayers } from '../terminal/layers.ts';
import { OutputPrinter } from '../terminal/output.ts';
import { type Style, styleFor } from '../terminal/style.ts';
import { languageFor, WORDS, type Words } from '../words.ts';

type Option =
  | 'seed'
  | 'until'
  | 'speed'
  | 'pcap'
  | 'pcap-at'
  | 'layers'
  | 'json'
  | 'quiet'
  | 'lang'
  | 'stdin'
  | 'attach'
  | 'cpu-limit'
  | 'event-limit';

/** A second of echo is about 100 events; a transfer of 10 MB about 100,000. */
const DEFAULT_EVENTS = 1_000_000;
/** Characters of output that the record has at most: they fill the memory, too. */
const MOST_OUTPUT = 256 * 1024 * 1024;

export const RUN: CommandSpec<Option> = {
  name: 'run',
  operands: ['<lab>'],
  summary:
    'Runs a lab to its end and prints what its programs wrote, then every frame with why it was sent.\n' +
    '<lab> is a folder with a lab.yaml, or another lab file in such a folder.',
  options: {
    seed: { value: 'N', help: 'Whole number; one seed gives the same run, byte for byte. Default 0.' },
    until: { value: 'TIME', help: 'Stop at this virtual time: 500ms, 5s.' },
    speed: {
      value: 'X',
      help: 'Virtual time over real time: 1, 0.01, or max. Default max; with --attach 1.',
    },
    pcap: { value: 'FILE', help: 'Write the frames to a pcapng file that Wireshark opens.' },
    'pcap-at': {
      value: 'NODE:PORT',
      help: 'Write only what passes this port, as tcpdump there would see it.',
    },
    layers: { value: 'N', help: 'Print frame N as the seven layers instead of the ladder.' },
    json: { help: 'Print one JSON document with everything instead.' },
    quiet: { short: 'q', help: 'Print only what the programs wrote.' },
    lang: { value: 'en|ko', help: "Language of the explanations. Default: the environment's (LANG)." },
    stdin: {
      value: 'NODE',
      help: "Type what comes on standard input into the terminal of this machine's first program.",
    },
    attach: {
      value: 'NODE',
      help:
        'Sit at the terminal of this machine while the lab runs: its programs get every key, Ctrl-C too.\n' +
        'Ctrl-] leaves it, and the lab goes on without you.',
    },
    'cpu-limit': {
      value: 'TIME',
      help: 'End a program that computes this long (real time) without a system call.\nDefault 10s.',
    },
    'event-limit': {
      value: 'N',
      help: `Stop after so many recorded events: a program that never ends would fill the memory.\nDefault ${DEFAULT_EVENTS}.`,
    },
  },
  notes:
    'Exit status: 0 when every program ended with status 0 (with --until: when none failed until then);\n' +
    '1 when a program failed, never ended or was never started; 2 for a wrong command line or lab;\n' +
    '130 after Ctrl-C.',
};

const INTERRUPTED = 130;

interface Settings {
  readonly seed: number;
  readonly until: Nanoseconds | null;
  /** Null when nothing was said. */
  readonly speed: number | null;
  readonly layers: number | null;
  readonly language: Language;
  readonly cpuLimit: number;
  readonly eventLimit: number;
}

/** @returns the exit status. @throws UsageError, LabError */
export async function run({ operands, options }: Parsed<Option>, io: Io): Promise<number> {
  const settings = readSettings(options, io);
  const console = options.attach === undefined ? null : consoleFor(options, io);
  const { files, file, folder } = readLabFolder(operands[0] ?? '');
  const python = pythonProgram();
  const loaded = loadLab(files, {
    file,
    folder,
    seed: settings.seed,
    watchdog: realTimeWatchdog(settings.cpuLimit),
    programs: { python3: python, python },
    // What programs write must not depend on where this command's output goes; it is printed line by line.
    env: (node) => (node === options.attach ? terminalOf(io.env) : { NO_COLOR: '1', TERM: 'dumb' }),
  });
  const { lab } = loaded;
  const pacer = new Pacer(lab, wallClock);
  const capturePort = capturedPort(options['pcap-at'], loaded);
  if (options.stdin !== undefined) typeInput(machineNamed('stdin', options.stdin, lab), loaded, io.input());
  const style = styleFor(io.isTTY, io.env);
  const words = WORDS[settings.language];
  const machines = machineNames(lab);
  const attachment =
    console === null || options.attach === undefined
      ? null
      : new Attachment({
          host: machineNamed('attach', options.attach, lab),
          lab,
          console,
          pacer,
          out: io.out,
          style,
          left: () => {
            io.err(`${style.dim(words.left(options.attach ?? ''))}\n`);
            pacer.speed = settings.speed ?? Number.POSITIVE_INFINITY;
          },
        });
  try {
    const out = attachment === null ? io.out : (text: string) => attachment.between(text);
    const output = options.json === undefined ? new OutputPrinter(out, machines, style) : null;
    if (output !== null)
      lab.record.subscribe((event) => {
        if (attachment?.take(event) !== true) output.take(event);
      });
    if (attachment !== null) {
      attachment.begin();
      io.err(`${style.dim(words.attached(options.attach ?? ''))}\n`);
    }
    const ending = await drive(loaded, pacer, settings, attachment, io);
    attachment?.end();
    output?.flush();

    const ladder = new Ladder(lab.record);
    const { rows } = ladder;
    if (options.pcap !== undefined) {
      writeFile(
        options.pcap,
        writePcapng(lab.record, { ...(capturePort !== null && { ports: [capturePort] }) }),
      );
    }
    if (options.json !== undefined) {
      io.out(
        `${JSON.stringify(jsonReport(loaded, ladder, ending, settings.seed, settings.language), null, 1)}\n`,
      );
    } else if (settings.layers !== null) {
      io.out(
        `\n${drawLayers(lab, ladder, frameNumber(rows, settings.layers), settings.language, style).join('\n')}\n`,
      );
    } else if (options.quiet === undefined && rows.length > 0) {
      io.out(`\n${ladderLines(loaded, ladder, machines, settings.language, style, io).join('\n')}\n`);
    }
    for (const line of programLines(loaded, ending, words)) io.err(`${line}\n`);
    if (options.json === undefined && options.quiet === undefined) {
      io.out(`${style.dim(endingText(loaded, ending, words))}\n`);
      if (!lab.scheduler.reproducible) io.err(`${words.notReproducible}\n`);
    }
    return exitStatus(loaded, ending, settings.until !== null);
  } finally {
    lab.close();
  }
}

/** Runs the lab at the speed asked for; once no program is left, the timers of the stacks run out at once. */
async function drive(
  { lab, notStarted }: LoadedLab,
  pacer: Pacer,
  settings: Settings,
  attachment: Attachment | null,
  io: Io,
): Promise<Ending> {
  pacer.speed = settings.speed ?? (attachment === null ? Number.POSITIVE_INFINITY : 1);
  const tooMuch = new AbortController();
  let running = 0;
  let written = 0;
  lab.record.subscribe((event) => {
    if (event.kind === 'terminal') written += event.text.length;
    if (event.id >= settings.eventLimit || written > MOST_OUTPUT) tooMuch.abort();
    if (event.kind !== 'process') return;
    running += event.change === 'start' ? 1 : -1;
    if (running === 0 && notStarted().length === 0) pacer.speed = Number.POSITIVE_INFINITY;
  });
  const stop = await pacer.run({
    ...(settings.until !== null && { until: settings.until }),
    signal: AbortSignal.any([io.interrupted, tooMuch.signal]),
    stay: () => attachment?.waits === true,
  });
  if (stop !== 'interrupted') return stop === 'idle' ? 'idle' : 'until';
  return io.interrupted.aborted ? 'interrupted' : 'event-limit';
}

function endingText({ lab }: LoadedLab, ending: Ending, words: Words): string {
  const now = formatSeconds(lab.sim.now);
  switch (ending) {
    case 'idle': {
      const last = lab.record.events.findLast((event) => event.kind === 'frame-sent' && !isRepeated(event));
      return words.idle(last === undefined ? null : formatSeconds(last.time), now);
    }
    case 'until':
      return words.until(now);
    case 'interrupted':
      return words.interrupted(now);
    case 'event-limit':
      return storms(lab.record.events)
        ? words.storm(now, lab.record.size)
        : words.eventLimit(now, lab.record.size);
  }
}

/** Whether at the end there was next to nothing but frames that switches and hubs passed on: they go round in a loop. */
function storms(events: readonly TraceEvent[]): boolean {
  const sent = events.slice(-STORM_SAMPLE).filter((event) => event.kind === 'frame-sent');
  return sent.length > 0 && sent.filter(isRepeated).length > 0.9 * sent.length;
}

/** Events at the end of a run that are looked at. */
const STORM_SAMPLE = 1000;

/** @param limited the person said until when; then it is no failure that programs have not ended. */
function exitStatus(loaded: LoadedLab, ending: Ending, limited: boolean): number {
  if (ending === 'interrupted') return INTERRUPTED;
  const programs = programResults(loaded.lab.record);
  const failed = loaded.failures.length > 0 || programs.some(({ status }) => status !== null && status !== 0);
  const unfinished = loaded.notStarted().length > 0 || programs.some(({ status }) => status === null);
  return failed || ending === 'event-limit' || (unfinished && !limited) ? PROGRAM_FAILED : OK;
}

function ladderLines(
  { lab }: LoadedLab,
  ladder: Ladder,
  machines: readonly string[],
  language: Language,
  style: Style,
  io: Io,
): string[] {
  const { number, time, what, why } = WORDS[language];
  return drawLadder(ladder.rows, {
    machines,
    style,
    width: io.columns,
    heads: { number, time, what, why },
    why: (row) => {
      const journey = ladder.journeys.of(row.event);
      if (journey === undefined) return '';
      const text = whyText(lab.record, ladder.journeys, journey.sent, language);
      if (row.dropped === null) return text;
      const dropped = `${row.dropped.node}: ${dropText(row.dropped.reason, language)}`;
      return row.to.length > 0 ? `${text} — ${dropped}` : `✕ ${dropped} — ${text}`;
    },
  });
}

function readSettings(options: Parsed<Option>['options'], io: Io): Settings {
  const language = languageFor(options.lang, io.env);
  if (language === null) throw new UsageError(`--lang: expected en or ko, found "${options.lang}"`);
  const duration = (name: 'until' | 'cpu-limit', value: string): Nanoseconds => {
    try {
      return parseDuration(value);
    } catch (error) {
      throw new UsageError(`--${name}: ${(error as Error).message}`);
    }
  };
  const speed =
    options.speed === undefined
      ? null
      : options.speed === 'max'
        ? Number.POSITIVE_INFINITY
        : Number(options.speed);
  if (speed !== null && !(speed > 0))
    throw new UsageError(`--speed: expected a number above 0 or max, found "${options.speed}"`);
  return {
    seed: options.seed === undefined ? 0 : wholeNumber('seed', options.seed, 0),
    until: options.until === undefined ? null : duration('until', options.until),
    speed,
    layers: options.layers === undefined ? null : wholeNumber('layers', options.layers, 1),
    language,
    cpuLimit: duration('cpu-limit', options['cpu-limit'] ?? '10s') / 1e6,
    eventLimit: wholeNumber('event-limit', options['event-limit'] ?? String(DEFAULT_EVENTS), 1),
  };
}

function wholeNumber(name: string, text: string, least: number): number {
  const n = Number(text);
  if (text.trim() === '' || !Number.isSafeInteger(n) || n < least) {
    throw new UsageError(`--${name}: expected a whole number from ${least}, found "${text}"`);
  }
  return n;
}

function frameNumber(rows: readonly LadderRow[], n: number): LadderRow {
  const row = rows[n - 1];
  if (row === undefined) throw new UsageError(`--layers: there is no frame ${n}; the run has ${rows.length}`);
  return row;
}

const machineNames = (lab: Lab): string[] =>
  [...lab.nodes].filter(([, node]) => node instanceof Host).map(([name]) => name);

function machineNamed(option: string, name: string, lab: Lab): Host {
  const node = lab.nodes.get(name);
  if (node instanceof Host) return node;
  throw new UsageError(`--${option}: there is no machine "${name}"${suggestion(name, machineNames(lab))}`);
}

/** The terminal to sit at. @throws UsageError when there is none, or something else is asked of it. */
function consoleFor(options: Parsed<Option>['options'], { console }: Io): Console {
  for (const other of ['stdin', 'json'] as const)
    if (options[other] !== undefined)
      throw new UsageError(`--attach and --${other} want the same stream: leave one of them out`);
  if (console === null)
    throw new UsageError(
      '--attach needs a terminal, and standard input or output is none; --stdin NODE types a text into a program',
    );
  return console;
}

/** What programs may know of the person's terminal: it is there, and can do what ours can. */
const terminalOf = ({ TERM, NO_COLOR }: Io['env']): Record<string, string> => ({
  ...(NO_COLOR ? { NO_COLOR } : {}),
  ...(TERM === undefined || TERM === 'dumb' ? { TERM: 'dumb' } : {}),
});

/** Types a text, and the end of input behind it, as soon as the first program of a machine has started. */
function typeInput({ name, machine }: Host, { lab }: LoadedLab, text: string): void {
  const stop = lab.record.subscribe((event) => {
    if (event.kind !== 'process' || event.node !== name || event.change !== 'start') return;
    stop();
    const terminal = machine.terminals.at(-1);
    lab.sim.after(0, () => {
      terminal?.type(text.replaceAll('\r', '').replaceAll('\n', '\r'));
      // After an unfinished line the first Ctrl-D only sends it.
      if (text !== '' && !text.endsWith('\n')) terminal?.end();
      terminal?.end();
    });
  });
}

/** The port to capture at, checked before the run. */
function capturedPort(place: string | undefined, { lab, file }: LoadedLab): string | null {
  if (place === undefined) return null;
  const [node = '', port = ''] = place.split(':');
  if (!lab.nodes.has(node)) {
    throw new UsageError(`--pcap-at: there is no node "${node}"${suggestion(node, lab.nodes.keys())}`);
  }
  const ends = file.links.flatMap(({ endpoints }) => endpoints).filter((end) => end.node === node);
  if (!ends.some((end) => end.port === port)) {
    const names = ends.map((end) => `${node}:${end.port}`);
    throw new UsageError(`--pcap-at: node "${node}" has no port "${port}"${suggestion(place, names)}`);
  }
  return place;
}

function writeFile(path: string, bytes: Uint8Array): void {
  try {
    writeFileSync(path, bytes);
  } catch (error) {
    throw new UsageError(`${path} cannot be written: ${(error as Error).message}`);
  }
}
