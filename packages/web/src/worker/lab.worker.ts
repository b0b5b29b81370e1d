import type { WindowSize } from '@netarium/machine';
import type { TraceEvent } from '@netarium/osi/trace';
import { Host, isMachine, LabError, type LoadedLab, loadLab } from 'netarium';
import type { Command, LabDescription, NotRun, Report, Trouble } from '../protocol.ts';
import { Drive } from './drive.ts';
import { type Python, preparePython } from './python.ts';

/**
 * The lab's worker: loads labs, lets their time pass as the page asks, and tells the page what is new in the record.
 * Python's own workers are started from in here.
 */
const post = (report: Report, transfer: Transferable[] = []): void => self.postMessage(report, { transfer });

/** Nothing until the page says where CPython's files are. */
let python: Python = { programs: {}, prepared: Promise.resolve() };

interface Session {
  readonly run: number;
  readonly loaded: LoadedLab;
  readonly drive: Drive;
  readonly close: () => void;
}

let session: Session | null = null;
/** The size of the window in which the page shows each machine's terminals; it outlives a load. */
const windows = new Map<string, WindowSize>();

self.addEventListener('message', ({ data }: MessageEvent<Command>) => {
  switch (data.type) {
    case 'prepare':
      python = preparePython(data.python, (state, message) => post({ type: 'python', state, message }));
      return;
    case 'load':
      load(data);
      return;
    case 'run':
      session?.drive.run();
      return;
    case 'pause':
      session?.drive.pause();
      return;
    case 'step':
      session?.drive.step(data.kind);
      return;
    case 'speed':
      if (session !== null) session.drive.speed = data.speed;
      return;
    case 'type':
      if (session !== null) typeOn(session, data.node, data.text);
      return;
    case 'resize':
      windows.set(data.node, { rows: data.rows, columns: data.columns });
      if (session !== null) resize(session, data.node);
      return;
    default:
  }
});

function load({ run, files, file, seed }: Extract<Command, { type: 'load' }>): void {
  session?.close();
  session = null;
  const trouble = (kind: Trouble['kind'], error: unknown) =>
    post({
      type: 'trouble',
      run,
      trouble: { kind, message: error instanceof Error ? error.message : String(error) },
    });
  try {
    const encoder = new TextEncoder();
    const bytes = new Map(Object.entries(files).map(([path, text]) => [path, encoder.encode(text)]));
    const loaded = loadLab(bytes, {
      file,
      seed,
      programs: python.programs,
      watchdog: WATCHDOG,
      outputLimit: OUTPUT_LIMIT,
    });
    const outbox = new Outbox(run, loaded);
    const drive = new Drive(loaded, python.prepared, {
      clock: (from, to, wall) => {
        outbox.flush();
        post({ type: 'clock', run, from, to, wall });
      },
      phase: (phase) => {
        outbox.flush();
        post({ type: 'not-run', run, commands: phase === 'ended' ? notRun(loaded) : [] });
        post({ type: 'phase', run, phase, reproducible: loaded.lab.scheduler.reproducible });
      },
      failed: (error) => trouble('crash', error),
    });
    session = {
      run,
      loaded,
      drive,
      close: () => {
        drive.close();
        outbox.close();
        loaded.lab.close();
      },
    };
    for (const name of windows.keys()) resize(session, name);
    post({ type: 'loaded', run, lab: describe(loaded) });
    drive.ready();
  } catch (error) {
    trouble(error instanceof LabError ? 'lab' : 'crash', error);
  }
}

function notRun({ failures, notStarted }: LoadedLab): NotRun[] {
  return [
    ...failures.map(({ node, command, message }) => ({ node, command, message, waitsFor: null })),
    ...notStarted().map(({ node, command, waitFor }) => ({
      node,
      command,
      message: null,
      waitsFor: `${waitFor.node}:${waitFor.port}`,
    })),
  ];
}

/** A program may compute for so long (in milliseconds) before time goes on without it. */
const PATIENCE = 4000;
const WATCHDOG = {
  verdict: 'go-on',
  watch(overrun: () => void) {
    const timer = setTimeout(overrun, PATIENCE);
    return () => clearTimeout(timer);
  },
} as const;

/** A program may write so much and so often to its terminal: what it goes on to write is in the record only in part. */
const OUTPUT_LIMIT = { characters: 4 * 1024 * 1024, writes: 20_000 } as const;

/** Collects what is new in the record and sends it in batches: with each tick of the clock, and at least so often. */
const BATCH_INTERVAL = 30;

class Outbox {
  readonly #run: number;
  readonly #loaded: LoadedLab;
  readonly #unsubscribe: () => void;
  #events: TraceEvent[] = [];
  #size = 0;
  #last = 0;

  constructor(run: number, loaded: LoadedLab) {
    this.#run = run;
    this.#loaded = loaded;
    for (const event of loaded.lab.record.events) this.#add(event);
    this.#unsubscribe = loaded.lab.record.subscribe((event) => {
      this.#add(event);
      if (performance.now() - this.#last > BATCH_INTERVAL) this.flush();
    });
  }

  #add(event: TraceEvent): void {
    this.#events.push(event);
    if (event.kind === 'frame-sent') this.#size += event.length;
  }

  flush(): void {
    this.#last = performance.now();
    if (this.#events.length === 0) return;
    const bytes = new Uint8Array(this.#size);
    let at = 0;
    for (const event of this.#events) {
      if (event.kind !== 'frame-sent') continue;
      bytes.set(this.#loaded.lab.record.bytes(event), at);
      at += event.length;
    }
    const events = this.#events;
    this.#events = [];
    this.#size = 0;
    post({ type: 'events', run: this.#run, events, bytes }, [bytes.buffer]);
  }

  close(): void {
    this.#unsubscribe();
  }
}

function describe({ lab, file }: LoadedLab): LabDescription {
  return {
    name: file.name,
    title: file.title,
    nodes: file.nodes.map((node) => ({
      name: node.name,
      kind: node.kind,
      addresses: isMachine(node) ? [...node.addresses] : [],
      run: isMachine(node) ? node.run.map(({ command }) => command) : [],
    })),
    links: lab.links.map(({ a, b, aToB }) => ({
      a: { node: a.tracer.node, port: a.name },
      b: { node: b.tracer.node, port: b.name },
      bandwidth: Number.isFinite(aToB.bandwidth) ? aToB.bandwidth : null,
      delay: aToB.delay,
    })),
  };
}

function typeOn({ loaded, drive }: Session, name: string, text: string): void {
  const node = loaded.lab.node(name);
  if (node instanceof Host) drive.act(() => node.machine.terminalInFront?.type(text));
}

function resize({ loaded, drive }: Session, name: string): void {
  const [node, window] = [loaded.lab.nodes.get(name), windows.get(name)];
  if (node instanceof Host && window !== undefined) drive.act(() => node.machine.resize(window));
}
