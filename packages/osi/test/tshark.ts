import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { encodePcapng, readPcapng } from '../src/capture/index.ts';
import {
  conversations,
  dissect,
  type Field,
  type FieldTree,
  type FrameView,
  fieldLine,
  summarize,
} from '../src/dissect/index.ts';
import { bitsAt } from '../src/dissect/tree.ts';
import { type Element, readPdml } from './pdml.ts';

/** Where our reading of a frame and tshark's part, or tshark finds fault with the frame itself. */
export interface Difference {
  /** From 1, as in Wireshark. */
  readonly frame: number;
  readonly kind:
    | 'missing'
    | 'extra'
    | 'position'
    | 'bits'
    | 'value'
    | 'label'
    | 'info'
    | 'hints'
    | 'malformed'
    | 'expert';
  readonly field: string;
  readonly ours: string;
  readonly tshark: string;
}

/** A difference in one line. */
export const lineOfDifference = ({ frame, kind, field, ours, tshark }: Difference): string =>
  `${frame} ${kind} ${field}: ours <${ours}> tshark <${tshark}>`;

export interface CompareOptions {
  /** Whether what tshark finds wrong with the frames (warnings, errors, malformed) counts: for real traffic. On by default. */
  readonly faults?: boolean;
}

const run = promisify(execFile);

const SEVERITY_WARNING = 6291456;

/**
 * Fields that Wireshark works out from the whole capture, which we do not offer: statistics, matching of requests to
 * replies, analysis (compared as hints instead).
 */
const NOT_OFFERED = new Set([
  'tcp.completeness',
  'tcp.analysis',
  'udp.stream',
  'udp.time_relative',
  'udp.time_delta',
  'icmp.resp_to',
  'icmp.resp_in',
  'icmp.resptime',
  'icmp.no_resp',
  'icmpv6.resp_to',
  'icmpv6.resp_in',
  'icmpv6.resptime',
  'icmpv6.no_resp',
  // A guess that the payload begins with the time of sending; it then counts as no data.
  'icmp.data_time',
  'icmp.data_time_relative',
  'tcp.options.sack.dsack_le',
  'tcp.options.sack.dsack_re',
]);

/** What PDML says of the packet in the file, and of what it thinks about it. */
const ABOUT_THE_FILE = new Set(['geninfo', 'frame', 'pkt_comment', '_ws.expert']);

/** Of a segment quoted in an ICMP error we do not say what only the rest of its connection could tell. */
const NOT_OFFERED_QUOTED = new Set([
  'tcp.stream',
  'tcp.window_size',
  'tcp.window_size_scalefactor',
  'tcp.time_relative',
  'tcp.time_delta',
]);

