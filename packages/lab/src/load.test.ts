import { whyOf } from '@netarium/osi/trace';
import { pythonProgram } from '@netarium/python/node';
import { afterAll, describe, expect, test } from 'vitest';
import { LabError, Ladder, type LoadOptions, loadLab, outputs, programResults } from './index.ts';

const python3 = pythonProgram();
afterAll(() => python3.close());

const bytes = (text: string) => new TextEncoder().encode(text);

function load(files: Record<string, string>, options: LoadOptions = {}) {
  const folder = new Map(Object.entries(files).map(([path, text]) => [path, bytes(text)]));
  return loadLab(folder, { programs: { python3 }, env: { NO_COLOR: '1' }, ...options });
}

async function run(files: Record<string, string>, options: LoadOptions = {}) {
  const loaded = load(files, options);
  try {
    await loaded.lab.run();
  } finally {
    loaded.lab.close();
  }
  return loaded;
}

/** The last line that a machine's programs wrote. */
const lastLine = ({ lab }: { lab: { record: Parameters<typeof outputs>[0] } }, node: string) =>
  outputs(lab.record)
    .filter((output) => output.node === node)
    .map(({ text }) => text)
    .join('')
    .trimEnd()
    .split('\n')
    .at(-1);

/** A server behind a router; whether it knows the way back is the question. */
const ROUTED = (gateway: string) => `name: routed
topology:
  nodes:
    client: {kind: host, addresses: {eth0: 10.0.1.2/24}, gateway: 10.0.1.1, run: [{command: python3 c.py, wait_for: "server:9000"}]}
    r: {kind: router, addresses: {eth0: 10.0.1.1/24, eth1: 10.0.2.1/24}}
    server: {kind: host, addresses: {eth0: 10.0.2.2/24}, ${gateway}run: [python3 s.py]}
  links:
    - {endpoints: ["client:eth0", "r:eth0"], delay: 1ms}
    - {endpoints: ["r:eth1", "server:eth0"], delay: 1ms}
`;
const FILES = {
  'client/c.py':
    'import socket\ns = socket.create_connection(("10.0.2.2", 9000))\nprint(s.recv(9).decode())\n',
  'server/s.py':
    'import socket\ns = socket.socket()\ns.bind(("", 9000))\ns.listen()\nc, a = s.accept()\nc.sendall("네".encode())\n',
};

describe('a lab from files', () => {
  test('routes through a router that was declared as one', async () => {
    const loaded = await run({ 'lab.yaml': ROUTED('gateway: 10.0.2.1, '), ...FILES });
    expect(lastLine(loaded, 'client')).toBe('네');
    const hops = new Ladder(loaded.lab.record).rows.filter(({ length }) => length > 0);
    expect(hops.map(({ from, to, reason, tcp }) => [from, to, reason, tcp?.hints])).toEqual([
      ['server', ['r'], 'tcp.data', []],
      ['r', ['client'], 'ip.forward', []],
    ]);
  });

  test('a connect that nobody answers ends as Linux ends it: after ten repetitions, in virtual time', async () => {
    const { lab, ...loaded } = await run({ 'lab.yaml': ROUTED(''), ...FILES });
    expect(lastLine({ lab }, 'client')).toBe('TimeoutError: [Errno 110] Connection timed out');
    const syns = new Ladder(lab.record).rows.filter(
      ({ from, tcp }) => from === 'client' && tcp?.flags === 'SYN',
    );
    expect(syns).toHaveLength(11);
    const client = programResults(lab.record).find(({ node }) => node === 'client');
    // 1 + 1 + 1 + 1, and then 1 + 2 + 4 + … + 64 seconds (tcp_syn_linear_timeouts 4, tcp_syn_retries 6, ip-sysctl.rst).
    expect(Math.round((client?.ended ?? 0) / 1e9)).toBe(131);
    expect(loaded.notStarted()).toEqual([]);
  });

  test('a port that is bound already, and an address that nobody has', async () => {
    const lab = `name: errors
topology:
  nodes:
    a:
      kind: host
      addresses: {eth0: 10.0.0.1/24}
      run:
        - python3 bind.py
        - {command: python3 bind.py, after: 1s}
    b: {kind: host, addresses: {eth0: 10.0.0.2/24}, run: [python3 silent.py]}
  links:
    - endpoints: ["a:eth0", "b:eth0"]
`;
    const bind = 'import socket, time\ns = socket.socket()\ns.bind(("", 9000))\ntime.sleep(5)\n';
    const silent = 'import socket\nsocket.create_connection(("10.0.0.99", 9000))\n';
    const loaded = await run({ 'lab.yaml': lab, 'a/bind.py': bind, 'b/silent.py': silent });
    expect(lastLine(loaded, 'a')).toBe('OSError: [Errno 98] Address already in use');
    expect(lastLine(loaded, 'b')).toBe('OSError: [Errno 113] No route to host');
    expect(
      programResults(loaded.lab.record)
        .map(({ node, status }) => `${node} ${status}`)
        .sort(),
    ).toEqual(['a 0', 'a 1', 'b 1']);
  });

  test('commands wait for ports, TCP and UDP, and for a time; the machine has its folder as home', async () => {
    const lab = `name: order
topology:
  nodes:
    a: {kind: host, addresses: {eth0: 10.0.0.1/24}, run: [python3 u.py]}
    b: {kind: host, addresses: {eth0: 10.0.0.2/24}, run: [{command: python3 'my files/late.py', wait_for: "a:53", after: 250ms}]}
  links:
    - endpoints: ["a:eth0", "b:eth0"]
`;
    const udp =
      'import socket, time\ntime.sleep(0.1)\ns = socket.socket(type=socket.SOCK_DGRAM)\ns.bind(("", 5353))\n';
    const loaded = await run({
      'lab.yaml': lab.replace('a:53', 'a:5353'),
      'a/u.py': udp,
      'b/my files/late.py': 'print(open("my files/data.txt").read())\n',
      'b/my files/data.txt': '자료',
    });
    const [a, b] = programResults(loaded.lab.record);
    expect(lastLine(loaded, 'b')).toBe('자료');
    expect([a?.node, b?.node]).toEqual(['a', 'b']);
    expect((b?.started ?? 0) / 1e6).toBeGreaterThan(350);
    expect((b?.started ?? 0) / 1e6).toBeLessThan(352);
  });

  test('a folder without a lab file is refused', () => {
    expect(() => load({ 'readme.md': '' }, { folder: 'labs/x/' })).toThrow(LabError);
    expect(() => load({ 'readme.md': '' }, { folder: 'labs/x/' })).toThrow(
      'labs/x/lab.yaml:1:1: no such file: a lab is a folder with a lab.yaml',
    );
  });

  test('losses and retransmissions have their causes', async () => {
    const lossy = ROUTED('gateway: 10.0.2.1, ').replace(/delay: 1ms/g, 'delay: 1ms, loss: 30%');
    const { lab } = await run({ 'lab.yaml': lossy, ...FILES }, { seed: 5 });
    expect(lastLine({ lab }, 'client')).toBe('네');
    const { rows } = new Ladder(lab.record);
    const lost = rows.filter(({ to }) => to.length === 0);
    expect(lost.length).toBeGreaterThan(0);
    expect(new Set(lost.map(({ dropped }) => dropped?.reason))).toEqual(new Set(['cable.loss']));
    const again = rows.find(({ reason }) => reason === 'tcp.rto');
    expect(whyOf(lab.record, again!.event)[1]?.event).toMatchObject({
      kind: 'timer',
      name: 'tcp.retransmission',
    });
  });
});
