import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { release } from 'node:os';
import { createInterface } from 'node:readline';
import type { SysctlName } from '../src/3-network/index.ts';
import { Stack } from '../src/5-session/index.ts';
import { milliseconds, Simulation, seconds } from '../src/time/index.ts';
import { Tun } from './packetdrill/tun.ts';
import { LOCAL, type Target } from './segment-script.ts';
import { caller, hasJudge, optionsIn, PYTHON_CALLER, type Step } from './socket-script.ts';

const MTU = 1500;

/** A stack of ours, up for a second. */
export function ourTcp(): Target {
  const sim = new Simulation(1);
  const stack = new Stack({ sim, name: 'dut' });
  const tun = new Tun(stack, MTU);
  stack.addAddress(tun, `${LOCAL}/16`);
  stack.addRoute({ destination: 'default', interface: tun.name });
  sim.run(seconds(1));
  const call = caller(stack);
  const run = (time: number) => sim.run(sim.now + milliseconds(time));
  return {
    call(words) {
      const answer = call(words);
      run(0);
      return answer;
    },
    inject(packet) {
      tun.inject(packet, 0, null);
      run(0);
    },
    sysctl(name, value) {
      stack.sysctl.set(name as SysctlName, value);
    },
    wait: run,
    sent: () => tun.sent.splice(0).map(({ bytes }) => bytes),
  };
}

/**
 * Python in a network namespace of its own, whose only interface but lo is `tun0`. It takes a request a line, and answers
 * with what went out meanwhile, too.
 */
const JUDGE = `${PYTHON_CALLER}
import subprocess
tun = os.open('/dev/net/tun', os.O_RDWR | os.O_NONBLOCK)
fcntl.ioctl(tun, 0x400454ca, struct.pack('16sH22x', b'tun0', 0x1001))  # TUNSETIFF: IFF_TUN | IFF_NO_PI
subprocess.run(['ip', '-batch', '-'], check=True, text=True, input='''link set lo up
addr add ${LOCAL}/16 dev tun0
link set tun0 mtu ${MTU} up
route add default dev tun0
''')
def sysctl(name, value):
    with open('/proc/sys/' + name.replace('.', '/'), 'w') as f: f.write(str(value))
sysctl('net.ipv6.conf.all.disable_ipv6', 1)
sysctl('net.ipv4.tcp_rmem', '4096 131072 6291456')
answer = caller(json.loads(sys.argv[1]), 0)
def sent():
    packets = []
    while True:
        try: packet = os.read(tun, 65536)
        except BlockingIOError: return packets
        if packet[0] >> 4 == 4: packets.append(packet.hex())
sent()
print('"ready"', flush=True)
for line in sys.stdin:
    kind, *words = json.loads(line)
    result = ''
    if kind == 'call': result = answer(words)
    elif kind == 'inject': os.write(tun, bytes.fromhex(words[0]))
    elif kind == 'sysctl': sysctl(*words)
    elif kind == 'wait': time.sleep(words[0] / 1000)
    print(json.dumps([result, sent()]), flush=True)
`;

/** The TCP of the kernel that runs the tests. */
export class KernelTcp implements Target {
  readonly #python: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  #sent: Uint8Array[] = [];

  private constructor(script: readonly Step[]) {
    this.#python = spawn('unshare', [
      '-n',
      '/usr/bin/python3',
      '-c',
      JUDGE,
      JSON.stringify(optionsIn(script)),
    ]);
    this.#python.stderr.pipe(process.stderr);
    this.#lines = createInterface(this.#python.stdout)[Symbol.asyncIterator]();
  }

  /** A kernel's TCP for one script. */
  static async for(script: readonly Step[]): Promise<KernelTcp> {
    const target = new KernelTcp(script);
    await target.#lines.next();
    return target;
  }

  async #ask(...request: readonly unknown[]): Promise<string> {
    this.#python.stdin.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error(`the judge has ended: ${request.join(' ')}`);
    const [answer, sent] = JSON.parse(value as string) as [string, string[]];
    this.#sent.push(...sent.map((hex) => new Uint8Array(Buffer.from(hex, 'hex'))));
    return answer;
  }

  call(words: readonly string[]): Promise<string> {
    return this.#ask('call', ...words);
  }

  async inject(packet: Uint8Array): Promise<void> {
    await this.#ask('inject', Buffer.from(packet).toString('hex'));
  }

  async sysctl(name: string, value: number): Promise<void> {
    await this.#ask('sysctl', name, value);
  }

  async wait(time: number): Promise<void> {
    await this.#ask('wait', time);
  }

  sent(): Uint8Array[] {
    return this.#sent.splice(0);
  }

  async close(): Promise<void> {
    const over = once(this.#python, 'close');
    this.#python.stdin.end();
    await over;
  }
}

/** Since when Linux answers in everything as the scripts say; before, for one, it ignored acknowledgments of what was never sent. */
const LINUX = [6, 18] as const;

/** Whether there is a kernel to compare with: one that lets us have a network namespace and a device in it. */
export const hasKernelTcp = (): boolean =>
  hasJudge() &&
  isRecent() &&
  existsSync('/dev/net/tun') &&
  spawnSync('unshare', ['-n', 'ip', 'link']).status === 0;

function isRecent(): boolean {
  const [major = 0, minor = 0] = release()
    .split('.')
    .map((part) => Number.parseInt(part, 10));
  return major > LINUX[0] || (major === LINUX[0] && minor >= LINUX[1]);
}
