import { beforeEach, describe, expect, it } from 'vitest';
import { FramePool } from '../../1-physical/index.ts';
import { milliseconds, Simulation, seconds } from '../../time/index.ts';
import { TraceRecord, Tracer } from '../../trace/index.ts';
import { ARP_NAMES } from '../arp/arp.ts';
import { formatMac, macFromNumber } from '../ethernet/mac-address.ts';
import { NeighbourCache } from './cache.ts';

const MAC = macFromNumber(0x020000000002);
const OTHER = macFromNumber(0x020000000003);
const PEER = 2;

const pool = new FramePool();
let sim: Simulation;
let record: TraceRecord;
let tracer: Tracer;
let cache: NeighbourCache<number>;
/** What the cache had done: `ask` (broadcast), `ask 02:…`, `sent n 02:…`, `unresolved n`, each with its time in s. */
let done: string[];

beforeEach(() => {
  sim = new Simulation(1);
  record = new TraceRecord();
  tracer = new Tracer(sim, 'a', record);
  done = [];
  const note = (text: string) => done.push(`${sim.now / 1e9} ${text}`);
  cache = new NeighbourCache<number>(sim, tracer, 'eth0', ARP_NAMES, {
    key: (address) => address,
    request: (_address, mac) => note(mac === null ? 'ask' : `ask ${formatMac(mac)}`),
    transmit: (frame, mac) => {
      note(`sent ${frame.reason} ${formatMac(mac)}`);
      frame.release();
    },
    unresolved: (frame, address) => {
      note(`unresolved ${frame.reason} ${address}`);
      frame.release();
    },
    format: String,
  });
});

function send(name: string): void {
  const frame = pool.take(10);
  frame.reason = name;
  cache.send(frame, PEER);
}

const state = () => cache.get(PEER)?.state;
/** A reply to us alone. */
const reply = (mac = MAC) => cache.learn(PEER, mac, false, true, false);
/** A request that asks for us. */
const asked = (mac = MAC) => cache.learn(PEER, mac, true, false, true);

describe('resolving', () => {
  it('asks once, lets packets wait, and sends them in order when the answer comes', () => {
    send('p1');
    send('p2');
    expect(state()).toBe('INCOMPLETE');
    expect(done).toEqual(['0 ask']);
    sim.run(milliseconds(3));
    reply();
    expect(done.slice(1)).toEqual(['0.003 sent p1 02:00:00:00:00:02', '0.003 sent p2 02:00:00:00:00:02']);
    expect(state()).toBe('REACHABLE');
    send('p3');
    expect(done.at(-1)).toBe('0.003 sent p3 02:00:00:00:00:02');
  });

  it('asks three times a second apart, then gives up every packet that waits', () => {
    send('p1');
    sim.run(milliseconds(1500));
    send('p2');
    sim.run(seconds(10));
    expect(done).toEqual(['0 ask', '1 ask', '2 ask', '3 unresolved p1 2', '3 unresolved p2 2']);
    expect(state()).toBe('FAILED');
  });

  it('begins anew with the next packet after it failed', () => {
    send('p1');
    sim.run(seconds(10));
    done.length = 0;
    send('p2');
    sim.run(seconds(20));
    expect(done).toEqual(['10 ask', '11 ask', '12 ask', '13 unresolved p2 2']);
  });

  it('an answer to the last request still counts', () => {
    send('p1');
    sim.run(milliseconds(2999));
    reply();
    sim.run(seconds(4));
    expect(done.at(-1)).toBe('2.999 sent p1 02:00:00:00:00:02');
  });

  it('keeps 101 packets; one more pushes out the oldest: arp.queue-full', () => {
    for (let n = 0; n < 103; n++) send(`p${n}`);
    expect(tracer.drops.get('arp.queue-full')).toBe(2);
    reply();
    expect(done.filter((line) => line.includes('sent'))).toHaveLength(101);
    expect(done[1]).toContain('sent p2 ');
  });

  it('a packet that waited is sent under the cause under which it came', () => {
    const causes: number[] = [];
    const own = new NeighbourCache<number>(sim, tracer, 'eth0', ARP_NAMES, {
      key: (address) => address,
      request: () => {},
      transmit: (frame) => {
        causes.push(tracer.cause);
        frame.release();
      },
      unresolved: () => {},
      format: String,
    });
    tracer.within(41, () => own.send(pool.take(1), PEER));
    tracer.within(42, () => own.send(pool.take(1), PEER));
    tracer.within(43, () => own.learn(PEER, MAC, false, true, false));
    expect(causes).toEqual([41, 42]);
  });

  it('who asks for us is learned as STALE, and used at once', () => {
    asked();
    expect(state()).toBe('STALE');
    send('p1');
    expect(done).toEqual(['0 sent p1 02:00:00:00:00:02']);
    expect(state()).toBe('DELAY');
  });

  it('a request from the address we wait for ends the waiting', () => {
    send('p1');
    asked();
    expect(done.at(-1)).toBe('0 sent p1 02:00:00:00:00:02');
    expect(state()).toBe('DELAY');
  });

  it('what is overheard makes no entry', () => {
    cache.learn(PEER, MAC, false, false, false);
    reply();
    expect([...cache.entries()]).toEqual([]);
  });
});

