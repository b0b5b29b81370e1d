import { describe, expect, test } from 'vitest';
import { TCP_STATES } from './fuzz/arena.ts';
import { ATTACKS } from './fuzz/attacks.ts';
import { EPISODE, type FuzzFailure, type FuzzOptions, fuzz } from './fuzz/fuzz.ts';

test('200 000 wrong frames into every layer: no exception, nothing unbounded, honest conversations go on', {
  timeout: 300_000,
}, () => {
  const report = fuzz({ frames: 200_000, seed: 1 });
  expect(report.frames).toBe(200_000);
  expect(report.conversations).toBeGreaterThan(1000);
  expect([...report.byAttack.keys()].sort()).toEqual(ATTACKS.map(({ name }) => name).sort());
  expect([...report.states].sort()).toEqual(TCP_STATES);
  expect(REASONS.filter((reason) => !report.drops.has(reason))).toEqual([]);
});

/** What the frames must have met, or they would not try what they are to try. */
const REASONS = [
  ...['ethernet.truncated', 'ethernet.unknown-type', 'arp.truncated', 'arp.unresolved', 'port.fcs'],
  ...['ip.truncated', 'ip.checksum', 'ip.total-length', 'ip.options', 'ip.martian-source', 'ip.ttl'],
  ...['ip.fragment-overlap', 'ip.fragment-beyond-end', 'ip.reassembly-memory', 'ip.reassembly-timeout'],
  ...['icmp.checksum', 'icmp.quote', 'icmp.rate-limit', 'udp.length', 'udp.checksum', 'udp.buffer-full'],
  ...['tcp.malformed', 'tcp.checksum', 'tcp.syn-queue-full', 'tcp.backlog-full', 'tcp.paws', 'tcp.bad-ack'],
  'tcp.bad-cookie',
  ...[
    'tcp.outside-window',
    'tcp.challenged',
    'tcp.old-ack',
    'tcp.reset',
    'tcp.after-close',
    'tcp.beyond-window',
  ],
];

describe('a stack that is not as it should be is found out', () => {
  /** What the fuzzer says of it. */
  function failure(options: Partial<FuzzOptions>): FuzzFailure {
    try {
      fuzz({ frames: 5000, seed: 7, ...options });
    } catch (error) {
      return error as FuzzFailure;
    }
    throw new Error('nothing was found');
  }

  test('one that throws: the seed and the number of frames show it again', () => {
    const prepare: FuzzOptions['prepare'] = ({ stacks }) => {
      for (const { ip } of stacks) {
        const { receive } = ip;
        ip.receive = (link, frame, group) => {
          if (frame.view.getUint8(frame.start + 8) === 2) throw new Error('a time to live of two');
          receive.call(ip, link, frame, group);
        };
      }
    };
    const first = failure({ prepare });
    expect(first.message).toContain('a time to live of two');
    expect(first.message).toContain(`npm run fuzz -- --frames ${first.frame} --seed ${first.seed}\n`);
    const again = failure({ prepare, frames: first.frame, seed: first.seed });
    expect([again.frame, again.message.split('\n').at(-1)]).toEqual([
      first.frame,
      first.message.split('\n').at(-1),
    ]);
  });

  test('one that keeps a frame for ever', () => {
    const { message } = failure({
      prepare: ({ stacks: [client], pool }) => {
        const icmp = client!.icmp;
        const { receive } = icmp;
        let count = 0;
        icmp.receive = (frame, packet) => {
          if (++count === 10) pool.copy(frame);
          receive.call(icmp, frame, packet);
        };
      },
    });
    expect(message).toMatch(/^1 frames were never given back/);
  });

  test('one that drops without giving a reason', () => {
    const { message } = failure({
      prepare: ({ stacks }) => {
        for (const { ip } of stacks) {
          const { receive } = ip;
          ip.receive = (link, frame, group) => {
            if (frame.length > 0 && frame.view.getUint8(frame.start) >> 4 !== 4) frame.release();
            else receive.call(ip, link, frame, group);
          };
        }
      },
    });
    expect(message).toMatch(/^a frame that is damaged was dropped without a reason/);
  });

  test('one that delivers a wrong byte', () => {
    const { message } = failure({
      prepare: ({ stacks: [client] }) => {
        const { socket } = client!;
        client!.socket = (...kind) => {
          const made = socket.apply(client!, kind);
          if (typeof made === 'number') return made;
          const { receive } = made;
          let count = 0;
          made.receive = (into, flags) => {
            const got = receive.call(made, into, flags);
            if (typeof got !== 'number' && got.length > 0 && ++count === 2) into[0]! ^= 1;
            return got;
          };
          return made;
        };
      },
    });
    expect(message).toMatch(/^the conversation of client with [.\d]+ byte \d+: expected \d+, found \d+/);
  });

  test('a failure in a late episode is shown by that episode alone', () => {
    let arenas = 0;
    const found = failure({
      frames: 3 * EPISODE,
      prepare: ({ stacks: [client] }) => {
        if (++arenas < 2) return;
        client!.ip.receive = () => {
          throw new Error('late');
        };
      },
    });
    expect(found.seed).toBe(8);
    expect(found.frame).toBeLessThan(EPISODE);
  });
});
