import { Cable, type CableOptions, Port } from '@netarium/osi/1-physical';
import { type MacAddress, parseMac } from '@netarium/osi/2-datalink';
import { Stack } from '@netarium/osi/5-session';
import { Simulation } from '@netarium/osi/time';
import { TraceRecord } from '@netarium/osi/trace';

export interface TwoStacks {
  readonly sim: Simulation;
  readonly record: TraceRecord;
  readonly client: Stack;
  readonly server: Stack;
  readonly cable: Cable;
}

/** Two machines, `client` 10.0.0.1 and `server` 10.0.0.2, with one cable between their `eth0`. */
export function twoStacks(seed = 1, cableOptions: CableOptions = {}): TwoStacks {
  const sim = new Simulation(seed);
  const record = new TraceRecord();
  const make = (name: string, last: number): [Stack, Port] => {
    const stack = new Stack({ sim, name, record });
    const port = new Port('eth0', stack.tracer, stack.pool);
    stack.addPort(port, { mac: parseMac(`02:00:00:00:00:0${last}`) as MacAddress });
    stack.addAddress('eth0', `10.0.0.${last}/24`);
    return [stack, port];
  };
  const [client, a] = make('client', 1);
  const [server, b] = make('server', 2);
  const cable = new Cable(sim, a, b, cableOptions);
  return { sim, record, client, server, cable };
}
