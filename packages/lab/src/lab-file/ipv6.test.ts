import { describe, expect, test } from 'vitest';
import { parseLabFile } from './parse.ts';
import { LabError } from './problem.ts';

const lab = (ipv6: string, kind = 'router'): string => `name: six
topology:
  nodes:
    r:
      kind: ${kind}
      ipv6: ${ipv6}
    h:
      kind: host
      ipv6: {addresses: {eth0: auto}}
  links:
    - endpoints: ["r:eth0", "h:eth0"]
`;

function read(text: string) {
  try {
    return parseLabFile('lab.yaml', text, () => false).nodes[0];
  } catch (error) {
    if (error instanceof LabError) return error.message;
    throw error;
  }
}

describe('a router of a lab file advertises', () => {
  test('on the interfaces that it lists', () => {
    expect(read(lab('{addresses: {eth0: "2001:db8::1/64"}, advertise: [eth0]}'))).toMatchObject({
      ipv6: { advertise: { eth0: {} } },
    });
  });

  test('with times in seconds and an MTU', () => {
    const settings = '{interval: 10s, lifetime: 60s, valid: 100s, preferred: 50s, mtu: 1400}';
    expect(read(lab(`{addresses: {eth0: "2001:db8::1/64"}, advertise: {eth0: ${settings}}}`))).toMatchObject({
      ipv6: { advertise: { eth0: { interval: 10, lifetime: 60, valid: 100, preferred: 50, mtu: 1400 } } },
    });
  });

  test.each([
    ['[eth1]', '"eth1" has no IPv6 address; expected one of the interfaces that "addresses" names'],
    ['{eth0: {interval: 2s}}', 'interval of ipv6 advertise of node "r": expected 4 to 1800 whole seconds'],
    [
      '{eth0: {interval: 4500ms}}',
      'interval of ipv6 advertise of node "r": expected 4 to 1800 whole seconds',
    ],
    ['{eth0: {mtu: 100}}', 'mtu of ipv6 advertise of node "r": expected 1280 to 1500 bytes'],
    ['{eth0: {lifetime: soon}}', 'a duration such as'],
  ])('%s is refused', (advertise, message) => {
    const said = read(lab(`{addresses: {eth0: "2001:db8::1/64"}, advertise: ${advertise}}`));
    expect(said).toMatch(/^lab\.yaml:6:\d+: /);
    expect(said).toContain(message);
  });

  test('and no host does', () => {
    expect(read(lab('{addresses: {eth0: "2001:db8::1/64"}, advertise: [eth0]}', 'host'))).toContain(
      'ipv6 advertise of node "r": only a router advertises itself; expected "kind: router"',
    );
  });
});
