/**
 * Virtual time: a nanosecond clock, the event queue with its timers, and seeded randomness.
 *
 * Promise: a run is a function of the seed and of what is scheduled. Needs nothing from the platform.
 */
export {
  formatSeconds,
  microseconds,
  milliseconds,
  type Nanoseconds,
  seconds,
} from './nanoseconds.ts';
export { perSimulation } from './per-simulation.ts';
export { Random } from './random.ts';
export { type Action, Simulation, Timed, Timer } from './simulation.ts';
