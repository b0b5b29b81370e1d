import { writePcapng } from '@netarium/osi/capture';
import { describe, expect, test } from 'vitest';
import { Lab, Ladder } from './index.ts';

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
});
