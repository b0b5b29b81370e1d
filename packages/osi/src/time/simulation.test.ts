import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatSeconds, microseconds, milliseconds, seconds } from './nanoseconds.ts';
import { Simulation, type Timer } from './simulation.ts';

describe('the event queue', () => {
  test('events run in order of time, those of one instant in the order of scheduling', () => {
    const sim = new Simulation();
    const ran: string[] = [];
    sim.at(20, () => ran.push('c'));
    sim.at(10, () => ran.push('a'));
    sim.after(20, () => ran.push('d'));
    sim.at(10, () => ran.push('b'));
    sim.run();
    expect(ran).toEqual(['a', 'b', 'c', 'd']);
    expect(sim.now).toBe(20);
    expect(sim.eventsRun).toBe(4);
  });

  test('a time in the past counts as now, behind what is due already', () => {
    const sim = new Simulation();
    const ran: string[] = [];
    sim.at(10, () => {
      sim.at(3, () => ran.push(`late at ${sim.now}`));
    });
    sim.at(10, () => ran.push('due'));
    sim.run();
    expect(ran).toEqual(['due', 'late at 10']);
  });

  test('run(until) runs what is due up to and including that time and leaves the clock there', () => {
    const sim = new Simulation();
    const ran: number[] = [];
    for (const at of [5, 10, 11]) sim.at(at, () => ran.push(at));
    sim.run(10);
    expect(ran).toEqual([5, 10]);
    expect(sim.now).toBe(10);
    sim.run(10.5);
    expect(sim.now).toBe(10.5);
    expect(sim.nextAt).toBe(11);
    sim.run();
    expect(sim.now).toBe(11);
    expect(sim.nextAt).toBe(Number.POSITIVE_INFINITY);
    expect(sim.step()).toBe(false);
  });

  test('step runs one event and moves the clock to it', () => {
    const sim = new Simulation();
    let count = 0;
    sim.at(7, () => count++);
    sim.at(7, () => count++);
    expect(sim.step()).toBe(true);
    expect([count, sim.now]).toEqual([1, 7]);
  });
});

describe('a timer', () => {
  const expiries = (): { sim: Simulation; timer: Timer; at: number[] } => {
    const sim = new Simulation();
    const at: number[] = [];
    const timer = sim.timer(() => at.push(sim.now));
    return { sim, timer, at };
  };

  test('expires once after its delay, and can be started again from its own action', () => {
    const sim = new Simulation();
    const at: number[] = [];
    const timer = sim.timer(() => {
      at.push(sim.now);
      if (at.length < 3) timer.start(10);
    });
    timer.start(10);
    expect(timer.running).toBe(true);
    sim.run();
    expect(at).toEqual([10, 20, 30]);
    expect(timer.running).toBe(false);
    expect(timer.deadline).toBe(Number.POSITIVE_INFINITY);
  });

  test('started anew to a later time, it expires then only', () => {
    const { sim, timer, at } = expiries();
    timer.start(10);
    sim.at(8, () => timer.start(10));
    sim.run();
    expect(at).toEqual([18]);
  });

  test('started anew to an earlier time, it expires then only', () => {
    const { sim, timer, at } = expiries();
    timer.start(100);
    sim.at(5, () => timer.start(10));
    sim.run();
    expect(at).toEqual([15]);
    expect(sim.now).toBe(15);
  });

  test('stopped, it does not expire, and leaves nothing to happen', () => {
    const { sim, timer, at } = expiries();
    timer.start(10);
    timer.stop();
    expect(sim.nextAt).toBe(Number.POSITIVE_INFINITY);
    sim.run();
    expect(at).toEqual([]);
    expect(sim.now).toBe(0);
    timer.start(3);
    sim.run();
    expect(at).toEqual([3]);
  });

  test('its place among the events of an instant is that of its last start', () => {
    const sim = new Simulation();
    const ran: string[] = [];
    const timer = sim.timer(() => ran.push('timer'));
    timer.start(10);
    sim.at(10, () => ran.push('event'));
    timer.start(10);
    sim.run();
    expect(ran).toEqual(['event', 'timer']);
  });

  test('a negative delay counts as none', () => {
    const { sim, timer, at } = expiries();
    timer.start(-5);
    sim.run();
    expect(at).toEqual([0]);
  });
});

