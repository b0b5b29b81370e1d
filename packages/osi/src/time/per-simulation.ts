import type { Simulation } from './simulation.ts';

/** What there is one of for each simulation: made when it is first asked for, and gone with the simulation. */
export function perSimulation<T>(make: () => T): (sim: Simulation) => T {
  const all = new WeakMap<Simulation, T>();
  return (sim) => {
    let one = all.get(sim);
    if (one === undefined) {
      one = make();
      all.set(sim, one);
    }
    return one;
  };
}