/** Whether tshark is there to judge. Where it must be (CI) its absence is an error, elsewhere a reason to skip. */
export function tsharkIsThere(): boolean {
  try {
    execFileSync('tshark', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    if (process.env.CI) throw new Error('tshark is missing: install it (Debian: apt-get install tshark)');
    return false;
  }
}

/** Frames a millisecond apart, as one capture. */
export function capture(frames: readonly Uint8Array[], times?: readonly number[]): Uint8Array {
  const bytesAt = (bytes: Uint8Array, i: number) => ({ time: times?.[i] ?? i * 1_000_000, bytes });
  return encodePcapng(
    ['client:eth0'],
    frames.map(bytesAt).map((frame) => ({ ...frame, interface: 0, direction: 'out', comment: '' })),
  );
}

/** Reads a capture with tshark and with our dissector, and tells every difference, field by field. */
export async function compareWithTshark(
  pcapng: Uint8Array,
  options: CompareOptions = {},
): Promise<Difference[]> {
  const folder = await mkdtemp(join(tmpdir(), 'netarium-tshark-'));
  try {
    const file = join(folder, 'capture.pcapng');
    await writeFile(file, pcapng);
    const packets = readPdml(await tshark(file, ['-T', 'pdml']));
    const infos = (await tshark(file, ['-T', 'fields', '-e', '_ws.col.Info'])).split('\n');
    return compare(pcapng, packets, infos, options.faults ?? true);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function tshark(file: string, format: readonly string[]): Promise<string> {
  const preferences = ['tcp.check_checksum', 'ip.check_checksum', 'udp.check_checksum'].map(
    (name) => `${name}:TRUE`,
  );
  // Each frame by itself; and payloads are data, whatever their port.
  preferences.push(
    'ip.defragment:FALSE',
    'ipv6.defragment:FALSE',
    'tcp.desegment_tcp_streams:FALSE',
    'tcp.no_subdissector_on_error:FALSE',
  );
  const decode = ['-d', 'tcp.port==1-65535,data', '-d', 'udp.port==1-65535,data'];
  const args = ['-n', '-r', file, ...preferences.flatMap((name) => ['-o', name]), ...decode, ...format];
  const { stdout } = await run('tshark', args, { maxBuffer: 1 << 30 });
  return stdout;
}

function compare(
  pcapng: Uint8Array,
  packets: readonly Element[],
  infos: readonly string[],
  faults: boolean,
): Difference[] {
  const frames = readPcapng(pcapng);
  const views = conversations(frames);
  if (packets.length !== frames.length) {
    const counts = { ours: String(frames.length), tshark: String(packets.length) };
    return [{ frame: 0, kind: 'missing', field: 'frame', ...counts }];
  }
  return frames.flatMap(({ bytes }, index) => {
    const packet = packets[index] as Element;
    const view = views[index] as FrameView;
    const tree = dissect(bytes, view.context);
    const found = compareFrame(tree, packet, faults);
    found.push(...compareInfo(tree, view, packet, infos[index] ?? ''));
    return found.map((difference) => ({ ...difference, frame: index + 1 }));
  });
}

type Found = Omit<Difference, 'frame'>;

function compareFrame(tree: FieldTree, packet: Element, faults: boolean): Found[] {
  const differences: Found[] = [];
  const theirs = new Map<string, Element[]>();
  collectTheirs(packet.children, theirs, false);
  const ours = new Map<string, Field[]>();
  collectOurs(tree.protocols, ours);
  if (has(packet, 'icmp.data_time')) {
    for (const name of ['data.data', 'data.len', 'data']) {
      theirs.delete(name);
      ours.delete(name);
    }
  }
  for (const name of new Set([...theirs.keys(), ...ours.keys()])) {
    const expected = theirs.get(name) ?? [];
    const offered = ours.get(name) ?? [];
    for (let i = 0; i < Math.max(expected.length, offered.length); i++) {
      differences.push(...compareField(tree.bytes, name, offered[i], expected[i]));
    }
  }
  if (faults) differences.push(...faultsOf(packet));
  return differences;
}

const has = (element: Element, name: string): boolean =>
  element.name === name || element.children.some((child) => has(child, name));

function collectTheirs(elements: readonly Element[], into: Map<string, Element[]>, quoted: boolean): void {
  for (const element of elements) {
    const { name } = element;
    if (element.hidden || ABOUT_THE_FILE.has(name)) continue;
    if (NOT_OFFERED.has(name) || (quoted && NOT_OFFERED_QUOTED.has(name))) continue;
    const isWrapper = name === '' || name === 'fake-field-wrapper';
    const worded = { ...element, showname: wording(element, quoted) };
    if (!isWrapper && name !== '_ws.malformed') into.set(name, [...(into.get(name) ?? []), worded]);
    collectTheirs(element.children, into, quoted || name === 'icmp' || name === 'icmpv6');
  }
}

function collectOurs(fields: readonly Field[], into: Map<string, Field[]>): void {
  for (const field of fields) {
    if (field.name !== '' && field.name !== '_ws.malformed') {
      into.set(field.name, [...(into.get(field.name) ?? []), field]);
    }
    collectOurs(field.children, into);
  }
}

function compareField(bytes: Uint8Array, name: string, ours?: Field, theirs?: Element): Found[] {
  if (ours === undefined || theirs === undefined) {
    const kind = ours === undefined ? 'missing' : 'extra';
    return [{ kind, field: name, ours: ours ? fieldLine(bytes, ours) : '', tshark: theirs?.showname ?? '' }];
  }
  const found: Found[] = [];
  const differ = (kind: Found['kind'], mine: string, other: string): void => {
    if (mine !== other) found.push({ kind, field: name, ours: mine, tshark: other });
  };
  if (name !== 'data') {
    differ('position', place(ours, theirs), `${theirs.pos}+${theirs.size}`);
    differ('label', fieldLine(bytes, ours), theirs.showname);
  }
  // Its control characters are escaped in ways of PDML's own.
  if ('layer' in ours || name === 'tcp.reset_cause')
    return found.filter(({ kind }) => kind !== 'label' || name !== 'tcp.reset_cause');
  // A heading, which is more than its name to us.
  if (theirs.show === '' && theirs.value === '') return found;
  if (theirs.unmasked !== undefined)
    differ('bits', bitsAt(bytes, ours.bitOffset, ours.bitLength).toString(16), theirs.value.toLowerCase());
  // What only marks something (FT_NONE) has no value in PDML, though a place.
  else if (ours.bitLength > 0 && ours.within === undefined && ours.value !== '') {
    differ(
      'value',
      hexOf(bytes.subarray(ours.bitOffset / 8, (ours.bitOffset + ours.bitLength) / 8)),
      theirs.value,
    );
  }
  differ('value', shown(ours, theirs.show), theirs.show);
  return found;
}

/** Its line, without guesses about checksum offload, and without calling a quoted segment's number relative: it is not. */
function wording(element: Element, quoted: boolean): string {
  const plain = element.showname.trimEnd().replace(/ ?\(may ?be caused by "[^"]*"\?\)$/, '');
  return quoted ? plain.replace('    (relative ack number)', '') : plain;
}

/** Our position in whole bytes; a part of a word is where tshark says when it lies in there. */
function place(ours: Field, theirs: Element): string {
  const first = Math.floor(ours.bitOffset / 8);
  const last = Math.ceil((ours.bitOffset + ours.bitLength) / 8);
  const inside = ours.within !== undefined && first >= theirs.pos && last <= theirs.pos + theirs.size;
  // A part of a word of 12 bits is given in whole bytes, of which tshark names the one that holds its first bit.
  return inside ? `${theirs.pos}+${theirs.size}` : `${first}+${last - first}`;
}

/** Our value as PDML's `show` has it, in the notation that `show` uses. */
function shown(ours: Field, like: string): string {
  const { value } = ours;
  if (value instanceof Uint8Array)
    return Array.from(value, (byte) => byte.toString(16).padStart(2, '0')).join(':');
  if (typeof value === 'string') return value;
  if (ours.name === 'tcp.flags.res') return value === 0 ? '0' : '1';
  if (like.startsWith('0x')) return `0x${value.toString(16).padStart(like.length - 2, '0')}`;
  return /\.\d{9}$/.test(like) ? value.toFixed(9) : String(value);
}

const hexOf = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** What the packet list says, without what needs later frames: which reply answers a request. */
function compareInfo(tree: FieldTree, view: FrameView, packet: Element, info: string): Found[] {
  const found: Found[] = [];
  const mine = summarize(tree, view).info;
  const theirs = info.replace(/ {1,2}\((?:no response found!|(?:reply|request) in \d+)\)$/, '');
  if (mine !== theirs) found.push({ kind: 'info', field: 'info', ours: mine, tshark: theirs });
  const hints = (view.tcp?.hints ?? []).map((hint) => `tcp.analysis.${hint.replaceAll('-', '_')}`).sort();
  // It calls a fast or spurious retransmission a retransmission as well.
  const special = hints.some((hint) => /(?:fast|spurious)_retransmission$/.test(hint));
  const expected = [...new Set(analysisOf(packet))]
    .filter((name) => !special || name !== 'tcp.analysis.retransmission')
    .sort();
  if (hints.join() !== expected.join()) {
    found.push({ kind: 'hints', field: 'tcp.analysis', ours: hints.join(' '), tshark: expected.join(' ') });
  }
  return found;
}

/** Judgements only: numbers that go with them (`tcp.analysis.rto`) aside. */
const ANALYSIS =
  /^tcp\.analysis\.(?:reused_ports|retransmission|fast_retransmission|spurious_retransmission|out_of_order|lost_segment|ack_lost_segment|window_update|window_full|keep_alive|keep_alive_ack|duplicate_ack|zero_window|zero_window_probe|zero_window_probe_ack)$/;

function analysisOf(element: Element): string[] {
  // Of quoted segments tshark judges too, as if they had been sent again.
  if (element.name === 'icmp' || element.name === 'icmpv6') return [];
  const own = ANALYSIS.test(element.name) ? [element.name] : [];
  return [...own, ...element.children.flatMap(analysisOf)];
}

/** What tshark finds wrong: malformed packets, warnings and errors, and anything odd about a TCP connection. */
function faultsOf(element: Element): Found[] {
  const found: Found[] = [];
  if (element.name === '_ws.malformed' && !element.hidden) {
    found.push({ kind: 'malformed', field: element.name, ours: '', tshark: element.showname });
  }
  if (element.name === '_ws.expert') {
    const severity = Number(element.children.find(({ name }) => name === '_ws.expert.severity')?.show ?? 0);
    const subject = element.children[0]?.name ?? '';
    // A reset is how a refused connection looks.
    const expected = subject === 'tcp.connection.rst';
    if (!expected && (severity >= SEVERITY_WARNING || subject.startsWith('tcp.analysis.'))) {
      found.push({ kind: 'expert', field: subject, ours: '', tshark: element.showname });
    }
  }
  return [...found, ...element.children.flatMap(faultsOf)];
}
