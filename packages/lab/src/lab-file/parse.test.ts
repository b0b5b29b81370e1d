import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import schema from '../../lab.schema.json' with { type: 'json' };
import { parseLabFile } from './parse.ts';
import { LabError } from './problem.ts';

const FILES = new Set(['server/server.py', 'client/client.py']);

const ECHO = `name: echo
topology:
  nodes:
    server:
      kind: host
      addresses:
        eth0: 10.0.0.1/24
      run:
        - python3 server.py
    client:
      kind: host
      addresses:
        eth0: 10.0.0.2/24
      run:
        - command: python3 client.py
          wait_for: server:9000
          after: 10ms
    sw:
      kind: switch
  links:
    - endpoints: ["client:eth0", "sw:1"]
      bandwidth: 1 Gbit
      delay: 5us
      loss: 5%
    - endpoints: ["server:eth0", "sw:2"]
`;

const read = (text: string) => parseLabFile('labs/x/lab.yaml', text, (path) => FILES.has(path));

/** What is said of the echo lab after one piece of it has been replaced. */
function said(piece: string, by: string): string {
  expect(ECHO).toContain(piece);
  return refusal(ECHO.replace(piece, by));
}

function refusal(text: string): string {
  try {
    read(text);
  } catch (error) {
    if (error instanceof LabError) return error.message;
    throw error;
  }
  return 'accepted';
}

describe('a lab file that is in order', () => {
  test('gives nodes, links in base units and what runs', () => {
    const lab = read(ECHO);
    expect(lab.nodes.map(({ name, kind }) => `${name} ${kind}`)).toEqual([
      'server host',
      'client host',
      'sw switch',
    ]);
    expect(lab.links[0]).toEqual({
      endpoints: [
        { node: 'client', port: 'eth0' },
        { node: 'sw', port: '1' },
      ],
      bandwidth: 1e9,
      delay: 5_000,
      loss: 0.05,
    });
    expect(lab.nodes[1]).toMatchObject({
      addresses: new Map([['eth0', '10.0.0.2/24']]),
      run: [{ argv: ['python3', 'client.py'], waitFor: { node: 'server', port: 9000 }, after: 10_000_000 }],
    });
  });

  test('may quote words of a command as in a shell', () => {
    const [, client] = read(
      ECHO.replace('python3 client.py', `python3 client.py 'a b' "c \\"d" e\\ f`),
    ).nodes;
    expect(client).toMatchObject({ run: [{ argv: ['python3', 'client.py', 'a b', 'c "d', 'e f'] }] });
  });
});