describe('ageing', () => {
  /** How long a neighbour is REACHABLE that is not heard of again. @param base what base_reachable_time is set to. */
  const lasts = (seed: number, base?: number) => {
    const own = new Simulation(seed);
    const none = new NeighbourCache<number>(own, new Tracer(own, 'a'), 'eth0', ARP_NAMES, {
      key: (address) => address,
      request: () => {},
      transmit: (frame) => frame.release(),
      unresolved: () => {},
      format: String,
    });
    if (base !== undefined) none.parameters.baseReachableTime = base;
    none.send(pool.take(1), PEER);
    none.learn(PEER, MAC, false, true, false);
    while (none.get(PEER)?.state === 'REACHABLE' && own.step());
    expect(none.get(PEER)?.state).toBe('STALE');
    return own.now;
  };

  it('REACHABLE lasts 15 to 45 s, by the seed, and then is STALE', () => {
    const times = Array.from({ length: 40 }, (_, seed) => lasts(seed));
    expect(Math.min(...times)).toBeGreaterThanOrEqual(seconds(15));
    expect(Math.max(...times)).toBeLessThanOrEqual(seconds(45));
    expect(new Set(times).size).toBe(40);
    expect(lasts(7)).toBe(times[7]);
  });

  it('REACHABLE lasts half of base_reachable_time to one and a half of it', () => {
    const times = Array.from({ length: 40 }, (_, seed) => lasts(seed, seconds(200)));
    expect(Math.min(...times)).toBeGreaterThanOrEqual(seconds(100));
    expect(Math.max(...times)).toBeLessThanOrEqual(seconds(300));
  });

  it('REACHABLE lasts the same time again, and another after five minutes', () => {
    const time = () => {
      const from = sim.now;
      reply();
      while (state() === 'REACHABLE' && sim.step());
      return sim.now - from;
    };
    send('p');
    const first = time();
    expect(time()).toBe(first);
    sim.run(seconds(301));
    expect(time()).not.toBe(first);
  });

  it('a stale neighbour in use is probed by unicast after 5 s, and confirmed by its reply', () => {
    asked();
    send('p1');
    sim.run(milliseconds(5000));
    expect(state()).toBe('PROBE');
    expect(done.at(-1)).toBe('5 ask 02:00:00:00:00:02');
    send('p2');
    expect(done.at(-1)).toBe('5 sent p2 02:00:00:00:00:02');
    reply();
    expect(state()).toBe('REACHABLE');
  });

  it('a neighbour that answers no probe has failed after three of them', () => {
    asked();
    send('p1');
    sim.run(seconds(20));
    expect(done.slice(1)).toEqual([5, 6, 7].map((at) => `${at} ask 02:00:00:00:00:02`));
    expect(state()).toBe('FAILED');
  });

  it('a confirmation from above spares the probe', () => {
    asked();
    send('p1');
    sim.run(seconds(2));
    cache.confirm(PEER);
    sim.run(seconds(6));
    expect(state()).toBe('REACHABLE');
    expect(done).toEqual(['0 sent p1 02:00:00:00:00:02']);
  });

  it('a neighbour in use goes from REACHABLE to DELAY', () => {
    send('p1');
    reply();
    for (let n = 1; state() === 'REACHABLE' && n < 60; n++) {
      sim.run(seconds(n));
      if (state() === 'REACHABLE') send('more');
    }
    expect(state()).toBe('DELAY');
  });
});

describe('changes', () => {
  it('a new MAC is not believed within a second of the last change, unless announced', () => {
    send('p1');
    reply();
    sim.run(milliseconds(500));
    reply(OTHER);
    expect(cache.get(PEER)?.mac).toBe(MAC);
    cache.learn(PEER, OTHER, false, false, true);
    expect([cache.get(PEER)?.mac, state()]).toEqual([OTHER, 'STALE']);
  });

  it('a new MAC is believed after that', () => {
    send('p1');
    reply();
    sim.run(milliseconds(1500));
    reply(OTHER);
    expect([cache.get(PEER)?.mac, state()]).toEqual([OTHER, 'REACHABLE']);
  });

  it('a request of a reachable neighbour does not make it stale', () => {
    send('p1');
    reply();
    asked();
    expect(state()).toBe('REACHABLE');
  });

  it('a permanent entry is never asked for, nor changed by what arrives', () => {
    cache.setPermanent(PEER, MAC);
    asked(OTHER);
    reply(OTHER);
    send('p1');
    expect(done).toEqual(['0 sent p1 02:00:00:00:00:02']);
    cache.flush();
    expect(state()).toBe('PERMANENT');
    cache.flush(true);
    expect(state()).toBe(undefined);
  });

  it('removing an entry drops what waits for it: arp.flushed', () => {
    send('p1');
    expect(cache.remove(PEER)).toBe(true);
    expect(cache.remove(PEER)).toBe(false);
    expect(tracer.drops.get('arp.flushed')).toBe(1);
    sim.run(seconds(10));
    expect(done).toEqual(['0 ask']);
  });

  it('a full table gives up the entry that was not used for longest', () => {
    cache.parameters.tableLimit = 3;
    for (const address of [10, 11, 12]) cache.learn(address, MAC, true, false, true);
    sim.run(10);
    cache.send(pool.take(1), 10);
    cache.send(pool.take(1), 12);
    cache.learn(13, MAC, true, false, true);
    expect([...cache.entries()].map(({ address }) => address)).toEqual([10, 12, 13]);
  });

  it('all are recorded, with the MAC where there is one', () => {
    send('p1');
    reply();
    cache.remove(PEER);
    const tables = record.events.filter((event) => event.kind === 'table');
    expect(tables.map(({ change, key, value }) => [change, key, value])).toEqual([
      ['add', '2', 'INCOMPLETE'],
      ['update', '2', '02:00:00:00:00:02 REACHABLE'],
      ['remove', '2', ''],
    ]);
  });
});
