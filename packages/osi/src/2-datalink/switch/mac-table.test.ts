import { expect, it } from 'vitest';
import { pool } from '../../../test/station.ts';
import { Port } from '../../1-physical/index.ts';
import { Simulation, seconds } from '../../time/index.ts';
import { Tracer } from '../../trace/index.ts';
import { macFromNumber } from '../ethernet/mac-address.ts';
import { MacTable } from './mac-table.ts';

it('a table that is full remembers no more stations, and forgets none of those it has before their time', () => {
  const sim = new Simulation();
  const tracer = new Tracer(sim, 'sw');
  const table = new MacTable(sim, tracer);
  const ports = [new Port('1', tracer, pool), new Port('2', tracer, pool)] as const;
  const station = (n: number) => macFromNumber(0x02_0000_000000 + n);
  for (let n = 0; n < 10_000; n++) table.learn(station(n), ports[0]);
  expect(table.size).toBe(8192);
  expect(table.find(station(9999))).toBe(null);
  table.learn(station(5), ports[1]);
  expect(table.find(station(5))).toBe(ports[1]);
  sim.run(seconds(301));
  expect(table.size).toBe(0);
  table.learn(station(9999), ports[0]);
  expect(table.find(station(9999))).toBe(ports[0]);
});
