import type { AsyncSystemCalls } from '../../program.ts';
import { print, readText } from '../support.ts';
import { always, count, type Phrase, received, sent } from './phrases.ts';
import { PHRASES6 } from './phrases6.ts';

/** The counters of `/proc/net/snmp` and `/proc/net/netstat` in net-tools' words. Null: never shown. */
const PHRASES: Readonly<Record<string, Readonly<Record<string, Phrase | null>>>> = {
  Ip: {
    DefaultTTL: null,
    InReceives: always('total packets received'),
    InHdrErrors: count('with invalid headers'),
    InAddrErrors: count('with invalid addresses'),
    ForwDatagrams: always('forwarded'),
    InUnknownProtos: count('with unknown protocol'),
    InDiscards: always('incoming packets discarded'),
    InDelivers: always('incoming packets delivered'),
    OutRequests: always('requests sent out'),
    OutDiscards: count('outgoing packets dropped'),
    OutNoRoutes: count('dropped because of missing route'),
    ReasmTimeout: count('fragments dropped after timeout'),
    ReasmReqds: count('reassemblies required'),
    ReasmOKs: count('packets reassembled ok'),
    ReasmFails: count('packet reassemblies failed'),
    FragOKs: count('fragments received ok'),
    FragFails: count('fragments failed'),
    FragCreates: count('fragments created'),
  },
  Icmp: {
    InMsgs: always('ICMP messages received'),
    InErrors: always('input ICMP message failed'),
    InDestUnreachs: received('destination unreachable'),
    InTimeExcds: received('timeout in transit'),
    InParmProbs: received('wrong parameters'),
    InSrcQuenchs: received('source quenches'),
    InRedirects: received('redirects'),
    InEchos: received('echo requests'),
    InEchoReps: received('echo replies'),
    InTimestamps: received('timestamp request'),
    InTimestampReps: received('timestamp reply'),
    InAddrMasks: received('address mask request'),
    InAddrMaskReps: received('address mask replies'),
    OutMsgs: always('ICMP messages sent'),
    OutErrors: always('ICMP messages failed'),
    OutDestUnreachs: sent('destination unreachable'),
    OutTimeExcds: sent('time exceeded'),
    OutParmProbs: sent('wrong parameters'),
    OutSrcQuenchs: sent('source quench'),
    OutRedirects: sent('redirect'),
    OutEchos: sent('echo requests'),
    OutEchoReps: sent('echo replies'),
    OutTimestamps: sent('timestamp requests'),
    OutTimestampReps: sent('timestamp replies'),
    OutAddrMasks: sent('address mask requests'),
    OutAddrMaskReps: sent('address mask replies'),
  },
  Tcp: {
    RtoAlgorithm: null,
    RtoMin: null,
    RtoMax: null,
    MaxConn: null,
    ActiveOpens: always('active connection openings'),
    PassiveOpens: always('passive connection openings'),
    AttemptFails: always('failed connection attempts'),
    EstabResets: always('connection resets received'),
    CurrEstab: always('connections established'),
    InSegs: always('segments received'),
    OutSegs: always('segments sent out'),
    RetransSegs: always('segments retransmitted'),
    InErrs: always('bad segments received'),
    OutRsts: always('resets sent'),
  },
  Udp: {
    InDatagrams: always('packets received'),
    NoPorts: always('packets to unknown port received'),
    InErrors: always('packet receive errors'),
    OutDatagrams: always('packets sent'),
    RcvbufErrors: always('receive buffer errors'),
    SndbufErrors: always('send buffer errors'),
  },
  TcpExt: {
    EmbryonicRsts: count('resets received for embryonic SYN_RECV sockets'),
    OutOfWindowIcmps: count('ICMP packets dropped because they were out-of-window'),
    TW: count('TCP sockets finished time wait in fast timer'),
    TWRecycled: count('time wait sockets recycled by time stamp'),
    DelayedACKs: count('delayed acks sent'),
    ListenOverflows: count('times the listen queue of a socket overflowed'),
    ListenDrops: count('SYNs to LISTEN sockets dropped'),
    TCPHPHits: count('packet headers predicted'),
    TCPPureAcks: count('acknowledgments not containing data payload received'),
    TCPHPAcks: count('predicted acknowledgments'),
    TCPRenoRecovery: count('times recovered from packet loss due to fast retransmit'),
    TCPFastRetrans: count('fast retransmits'),
    TCPSlowStartRetrans: count('retransmits in slow start'),
    TCPAbortOnData: count('connections reset due to unexpected data'),
    TCPAbortOnClose: count('connections reset due to early user close'),
    TCPAbortOnTimeout: count('connections aborted due to timeout'),
    TCPAbortOnMemory: count('connections aborted due to memory pressure'),
    TCPAbortOnLinger: count('connections aborted after user close in linger timeout'),
  },
};

