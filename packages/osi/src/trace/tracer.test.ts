import { describe, expect, test } from 'vitest';
import { Simulation } from '../time/index.ts';
import { ERRNO, errnoMessage, errnoName } from './errno.ts';
import { TraceRecord } from './record.ts';
import { Tracer } from './tracer.ts';

const drop = { kind: 'frame-dropped', port: 'eth0', sent: 0, reason: 'test' } as const;

function pen(): { sim: Simulation; record: TraceRecord; tracer: Tracer } {
  const sim = new Simulation();
  const record = new TraceRecord();
  return { sim, record, tracer: new Tracer(sim, 'client', record) };
}

describe('a tracer', () => {
  test('writes time, node and the current cause', () => {
    const { sim, record, tracer } = pen();
    sim.run(42);
    const first = tracer.write(drop);
    const second = tracer.within(first, () => tracer.write(drop));
    expect(record.get(first)).toMatchObject({ time: 42, node: 'client', cause: 0 });
    expect(record.get(second)).toMatchObject({ cause: first });
    expect(tracer.cause).toBe(0);
  });

  test('an event may name another cause than the current one', () => {
    const { record, tracer } = pen();
    const first = tracer.write(drop);
    const second = tracer.write(drop);
    const third = tracer.within(second, () => tracer.write({ ...drop, cause: first }));
    expect(record.get(third)).toMatchObject({ cause: first });
  });

  test('within restores the cause, also when something is thrown', () => {
    const { tracer } = pen();
    expect(() =>
      tracer.within(7, () => {
        expect(tracer.cause).toBe(7);
        throw new Error('x');
      }),
    ).toThrow('x');
    expect(tracer.cause).toBe(0);
  });

  test('an expired timer is an event caused by what started it, and the cause of what its action does', () => {
    const { sim, record, tracer } = pen();
    let written = 0;
    const timer = tracer.timer(
      'tcp.delayed-ack',
      () => 'tcp:3',
      () => {
        written = tracer.write(drop);
      },
    );
    const start = tracer.write(drop);
    tracer.within(start, () => timer.start(10));
    expect([timer.running, timer.deadline]).toEqual([true, 10]);
    sim.run();
    const expired = record.events.find(({ kind }) => kind === 'timer');
    expect(expired).toMatchObject({ name: 'tcp.delayed-ack', subject: 'tcp:3', time: 10, cause: start });
    expect(record.get(written)).toMatchObject({ cause: expired?.id });
    expect(tracer.cause).toBe(0);
  });

  test('a stopped timer leaves no event', () => {
    const { sim, record, tracer } = pen();
    const timer = tracer.timer(
      'x',
      () => '',
      () => {
        throw new Error('expired');
      },
    );
    timer.start(10);
    timer.stop();
    sim.run();
    expect(record.size).toBe(0);
  });

  test('causes are older than what they cause, so chains end', () => {
    const { sim, record, tracer } = pen();
    const timer = tracer.timer(
      'again',
      () => '',
      () => {
        tracer.write(drop);
        if (record.size < 20) timer.start(1);
      },
    );
    timer.start(1);
    sim.run();
    for (const event of record.events) expect(event.cause).toBeLessThan(event.id);
  });

  test('without a record it numbers everything 0, and its timers still run', () => {
    const sim = new Simulation();
    const tracer = new Tracer(sim, 'quiet');
    let ran = 0;
    expect(tracer.on).toBe(false);
    expect(tracer.write(drop)).toBe(0);
    tracer
      .timer(
        'x',
        () => {
          throw new Error('nobody reads it');
        },
        () => ran++,
      )
      .start(1);
    sim.run();
    expect(ran).toBe(1);
  });

  test('counts drops by their reason', () => {
    const { tracer } = pen();
    for (const reason of ['a', 'b', 'a']) tracer.countDrop(reason);
    expect(Object.fromEntries(tracer.drops)).toEqual({ a: 2, b: 1 });
  });
});

describe('errno', () => {
  test('each number has one name and one text, and back', () => {
    const numbers = Object.values(ERRNO);
    expect(new Set(numbers).size).toBe(numbers.length);
    for (const [name, number] of Object.entries(ERRNO)) {
      expect(errnoName(number)).toBe(name);
      expect(errnoMessage(number)).not.toBe('');
    }
    expect(errnoMessage(ERRNO.ECONNREFUSED)).toBe('Connection refused');
  });

  test('an unknown number is named by itself', () => {
    expect(errnoName(4242)).toBe('E4242');
    expect(errnoMessage(4242)).toBe('Unknown error 4242');
  });
});
