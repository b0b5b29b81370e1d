import type { OutputLimit, Program, Watchdog } from '@netarium/machine';
import type { TraceEvent } from '@netarium/osi/trace';
import { Host } from './host.ts';
import { Lab } from './lab.ts';
import {
  isMachine,
  type LabFile,
  type MachineSpec,
  type RunSpec,
  type SwitchSpec,
} from './lab-file/model.ts';
import { parseLabFile } from './lab-file/parse.ts';
import { LabError } from './lab-file/problem.ts';

/** The files of a lab's folder: paths relative to it (`server/server.py`), with `/`. */
export type LabFiles = ReadonlyMap<string, Uint8Array>;

export interface LoadOptions {
  readonly seed?: number;
  readonly epoch?: number;
  readonly watchdog?: Watchdog;
  readonly outputLimit?: OutputLimit;
  /** Which of the folder's lab files; default `lab.yaml`. */
  readonly file?: string;
  /** What messages put in front of paths: the folder as the person named it. */
  readonly folder?: string;
  /** Programs that every machine has besides its own commands: `{ python3: pythonProgram() }`. */
  readonly programs?: Readonly<Record<string, Program>>;
  /** Further environment variables of the lab's commands, or of those of a machine. */
  readonly env?: Environment | ((node: string) => Environment);
}

type Environment = Readonly<Record<string, string>>;

/** A command of the lab file that has not been started, since what it waits for has not come. */
export interface NotStarted {
  readonly node: string;
  readonly command: string;
  readonly waitFor: { readonly node: string; readonly port: number };
}

/** A lab built from files, with its commands scheduled: drive `lab` to run it. */
export interface LoadedLab {
  readonly lab: Lab;
  readonly file: LabFile;
  /** The commands that still wait to be started. */
  readonly notStarted: () => NotStarted[];
  /** Commands that could not be started, with the reason: `pyhton3: command not found`. */
  readonly failures: readonly { readonly node: string; readonly command: string; readonly message: string }[];
}

/**
 * Builds a lab from the files of its folder. The files below a machine's name become those of its home directory.
 *
 * @throws LabError with one line for each problem.
 */
export function loadLab(files: LabFiles, options: LoadOptions = {}): LoadedLab {
  const { file: name = 'lab.yaml', folder = '', seed, epoch, watchdog, outputLimit, programs = {} } = options;
  const path = `${folder}${name}`;
  const bytes = files.get(name);
  if (bytes === undefined) {
    throw new LabError([
      { path, line: 1, column: 1, message: 'no such file: a lab is a folder with a lab.yaml' },
    ]);
  }
  const file = parseLabFile(path, new TextDecoder().decode(bytes), (wanted) => files.has(wanted));
  const lab = new Lab({ seed, epoch, watchdog, outputLimit });
  for (const node of file.nodes) {
    if (!isMachine(node)) {
      if (node.kind === 'switch') addSwitch(lab, node);
      else lab.hub(node.name, { duplex: node.duplex, ...(node.bandwidth && { bandwidth: node.bandwidth }) });
      continue;
    }
    const machine = addMachine(lab, node);
    for (const [command, program] of Object.entries(programs)) machine.install(command, program);
    for (const [filePath, content] of files) {
      if (filePath.startsWith(`${node.name}/`)) machine.write(filePath.slice(node.name.length + 1), content);
    }
  }
  for (const { endpoints, ...link } of file.links) {
    const [a, b] = endpoints;
    lab.link(`${a.node}:${a.port}`, `${b.node}:${b.port}`, link);
  }
  const starter = new Starter(lab, options.env ?? {});
  for (const node of file.nodes) if (isMachine(node)) for (const run of node.run) starter.add(node.name, run);
  return { lab, file, notStarted: () => starter.waiting(), failures: starter.failures };
}

function addSwitch(lab: Lab, { name, ports, stp, priority, latency }: SwitchSpec): void {
  lab.switch(name, {
    ports: Object.fromEntries(ports),
    stp,
    ...(priority !== undefined && { priority }),
    ...(latency !== undefined && { latency }),
  });
}

function addMachine(lab: Lab, node: MachineSpec): Host {
  const options = {
    addresses: Object.fromEntries(node.addresses),
    routes: node.routes,
    ...(node.gateway !== null && { gateway: node.gateway }),
    ...(node.ipv6 !== null && { ipv6: node.ipv6 }),
  };
  return node.kind === 'router' ? lab.router(node.name, options) : lab.host(node.name, options);
}

interface Pending {
  readonly node: string;
  readonly run: RunSpec;
  readonly waitFor: { readonly node: string; readonly port: number };
}

/** Starts commands when their time has come. */
class Starter {
  readonly failures: { node: string; command: string; message: string }[] = [];
  readonly #lab: Lab;
  readonly #env: (node: string) => Environment;
  #pending: Pending[] = [];

  constructor(lab: Lab, env: Environment | ((node: string) => Environment)) {
    this.#lab = lab;
    this.#env = typeof env === 'function' ? env : () => env;
    lab.record.subscribe((event) => this.#notice(event));
  }

  add(node: string, run: RunSpec): void {
    if (run.waitFor === null) this.#start(node, run);
    else this.#pending.push({ node, run, waitFor: run.waitFor });
  }

  waiting(): NotStarted[] {
    return this.#pending.map(({ node, run, waitFor }) => ({ node, command: run.command, waitFor }));
  }

  /** A TCP socket listens, or a UDP socket has got its port. */
  #notice(event: TraceEvent): void {
    if (event.kind !== 'socket-state' || (event.to !== 'LISTEN' && event.to !== 'OPEN')) return;
    const place = `${event.node}:${event.local.slice(event.local.lastIndexOf(':') + 1)}`;
    const due = this.#pending.filter(({ waitFor }) => `${waitFor.node}:${waitFor.port}` === place);
    this.#pending = this.#pending.filter((pending) => !due.includes(pending));
    for (const { node, run } of due) this.#start(node, run);
  }

  #start(name: string, run: RunSpec): void {
    this.#lab.sim.after(run.after, () => {
      const node = this.#lab.node(name);
      if (!(node instanceof Host)) return;
      try {
        node.machine.spawn(run.argv, { env: this.#env(name) });
      } catch (error) {
        // What is not there is the person's mistake; anything else is ours.
        if (!(error instanceof Error && error.name === 'SpawnError')) throw error;
        this.failures.push({ node: name, command: run.command, message: error.message });
      }
    });
  }
}