test('queue and timers do what a sorted list would, whatever is started, moved and stopped', () => {
  const TIMERS = 4;
  const action = fc.oneof(
    fc.record({ do: fc.constant('event' as const), delay: fc.nat(30) }),
    fc.record({ do: fc.constant('start' as const), timer: fc.nat(TIMERS - 1), delay: fc.nat(30) }),
    fc.record({ do: fc.constant('stop' as const), timer: fc.nat(TIMERS - 1) }),
    fc.record({ do: fc.constant('step' as const) }),
    fc.record({ do: fc.constant('run' as const), time: fc.nat(20) }),
  );
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
      const sim = new Simulation();
      const ran: string[] = [];
      const timers = Array.from({ length: TIMERS }, (_, i) => sim.timer(() => ran.push(`t${i}@${sim.now}`)));
      // The model: a list of what is due, sorted when asked.
      let now = 0;
      let order = 0;
      let due: { at: number; order: number; name: string }[] = [];
      const expected: string[] = [];
      const next = () => due.sort((a, b) => a.at - b.at || a.order - b.order)[0];
      const step = () => {
        const first = next();
        if (first === undefined) return;
        due = due.slice(1);
        now = first.at;
        expected.push(`${first.name}@${now}`);
      };
      let events = 0;
      for (const each of actions) {
        if (each.do === 'event') {
          const name = `e${events++}`;
          sim.after(each.delay, () => ran.push(`${name}@${sim.now}`));
          due.push({ at: now + each.delay, order: order++, name });
        } else if (each.do === 'start') {
          timers[each.timer]!.start(each.delay);
          due = due.filter(({ name }) => name !== `t${each.timer}`);
          due.push({ at: now + each.delay, order: order++, name: `t${each.timer}` });
        } else if (each.do === 'stop') {
          timers[each.timer]!.stop();
          due = due.filter(({ name }) => name !== `t${each.timer}`);
        } else if (each.do === 'step') {
          sim.step();
          step();
        } else {
          const until = now + each.time;
          sim.run(until);
          while ((next()?.at ?? Number.POSITIVE_INFINITY) <= until) step();
          now = until;
        }
        expect(sim.now).toBe(now);
        expect(sim.nextAt).toBe(next()?.at ?? Number.POSITIVE_INFINITY);
      }
      sim.run();
      while (next() !== undefined) step();
      expect(ran).toEqual(expected);
    }),
  );
});

describe('routine', () => {
  /** Something that happens every 10 ns for ever, and counts. */
  function ticking() {
    const sim = new Simulation();
    const ticks: number[] = [];
    const timer = sim.routineTimer(() => {
      ticks.push(sim.now);
      timer.start(10);
    });
    timer.start(10);
    return { sim, ticks, timer };
  }

  test('goes on while something else is to happen, and ends with it', () => {
    const { sim, ticks } = ticking();
    sim.at(25, () => {});
    expect(sim.nextAt).toBe(10);
    sim.run();
    expect(ticks).toEqual([10, 20]);
    expect(sim.now).toBe(25);
    expect(sim.nextAt).toBe(Number.POSITIVE_INFINITY);
    expect(sim.step()).toBe(false);
  });

  test('goes on up to a time that is asked for', () => {
    const { sim, ticks } = ticking();
    sim.run(35);
    expect(ticks).toEqual([10, 20, 30]);
    expect(sim.now).toBe(35);
    expect([sim.stepBy(39), sim.stepBy(40), sim.now]).toEqual([false, true, 40]);
  });

  test('is not waited for when other timers were stopped, or started never to expire', () => {
    const { sim, ticks } = ticking();
    const timer = sim.timer(() => {});
    timer.start(15);
    timer.start(100);
    timer.stop();
    timer.stop();
    timer.start(Number.POSITIVE_INFINITY);
    expect(timer.running).toBe(false);
    expect(sim.nextAt).toBe(Number.POSITIVE_INFINITY);
    sim.run();
    expect(ticks).toEqual([]);
  });
});

describe('durations', () => {
  test('are whole nanoseconds', () => {
    expect([seconds(1.5), milliseconds(0.1), microseconds(2)]).toEqual([1_500_000_000, 100_000, 2_000]);
  });

  test('are written as seconds with nine decimals', () => {
    expect(formatSeconds(0)).toBe('0.000000000');
    expect(formatSeconds(123_456)).toBe('0.000123456');
    expect(formatSeconds(seconds(65) + 1)).toBe('65.000000001');
  });
});
