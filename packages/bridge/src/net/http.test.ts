import { once } from 'node:events';
import http from 'node:http';
import type { Duplex } from 'node:stream';
import { Lab, type LinkOptions } from 'netarium';
import { expect, test } from 'vitest';
import { createNet } from './index.ts';

/** Node's own HTTP on two machines: its server is given our sockets, its agent makes connections by us. */
function web(link: LinkOptions, handler: http.RequestListener) {
  const lab = new Lab({ seed: 5 });
  const browser = lab.host('browser', { addresses: { eth0: '10.0.0.1/24' } });
  const site = lab.host('site', { addresses: { eth0: '10.0.0.2/24' } });
  lab.link(browser, site, link);
  const server = http.createServer(handler);
  createNet(site)
    .createServer((socket) => server.emit('connection', socket))
    .listen(80);
  const net = createNet(browser);
  const agent = new http.Agent({ keepAlive: true, maxSockets: 2 });
  agent.createConnection = (options) => net.connect(options) as unknown as Duplex;
  const fetchText = async (path: string, body?: string): Promise<string> => {
    const request = http.request({
      agent,
      host: 'site',
      port: 80,
      path,
      method: body === undefined ? 'GET' : 'POST',
    });
    request.end(body);
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    let text = '';
    for await (const chunk of response.setEncoding('utf8')) text += chunk;
    return `${response.statusCode} ${text}`;
  };
  return { lab, agent, fetchText };
}

test('http.createServer and http.request talk over a lossy cable, connections kept alive', async () => {
  const peers = new Set<number | undefined>();
  const { lab, agent, fetchText } = web({ delay: '20ms', loss: 0.03 }, async (request, response) => {
    peers.add(request.socket.remotePort);
    let body = '';
    for await (const chunk of request) body += chunk;
    response.end(`${request.method} ${request.url} ${body.length}`);
  });
  const work = async () => {
    const answers: string[] = [];
    for (let i = 0; i < 10; i++) answers.push(await fetchText(`/${i}`));
    answers.push(await fetchText('/upload', 'x'.repeat(300_000)));
    agent.destroy();
    return answers;
  };
  const answers = await lab.finish(work());
  expect(answers).toEqual([
    ...Array.from({ length: 10 }, (_, i) => `200 GET /${i} 0`),
    '200 POST /upload 300000',
  ]);
  expect(peers.size).toBe(1);
});

test('a partition is found out by keepalive, in virtual time', async () => {
  const { lab, fetchText } = web({ delay: '20ms' }, () => {});
  const [cable] = lab.links;
  lab.sim.after(1e9, () => cable?.pull());
  // Node's agent asks for probes after a second; Linux gives up after nine of them, 75 s apart.
  await expect(lab.finish(fetchText('/never'))).rejects.toThrow('read ETIMEDOUT');
  expect(Math.round(lab.sim.now / 1e9)).toBe(1 + 9 * 75);
});