/** What `netstat -s` is asked for: of TCP and UDP alone, of IPv6. */
export interface Wanted {
  readonly tcp: boolean;
  readonly udp: boolean;
  readonly six: boolean;
}

/** `netstat -s`. */
export async function showStatistics(sys: AsyncSystemCalls, { tcp, udp, six }: Wanted): Promise<void> {
  const writer = new Writer();
  const shows = (group: string): boolean =>
    (!tcp && !udp) || (tcp && group.startsWith('Tcp')) || (udp && group.startsWith('Udp'));
  if (six) {
    const file = await readText(sys, '/proc/net/snmp6');
    for (const [group, counters] of groups6(typeof file === 'number' ? '' : file)) {
      if (shows(group)) writer.group(group, PHRASES6[group] ?? {}, counters);
    }
  }
  for (const path of ['/proc/net/snmp', '/proc/net/netstat']) {
    const file = await readText(sys, path);
    for (const [group, counters] of groups4(typeof file === 'number' ? '' : file)) {
      if (shows(group) && (!six || group === 'Tcp')) writer.group(group, PHRASES[group] ?? {}, counters);
    }
  }
  await print(sys, writer.text);
}

type Counters = readonly (readonly [name: string, value: number])[];

/** Lines of names, each with a line of numbers behind it. */
function groups4(file: string): [group: string, counters: Counters][] {
  const lines = file.trimEnd().split('\n');
  return lines.flatMap((line, i): [string, Counters][] => {
    const [group = '', names = ''] = line.split(': ');
    const values = (lines[i + 1] ?? '').split(': ')[1]?.split(' ') ?? [];
    return i % 2 === 1
      ? []
      : [[group, names.split(' ').map((name, k) => [name, Number(values[k])] as const)]];
  });
}

/** A counter in each line, whose name begins with its group's. */
function groups6(file: string): Map<string, [name: string, value: number][]> {
  const groups = new Map<string, [string, number][]>();
  for (const [, name = '', group = '', value] of file.matchAll(/^(([A-Z][A-Za-z]*6)\w+)\s+(\d+)$/gm)) {
    const counters = groups.get(group) ?? [];
    counters.push([name, Number(value)]);
    groups.set(group, counters);
  }
  return groups;
}

/** Writes as net-tools does: lines that follow the title of a histogram are indented once more until one is not of it. */
class Writer {
  text = '';
  #histogram = '';

  group(title: string, phrases: Readonly<Record<string, Phrase | null>>, counters: Counters): void {
    this.text += `${title}:\n`;
    for (const [name, value] of counters) this.#counter(name, value, phrases[name]);
  }

  #counter(name: string, value: number, phrase: Phrase | null | undefined): void {
    if (phrase === null) return;
    if (phrase === undefined) {
      // net-tools has no words for it: its name and number, unless it is 0.
      if (value !== 0) this.#line(`${name}: ${value}`);
    } else if (phrase.histogram !== undefined) {
      if (this.#histogram !== phrase.histogram) this.#line(`${phrase.histogram}:`);
      this.#histogram = phrase.histogram;
      if (value !== 0) this.#line(`${phrase.words}: ${value}`);
    } else if (phrase.always === true || value !== 0) {
      this.#histogram = '';
      this.#line(`${value} ${phrase.words}`);
    }
  }

  #line(words: string): void {
    this.text += `${this.#histogram === '' ? '    ' : '        '}${words}\n`;
  }
}
