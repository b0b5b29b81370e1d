import { drive, type Stack, SystemError } from '@netarium/osi/5-session';
import { writePcapng } from '@netarium/osi/capture';
import { milliseconds, seconds } from '@netarium/osi/time';
import { describe, expect, it } from 'vitest';
import { compareWithTshark, type Difference, lineOfDifference, tsharkIsThere } from './tshark.ts';
import { type TwoStacks, twoStacks } from './two-stacks.ts';

async function exchange(client: Stack, server: Stack, data: Uint8Array): Promise<number> {
  const listener = server.listen({ port: 9000 });
  const serve = async (): Promise<void> => {
    const connection = await listener.accept();
    for await (const chunk of connection) await connection.write(chunk);
    connection.close();
    listener.close();
  };
  const served = serve();
  const socket = await client.connect({ address: '10.0.0.2', port: 9000 });
  const answer = socket.readAll();
  await socket.write(data);
  socket.end();
  const { length } = await answer;
  socket.close();
  await served;
  return length;
}

const judge = async ({ record }: TwoStacks): Promise<Difference[]> => compareWithTshark(writePcapng(record));

describe.skipIf(!tsharkIsThere())('what two stacks say to each other', () => {
  it('is read alike and found sound by tshark: a stream of Korean text both ways', async () => {
    const world = twoStacks(1, { delay: milliseconds(1), bandwidth: 1e8 });
    const data = new TextEncoder().encode('안녕하세요, 서버님! '.repeat(400));
    expect(await drive(world.sim, exchange(world.client, world.server, data))).toBe(data.length);
    world.sim.run(seconds(200));
    expect((await judge(world)).map(lineOfDifference)).toEqual([]);
  });

  it('is read alike: datagrams, fragments, a closed port, a refused connection', async () => {
    const world = twoStacks(2, { delay: milliseconds(1) });
    const work = async (): Promise<unknown> => {
      const here = world.client.datagram();
      const there = world.server.datagram({ port: 5353 });
      here.send('하나', { address: '10.0.0.2', port: 5353 });
      here.send(new Uint8Array(4000).fill(7), { address: '10.0.0.2', port: 5353 });
      await there.receive();
      await there.receive();
      here.send('아무도 없어요?', { address: '10.0.0.2', port: 5354 });
      return world.client.connect({ address: '10.0.0.2', port: 9001 }).catch((error: unknown) => error);
    };
    expect(await drive(world.sim, work())).toBeInstanceOf(SystemError);
    expect((await judge(world)).map(lineOfDifference)).toEqual([]);
  });

  it.each([1, 4, 6])(
    'is read and judged alike when much goes wrong, seen from either end (seed %i)',
    async (seed) => {
      const impairments = { loss: 0.1, reorder: 0.1, duplicate: 0.1, corrupt: 0.05, jitter: milliseconds(3) };
      const world = twoStacks(seed, { delay: milliseconds(5), bandwidth: 1e7, impairments });
      const data = new Uint8Array(60_000);
      world.sim.randomFor('test').fill(data);
      expect(await drive(world.sim, exchange(world.client, world.server, data))).toBe(data.length);
      for (const port of ['client:eth0', 'server:eth0']) {
        const differences = await compareWithTshark(writePcapng(world.record, { ports: [port] }), {
          faults: false,
        });
        expect(differences.map(lineOfDifference)).toEqual([]);
      }
    },
  );
});
