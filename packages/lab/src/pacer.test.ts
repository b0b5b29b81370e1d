import { milliseconds, seconds } from '@netarium/osi/time';
import { expect, test } from 'vitest';
import { Lab, Pacer, type PacerState, type WallClock } from './index.ts';

/** A wall clock that stands still except while someone waits for it. */
function fakeClock(): WallClock & { time: number } {
  const clock = {
    time: 0,
    now: () => clock.time,
    wait: async (ms: number) => {
      clock.time += ms;
    },
  };
  return clock;
}

/** A lab in which something happens every 100 ms of virtual time, ten times. */
function ticking() {
  const lab = new Lab();
  const ticks: number[] = [];
  for (let i = 1; i <= 10; i++) lab.sim.at(milliseconds(100 * i), () => ticks.push(lab.sim.now));
  return { lab, ticks };
}

test.each([
  [1, 1_000],
  [0.01, 100_000],
  [10, 100],
  [Number.POSITIVE_INFINITY, 0],
])('at speed %d a second of virtual time takes %d ms', async (speed, real) => {
  const { lab, ticks } = ticking();
  const clock = fakeClock();
  const pacer = new Pacer(lab, clock);
  pacer.speed = speed;
  expect(await pacer.run()).toBe('idle');
  expect(ticks).toHaveLength(10);
  expect(clock.time).toBeCloseTo(real, -1);
});

test('paused, nothing happens until it is resumed; states are told', async () => {
  const { lab, ticks } = ticking();
  const pacer = new Pacer(lab, fakeClock());
  const states: PacerState[] = [];
  pacer.subscribe((state) => {
    states.push(state);
    if (state === 'paused') queueMicrotask(() => pacer.resume());
  });
  lab.sim.at(milliseconds(250), () => pacer.pause());
  await pacer.run();
  expect(states).toEqual(['running', 'paused', 'running', 'stopped']);
  expect(ticks).toHaveLength(10);
});

test('a poke wakes one that stays', async () => {
  const lab = new Lab();
  const pacer = new Pacer(lab, fakeClock());
  const stop = new AbortController();
  let happened = false;
  pacer.subscribe((state) => {
    if (state !== 'idle') return;
    if (happened) {
      stop.abort();
      return;
    }
    lab.sim.after(1, () => {
      happened = true;
    });
    queueMicrotask(() => pacer.poke());
  });
  expect(await pacer.run({ stay: true, signal: stop.signal })).toBe('interrupted');
  expect(happened).toBe(true);
});

test('it stops at the time it is given, with the clock there', async () => {
  const { lab, ticks } = ticking();
  const pacer = new Pacer(lab, fakeClock());
  expect(await pacer.run({ until: milliseconds(450) })).toBe('until');
  expect([ticks.length, lab.sim.now]).toEqual([4, milliseconds(450)]);
  expect(await lab.run({ until: '2s' })).toBe('idle');
  expect(lab.sim.now).toBe(seconds(2));
});

test('only one drives a lab at a time', async () => {
  const { lab } = ticking();
  const running = new Pacer(lab, fakeClock()).run();
  await expect(lab.run()).rejects.toThrow('the lab is being driven already');
  await running;
});

test('one that stays lets time pass, and what is done from outside is done at the time that it is by then', async () => {
  const lab = new Lab();
  let time = 0;
  let stays = true;
  let acted = 0;
  const pacer = new Pacer(lab, {
    now: () => time,
    wait: async (ms) => {
      time += ms;
      if (time < 500) return;
      time += 5;
      pacer.act(() => {
        acted = lab.sim.now;
        stays = false;
      });
    },
  });
  expect(await pacer.run({ stay: () => stays })).toBe('idle');
  expect(acted).toBe(milliseconds(505));
});
