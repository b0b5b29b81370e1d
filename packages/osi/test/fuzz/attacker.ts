import type { Random } from '../../src/time/index.ts';
import type { Ear } from './flows.ts';

/** What an attack is made of: where it strikes, and what somebody who hears everything knows. */
export interface Target {
  readonly mac: number;
  readonly address: number;
}

export interface Attacker {
  readonly random: Random;
  readonly ear: Ear;
  readonly mac: number;
  /** Whom it strikes with this frame. */
  readonly target: Target;
  /** Addresses of machines there are. */
  readonly addresses: readonly number[];
  /** An address that no connection which must not come to harm depends on. */
  readonly stranger: () => number;
}

/** Makes a frame, or none when nothing suitable has been heard yet. */
export type Attack = (by: Attacker) => Uint8Array | null;

export interface AttackKind {
  readonly name: string;
  /** How many frames are of this kind, beside those of the others. */
  readonly share: number;
  readonly make: Attack;
}

export const pick = <T>(random: Random, from: readonly T[]): T => from[random.below(from.length)] as T;
