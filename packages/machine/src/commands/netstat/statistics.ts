import type { AsyncSystemCalls } from '../../program.ts';
import { print, readText } from '../support.ts';

/** How `netstat -s` says a counter: the words after the number; with `always` also when it is 0. */
interface Phrase {
  readonly words: string;
  readonly always?: boolean;
  /** A line of a histogram: the words come first, and the line is indented once more. */
  readonly histogram?: 'ICMP input histogram' | 'ICMP output histogram';
}

const count = (words: string): Phrase => ({ words });
const always = (words: string): Phrase => ({ words, always: true });
const received = (words: string): Phrase => ({ words, histogram: 'ICMP input histogram' });
const sent = (words: string): Phrase => ({ words, histogram: 'ICMP output histogram' });

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

/** `netstat -s`. */
export async function showStatistics(sys: AsyncSystemCalls, tcp: boolean, udp: boolean): Promise<void> {
  const files = [await readText(sys, '/proc/net/snmp'), await readText(sys, '/proc/net/netstat')];
  let text = '';
  for (const file of files) {
    const lines = typeof file === 'number' ? [] : file.split('\n');
    for (let i = 0; i + 1 < lines.length; i += 2) {
      const [group = '', names = ''] = (lines[i] ?? '').split(': ');
      const values = (lines[i + 1] ?? '').split(': ')[1] ?? '';
      if ((tcp || udp) && !((tcp && group.startsWith('Tcp')) || (udp && group.startsWith('Udp')))) continue;
      text += `${group}:\n${groupText(group, names.split(' '), values.split(' ').map(Number))}`;
    }
  }
  await print(sys, text);
}

function groupText(group: string, names: readonly string[], values: readonly number[]): string {
  const phrases = PHRASES[group] ?? {};
  let text = '';
  let histogram = '';
  for (const [i, name] of names.entries()) {
    const value = values[i] ?? 0;
    const phrase = phrases[name];
    if (phrase === null) continue;
    if (phrase === undefined) {
      // net-tools has no words for it: its name and number, unless it is 0.
      if (value !== 0) text += `    ${name}: ${value}\n`;
    } else if (phrase.histogram !== undefined) {
      if (value === 0) continue;
      if (histogram !== phrase.histogram) text += `    ${phrase.histogram}:\n`;
      histogram = phrase.histogram;
      text += `        ${phrase.words}: ${value}\n`;
    } else if (phrase.always === true || value !== 0) {
      text += `    ${value} ${phrase.words}\n`;
    }
  }
  return text;
}