describe('a lab file that is not in order is refused with path, line, what is wrong and what was expected', () => {
  const at = (place: string, message: string) => `labs/x/lab.yaml:${place}: ${message}`;

  test.each([
    [
      'an unknown field',
      ['addresses:\n        eth0: 10.0.0.2/24', 'adresses:\n        eth0: 10.0.0.2/24'],
      at('12:7', 'unknown field "adresses" in node "client"; did you mean "addresses"?'),
    ],
    [
      'a field that a switch does not have',
      ['kind: switch', 'kind: switch\n      addresses: {}'],
      at('20:7', 'unknown field "addresses" in node "sw"; expected kind, ports, stp, priority or latency'),
    ],
    [
      'an unknown field of a link',
      ['delay: 5us', 'dealy: 5us'],
      at('23:7', 'unknown field "dealy" in link 1; did you mean "delay"?'),
    ],
    [
      'an unknown kind',
      ['kind: switch', 'kind: swich'],
      at('19:13', 'unknown kind "swich" of node "sw"; did you mean "switch"?'),
    ],
    [
      'a node without a kind',
      ['kind: switch', ''],
      at('18:8', 'node "sw": expected a mapping, found nothing'),
    ],
    ['no name', ['name: echo\n', ''], at('1:1', 'the lab has no "name"')],
    [
      'an endpoint of a node that does not exist',
      ['"client:eth0"', '"clinet:eth0"'],
      // The interface is gone with it, and that is said too.
      [
        at('13:9', 'node "client" has no interface "eth0": no link ends there'),
        at('21:19', 'link 1: there is no node "clinet"; did you mean "client"?'),
      ].join('\n'),
    ],
    [
      'a link with one end',
      ['["client:eth0", "sw:1"]', '["client:eth0"]'],
      at('21:18', 'endpoints of link 1: expected two, one for each end, found 1'),
    ],
    [
      'an end without a port',
      ['"sw:1"', '"sw"'],
      at('21:34', 'endpoints 2 of link 1: expected a node and its port such as "client:eth0", found "sw"'),
    ],
    [
      'a port used twice',
      ['"sw:2"', '"sw:1"'],
      at('25:34', 'link 2: port "1" of node "sw" is used twice, also by link 1'),
    ],
    [
      'an address used twice',
      ['10.0.0.2/24', '10.0.0.1/24'],
      at('13:15', 'address 10.0.0.1 of node "client" is used twice, also by node "server"'),
    ],
    [
      'a bad prefix',
      ['10.0.0.2/24', '10.0.0.2/33'],
      at('13:15', '"10.0.0.2/33" is no IPv4 address with prefix length; expected for example "10.0.0.1/24"'),
    ],
    [
      'an address without its prefix length',
      ['10.0.0.2/24', '10.0.0.2'],
      at(
        '13:15',
        'addresses eth0 of node "client": expected an IPv4 address with its prefix length such as "10.0.0.1/24", found "10.0.0.2"',
      ),
    ],
    [
      'the address of the network',
      ['10.0.0.2/24', '10.0.0.0/24'],
      at('13:15', '"10.0.0.0/24" is the network itself, not a machine\'s address in it'),
    ],
    [
      'a gateway that cannot be reached',
      [
        'addresses:\n        eth0: 10.0.0.2/24',
        'addresses:\n        eth0: 10.0.0.2/24\n      gateway: 10.0.1.1',
      ],
      at('14:16', 'gateway of node "client": 10.0.1.1 is in none of this node\'s networks'),
    ],
    [
      'a duration without a unit',
      ['delay: 5us', 'delay: 5'],
      at('23:14', 'delay of link 1: expected a duration such as "50us", "10ms" or "1.5s", found 5'),
    ],
    [
      'a probability above one',
      ['loss: 5%', 'loss: 5'],
      at('24:13', 'loss of link 1: expected a probability from 0 to 1 or from 0% to 100%, found 5'),
    ],
    [
      'a share above all',
      ['loss: 5%', 'loss: 100.5%'],
      at('24:13', 'loss of link 1: "100.5%" is no probability; expected for example "5%"'),
    ],
    [
      'a missing file',
      ['python3 server.py', 'python3 sever.py'],
      at('9:11', 'no file "server/sever.py" in the lab\'s folder'),
    ],
    [
      'a missing file behind options',
      ['python3 server.py', 'python3 -u server'],
      at('9:11', 'no file "server/server" in the lab\'s folder'),
    ],
    [
      'a command that needs a shell',
      ['python3 server.py', 'python3 server.py > log'],
      at('9:11', 'there is no shell yet, so no redirections: python3 server.py > log'),
    ],
    [
      'waiting for a machine that does not exist',
      ['wait_for: server:9000', 'wait_for: sw:9000'],
      at('16:21', 'wait_for: there is no machine "sw"; expected server or client'),
    ],
    [
      'waiting for no port',
      ['server:9000', 'server:90000'],
      at('16:21', 'wait_for: 90000 is no port; expected 1 to 65535'),
    ],
    [
      'a VLAN that there is not',
      ['kind: switch', 'kind: switch\n      ports:\n        1: {vlan: 5000}'],
      at('21:19', 'ports 1 vlan of node "sw": expected a VLAN from 1 to 4094, found 5000'),
    ],
    [
      'a port of a switch without a cable',
      ['kind: switch', 'kind: switch\n      ports: {3: {vlan: 10}}'],
      at('20:15', 'switch "sw" has no port "3": no link ends there'),
    ],
    [
      'an access port that is a trunk',
      ['kind: switch', 'kind: switch\n      ports: {1: {vlan: 10, trunk: [10, 20]}}'],
      at('20:15', 'ports 1 of node "sw": expected "vlan" (an access port) or "trunk", found both'),
    ],
    [
      'a native VLAN of an access port',
      ['kind: switch', 'kind: switch\n      ports: {1: {vlan: 10, native: 1}}'],
      at('20:29', 'ports 1 of node "sw": "native" is for ports with "trunk"'),
    ],
    [
      'a trunk of something else',
      ['kind: switch', 'kind: switch\n      ports: {1: {trunk: some}}'],
      at(
        '20:26',
        'ports 1 trunk of node "sw": expected a list of VLANs such as [10, 20], or "all", found "some"',
      ),
    ],
    [
      'a cable that ends in a VLAN',
      ['"client:eth0"', '"client:eth0.10"'],
      [
        at('13:9', 'node "client" has no interface "eth0": no link ends there'),
        at(
          '21:19',
          'link 1: "eth0.10" is a VLAN of "eth0", and a cable ends in a port; expected "client:eth0"',
        ),
      ].join('\n'),
    ],
    [
      'a VLAN of an interface that there is not',
      ['eth0: 10.0.0.2/24', 'eth1.10: 10.0.0.2/24'],
      at('13:9', 'node "client" has no interface "eth1.10": no link ends there'),
    ],
    [
      'an interface for a VLAN that there is not',
      ['eth0: 10.0.0.2/24', 'eth0.5000: 10.0.0.2/24'],
      at('13:9', 'interface "eth0.5000" of node "client": expected a VLAN from 1 to 4094, found 5000'),
    ],
    [
      'a priority without a spanning tree',
      ['kind: switch', 'kind: switch\n      priority: 4096'],
      at('20:7', 'node "sw": "priority" is for switches with "stp: true"'),
    ],
    [
      'an edge without a spanning tree',
      ['kind: switch', 'kind: switch\n      ports: {1: {edge: true}}'],
      at('20:19', 'ports 1 of node "sw": "edge" is for switches with "stp: true"'),
    ],
    [
      'a priority between the steps',
      ['kind: switch', 'kind: switch\n      stp: true\n      priority: 100'],
      at(
        '21:17',
        'priority of node "sw": expected a bridge priority from 0 to 61440 in steps of 4096, found 100',
      ),
    ],
    [
      'a switch that takes no time',
      ['kind: switch', 'kind: switch\n      latency: 0us'],
      at('20:16', 'latency of node "sw": expected more than 0'),
    ],
    [
      'a rate of a hub that has none',
      ['kind: switch', 'kind: hub\n      bandwidth: 10 Mbit'],
      at('20:7', 'node "sw": "bandwidth" is for hubs with "duplex: half"; others\' cables have their own'),
    ],
    [
      'a cable of a shared line with another rate',
      ['kind: switch', 'kind: hub\n      duplex: half'],
      at('23:7', 'bandwidth of link 1: the cables of hub "sw" share one rate, its own "bandwidth"'),
    ],
    [
      'half of a duplex',
      ['kind: switch', 'kind: hub\n      duplex: quarter'],
      at('20:15', 'duplex of node "sw": expected "half" or "full", found "quarter"'),
    ],
    [
      'a queue of a kind that there is not',
      ['delay: 5us', 'queue: {kind: red}'],
      at('23:21', 'queue kind of link 1: expected fifo, tbf, netem or fq_codel, found "red"'),
    ],
    [
      'a setting of another queue discipline',
      ['delay: 5us', 'queue: {kind: fq_codel, rate: 1 Mbit}'],
      at('23:31', 'queue of link 1: "rate" is no setting of fq_codel'),
    ],
    [
      'a token bucket without its size',
      ['delay: 5us', 'queue: {kind: tbf, rate: 1 Mbit}'],
      at('23:15', 'queue of link 1: tbf needs "burst"'),
    ],
    [
      'a queue without room',
      ['delay: 5us', 'queue: 0'],
      at(
        '23:14',
        'queue of link 1: expected a number of frames, 1 or more, or a mapping with "kind", found 0',
      ),
    ],
    [
      'a key written twice',
      ['kind: switch', 'kind: switch\n      kind: hub'],
      at('20:7', 'not YAML: Map keys must be unique'),
    ],
  ] as [string, [string, string], string][])('%s', (_, [piece, by], message) => {
    expect(said(piece, by)).toBe(message);
  });

  test('several faults give a line each, in the order of the file', () => {
    expect(refusal(ECHO.replace('kind: switch', 'kind: swich').replace('delay: 5us', 'dealy: 5us'))).toBe(
      [
        at('19:13', 'unknown kind "swich" of node "sw"; did you mean "switch"?'),
        at('23:7', 'unknown field "dealy" in link 1; did you mean "delay"?'),
      ].join('\n'),
    );
  });

  test('something that is not YAML', () => {
    expect(refusal('name: [echo\ntopology: 1')).toMatch(/^labs\/x\/lab\.yaml:\d+:\d+: not YAML: [^\n]+$/);
  });

  test('something that is no lab', () => {
    expect(refusal('- a\n- b\n')).toBe(
      at('1:1', 'not a lab: expected a mapping with "name" and "topology", found a list'),
    );
    expect(refusal('')).toBe(
      at('1:1', 'not a lab: expected a mapping with "name" and "topology", found nothing'),
    );
  });
});

test('every field of the schema is explained in docs/labs.md', () => {
  const docs = readFileSync(new URL('../../../../docs/labs.md', import.meta.url), 'utf8');
  const names = new Set<string>();
  const visit = (part: unknown): void => {
    if (typeof part !== 'object' || part === null) return;
    const { properties } = part as { properties?: object };
    for (const name of Object.keys(properties ?? {})) names.add(name);
    for (const inner of Object.values(part)) visit(inner);
  };
  visit(schema);
  expect(names.size).toBeGreaterThan(20);
  expect([...names].filter((name) => !new RegExp(`[\`{ .]${name}\\b`).test(docs))).toEqual([]);
});
