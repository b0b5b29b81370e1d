import { expect, test } from 'vitest';
import { routed, type TestHost, type World } from '../../../test/network-world.ts';
import { App, accept, converse } from '../../../test/tcp-pair.ts';
import { ANY, parseIpv4 } from '../../3-network/index.ts';
import { seconds } from '../../time/index.ts';
import { TcpLayer } from './layer.ts';

/** TCP on a machine of the test world. */
function tcpOn(world: World, host: TestHost): TcpLayer {
  const { sim, pool } = world;
  const { ip, sysctl } = host.net;
  return new TcpLayer({ sim, tracer: host.tracer, ip, sysctl, pool });
}

test('behind a router with a smaller MTU the bytes arrive, in segments that fit, after its first message', () => {
  const { world, a, r, b } = routed();
  r.net.links[2]!.setMtu(600);
  const [client, server] = [tcpOn(world, a), tcpOn(world, b)];
  const binding = server.bind({ address: ANY, port: 80 }, { reuseAddress: true, reusePort: false });
  if (typeof binding === 'number') throw new Error('bind');
  const app = new App();
  const listener = server.listen(binding, 5, server.defaultOptions(), app);
  if (typeof listener === 'number') throw new Error('listen');
  const incoming = new Uint8Array(100_000);
  let done = { sent: 0, received: 0 };
  app.onReadable = () => {
    done = converse(accept(listener), new Uint8Array(0), incoming);
  };
  const user = new App();
  const to = { address: parseIpv4('10.0.2.1')!, port: 80 };
  const connection = client.connect(null, to, client.defaultOptions(), user);
  if (typeof connection === 'number') throw new Error('connect');
  const outgoing = Uint8Array.from({ length: 100_000 }, (_, i) => i % 251);
  converse(Object.assign(connection, { app: user }), outgoing, new Uint8Array(0));
  world.sim.run(seconds(1));
  expect(done.received).toBe(100_000);
  expect(Buffer.compare(incoming, outgoing)).toBe(0);
  expect(connection.info().sendMss).toBe(600 - 40 - 12);
  expect(r.drops('ip.fragmentation-needed')).toBeGreaterThan(0);
  expect(world.sent().filter((line) => line.includes('tcp.path-mtu')).length).toBeGreaterThan(0);
});
