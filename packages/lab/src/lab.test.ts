import { writePcapng } from '@netarium/osi/capture';
import { describe, expect, test } from 'vitest';
import { Host, Lab, Ladder, programResults, type StepUnit } from './index.ts';

/** Two machines at a switch. */
function twoMachines(seed: number) {
  const lab = new Lab({ seed });
  const server = lab.host('server', { addresses: { eth0: '10.0.0.1/24' } });
  const client = lab.host('client', { addresses: { eth0: '10.0.0.2/24' } });
  lab.switch('sw');
  lab.link('client:eth0', 'sw:1', { bandwidth: '100 Mbit', delay: '5us' });
  lab.link('server:eth0', 'sw:2', { bandwidth: '100 Mbit', delay: '5us' });
  return { lab, server, client };
}

/** An echo over TCP by the promise face of the sockets. */
async function echo(seed: number) {
  const { lab, server, client } = twoMachines(seed);
  const listener = server.stack.listen({ port: 9000 });
  const serve = async () => {
    const socket = await listener.accept();
    for await (const bytes of socket) await socket.write(bytes);
    socket.close();
  };
  const talk = async () => {
    const socket = await client.stack.connect({ address: server.address, port: 9000 });
    await socket.write('안녕하세요');
    const answer = await socket.read();
    socket.close();
    return new TextDecoder().decode(answer ?? new Uint8Array());
  };
  void serve();
  const answer = await lab.finish(talk());
  await lab.run();
  return { lab, answer };
}

describe('a lab in TypeScript', () => {
  test('its machines know one another by name, whichever was added first', async () => {
    const { lab } = twoMachines(1);
    lab.router('r', { addresses: { eth0: '10.0.0.254/24', eth1: '10.0.1.254/24' } });
    lab.host('bare');
    const known = (name: string) => {
      const host = lab.node(name);
      return host instanceof Host ? new TextDecoder().decode(host.machine.files.content('/etc/hosts')) : '';
    };
    const own = (name: string) =>
      `127.0.0.1\tlocalhost\n127.0.1.1\t${name}\n::1\tlocalhost ip6-localhost ip6-loopback\nff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n`;
    expect(known('server')).toBe(`${own('server')}10.0.0.2\tclient\n10.0.0.254\tr\n`);
    expect(known('client')).toBe(`${own('client')}10.0.0.1\tserver\n10.0.0.254\tr\n`);
    expect(known('bare')).toBe(`${own('bare')}10.0.0.1\tserver\n10.0.0.2\tclient\n10.0.0.254\tr\n`);
    lab.close();
  });

  test('a line that a machine writes into /etc/hosts stays in front of those of machines that are added later', () => {
    const lab = new Lab();
    const a = lab.host('a', { addresses: { eth0: '10.0.0.1/24' } });
    lab.host('b', { addresses: { eth0: '10.0.0.2/24' } });
    a.write('/etc/hosts', '10.0.0.9\tnine\n');
    lab.host('c', { addresses: { eth0: '10.0.0.3/24' } });
    expect(new TextDecoder().decode(a.machine.files.content('/etc/hosts'))).toBe(
      '10.0.0.9\tnine\n10.0.0.3\tc\n',
    );
    lab.close();
  });

  test('carries text there and back, and its ladder tells each frame', async () => {
    const { lab, answer } = await echo(7);
    expect(answer).toBe('안녕하세요');
    const rows = new Ladder(lab.record).rows;
    const said = rows.map(({ from, to, protocol, tcp, info, length }) =>
      [`${from}→${to}`, protocol, tcp?.flags ?? info, tcp?.seq, tcp?.ack, length]
        .filter((x) => x !== undefined)
        .join(' '),
    );
    expect(said.slice(0, 8)).toEqual([
      'client→server ARP Who has 10.0.0.1? Tell 10.0.0.2 0',
      'server→client ARP 10.0.0.1 is at 02:00:00:00:00:01 0',
      'client→server TCP SYN 0  0',
      'server→client TCP SYN, ACK 0 1 0',
      'client→server TCP ACK 1 1 0',
      'client→server TCP PSH, ACK 1 1 15',
      'server→client TCP ACK 1 16 0',
      'server→client TCP PSH, ACK 1 16 15',
    ]);
  });

  test('the same seed gives the same capture; another seed other sequence numbers and ports', async () => {
    const captures = await Promise.all(
      [7, 7, 8].map(async (seed) => writePcapng((await echo(seed)).lab.record)),
    );
    expect(Buffer.from(captures[0]!).equals(captures[1]!)).toBe(true);
    expect(Buffer.from(captures[0]!).equals(captures[2]!)).toBe(false);
  });

  test('programs of system calls are processes: started, recorded, ended with their status', async () => {
    const { lab, server, client } = twoMachines(1);
    const any = { family: 2, address: '0.0.0.0', port: 53 } as const;
    server.start(async (sys) => {
      const fd = await sys.socket(2, 2, 0);
      return -(await sys.bind(fd, any));
    });
    const pinging = client.start(`ping -c 1 ${server.address}`);
    expect(await lab.run()).toBe('idle');
    expect(programResults(lab.record).map(({ node, argv, status }) => [node, argv[0], status])).toEqual([
      // Ports below 1024 are for root only.
      ['server', 'program-1', 13],
      ['client', 'ping', 0],
    ]);
    expect(pinging.terminal.text).toContain('1 packets transmitted, 1 received, 0% packet loss');
  });

  test('goes step by step: to the next event, frame, system call', async () => {
    const { lab, client } = twoMachines(1);
    client.start('ping -c 1 10.0.0.1');
    const kinds = async (unit: StepUnit) => {
      const before = lab.record.size;
      expect(await lab.step(unit)).toBe('reached');
      return lab.record.events.slice(before).map(({ kind }) => kind);
    };
    expect((await kinds('system-call')).at(-1)).toBe('system-call');
    expect((await kinds('frame')).filter((kind) => kind === 'frame-sent')).toHaveLength(1);
    const { eventsRun } = lab.sim;
    await lab.step('event');
    expect(lab.sim.eventsRun).toBe(eventsRun + 1);
    expect(await lab.run()).toBe('idle');
    expect(await lab.step()).toBe('idle');
  });

  test('runs until something holds, or to a time', async () => {
    const { lab, client } = twoMachines(1);
    client.start('ping -c 1 10.0.0.1');
    const frames = () => lab.record.events.filter(({ kind }) => kind === 'frame-sent').length;
    expect(await lab.until(() => frames() === 3)).toBe('reached');
    expect(frames()).toBe(3);
    expect(await lab.run({ until: '2ms' })).toBe('until');
    expect(lab.sim.now).toBe(2_000_000);
  });

  test('mistakes in building it are told', () => {
    const { lab } = twoMachines(1);
    expect(() => lab.host('server')).toThrow('there is a node "server" already');
    expect(() => lab.link('nobody:eth0', 'sw:3')).toThrow('there is no node "nobody" in this lab');
    expect(() => lab.link('sw', 'server')).not.toThrow();
    expect(() => lab.link('sw:1', 'client:eth1')).toThrow(/port 1 of sw has a cable already/);
    expect(() => lab.link('sw:9', 'client:eth2', { bandwidth: 'much' })).toThrow('"much" is no bit rate');
    expect(() => lab.host('x', { addresses: { eth0: '10.0.0.256/24' } })).toThrow(
      /x: address 10\.0\.0\.256\/24/,
    );
  });
});
