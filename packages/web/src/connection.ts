import { bundledLabs } from './labs.ts';
import type { Command, LabFiles, Report, Speed, StepKind } from './protocol.ts';
import { freshRun, useGlass } from './store.ts';

/** The page's end of the lab's worker: commands go out, reports come in and become the page's state. */
let worker: Worker | null = null;
/** Which load the page waits for or shows; reports of earlier ones are stale. */
let run = 0;

/** Starts the worker, which begins to prepare Python, and loads the first lab. */
export function connect(): void {
  start();
  const first = bundledLabs.find(({ id }) => id === chosenLab()) ?? bundledLabs[0];
  if (first !== undefined) chooseLab(first.id);
}

function start(): void {
  worker?.terminate();
  worker = new Worker(new URL('./worker/lab.worker.ts', import.meta.url), { type: 'module', name: 'lab' });
  worker.addEventListener('message', ({ data }: MessageEvent<Report>) => receive(data));
  worker.addEventListener('error', (event) => {
    event.preventDefault();
    crashed(event.message || 'the worker ended');
  });
  send({ type: 'prepare', python: new URL('python/', document.baseURI).href });
}

function send(command: Command): void {
  worker?.postMessage(command);
}

/** The lab named in the address: `#lab=echo`. */
function chosenLab(): string | null {
  return new URLSearchParams(location.hash.slice(1)).get('lab');
}

export function chooseLab(id: string): void {
  const lab = bundledLabs.find((known) => known.id === id);
  if (lab === undefined) return;
  useGlass.setState({ labId: id, labFile: lab.file, files: lab.files, lab: null });
  restart();
}

/** Loads the lab as its files now stand; what was running is over. */
export function restart(): void {
  const { files, labFile, seed, speed } = useGlass.getState();
  run++;
  useGlass.setState({ ...freshRun(), phase: 'loading', loaded: files });
  if (worker === null) start();
  send({ type: 'load', run, files, file: labFile, seed });
  send({ type: 'speed', speed });
}

export function runLab(): void {
  const { phase } = useGlass.getState();
  if (phase === 'running' || phase === 'failed') return;
  if (phase === 'ended' || isOutdated()) restart();
  useGlass.setState({ view: null });
  send({ type: 'run' });
}

/** Whether nothing has run yet and the files were changed: what was loaded is not what a person means to run. */
function isOutdated(): boolean {
  const { phase, files, loaded } = useGlass.getState();
  return phase === 'ready' && files !== loaded;
}

export function pauseLab(): void {
  send({ type: 'pause' });
}

export function stepLab(kind: StepKind): void {
  if (isOutdated()) restart();
  useGlass.setState({ view: null });
  send({ type: 'step', kind });
}

export function setSpeed(speed: Speed): void {
  useGlass.setState({ speed });
  send({ type: 'speed', speed });
}

/** Another seed: a run that has not begun yet begins with it at once, any other at its restart. */
export function setSeed(seed: number): void {
  useGlass.setState({ seed });
  if (useGlass.getState().phase === 'ready') restart();
}

export function typeOn(node: string, text: string): void {
  send({ type: 'type', node, text });
}

/** How large the window is in which a person sees a machine's terminals. */
export function resizeWindow(node: string, size: { readonly rows: number; readonly columns: number }): void {
  send({ type: 'resize', node, ...size });
}

/** Changes a file of the lab; a run that has begun goes on with the old one until its restart. */
export function editFile(path: string, text: string): void {
  const { files } = useGlass.getState();
  if (files[path] !== text) useGlass.setState({ files: { ...files, [path]: text } as LabFiles });
}

/** The text a file came with. */
export function originalOf(path: string): string | undefined {
  return bundledLabs.find(({ id }) => id === useGlass.getState().labId)?.files[path];
}

function crashed(message: string): void {
  worker?.terminate();
  worker = null;
  useGlass.setState({ phase: 'failed', trouble: { kind: 'crash', message } });
}

function receive(report: Report): void {
  if (report.type === 'python') {
    useGlass.setState({ python: { state: report.state, message: report.message } });
    return;
  }
  if (report.run !== run) return;
  switch (report.type) {
    case 'loaded':
      useGlass.setState({ lab: report.lab });
      return;
    case 'events': {
      const { model, version } = useGlass.getState();
      model.append(report.events, report.bytes);
      useGlass.setState({ version: version + 1 });
      return;
    }
    case 'clock': {
      const { from, to, wall } = report;
      useGlass.setState({ clock: { from, to, wall, start: performance.now() } });
      return;
    }
    case 'phase':
      useGlass.setState({ phase: report.phase, reproducible: report.reproducible });
      return;
    case 'not-run':
      useGlass.setState({ notRun: report.commands });
      return;
    case 'trouble':
      useGlass.setState({ trouble: report.trouble, phase: 'failed' });
      return;
    default:
  }
}
