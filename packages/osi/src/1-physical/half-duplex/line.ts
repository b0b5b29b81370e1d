import type { Simulation } from '../../time/index.ts';
import type { CableDirection } from '../direction.ts';
import type { Frame } from '../frame.ts';
import { dropOnTheWay, type Medium, type Port } from '../port.ts';

/** Who speaks and listens at an end of a line: a station's CSMA/CD, or a repeater. */
export interface LineUser {
  /** A frame to send from here; takes it over. */
  send(end: LineEnd, frame: Frame): void;
  /** The first bit of a signal has arrived. */
  signalBegins(end: LineEnd): void;
  /** Its last one has; `frame` is what it carried, whole (taken over), or null for a fragment or a jam. */
  signalEnds(end: LineEnd, frame: Frame | null): void;
  /** The cable was pulled out: what waits or is being sent is lost. */
  unplugged(end: LineEnd): void;
}

/**
 * One end of a cable on which one speaks at a time. It carries signals, not frames: the far end hears one begin a
 * propagation delay after it began here, and learns what it was when it has ended.
 */
export class LineEnd implements Medium {
  readonly fullDuplex = false;
  readonly port: Port;
  readonly bandwidth: number;
  /** A signal is arriving; one is being sent. */
  hearing = false;
  speaking = false;
  /** Set when both ends are there. */
  far: LineEnd | null = null;
  readonly #sim: Simulation;
  readonly #direction: CableDirection;
  readonly #user: LineUser;
  /** What is on the way when the cable is pulled never arrives. */
  #pulls = 0;

  /** @param direction the settings of what leaves here. */
  constructor(sim: Simulation, port: Port, direction: CableDirection, user: LineUser, bandwidth: number) {
    this.#sim = sim;
    this.port = port;
    this.bandwidth = bandwidth;
    this.#direction = direction;
    this.#user = user;
  }

  get carrier(): boolean {
    return this.#direction.connected && this.far?.port.enabled === true;
  }

  get queueLimit(): number {
    return this.#direction.queueLimit;
  }

  /** How long `bits` take. */
  time(bits: number): number {
    return (bits * 1e9) / this.bandwidth;
  }

  send(frame: Frame): void {
    this.#user.send(this, frame);
  }

  portChanged(): void {
    this.far?.port.linkChanged();
  }

  /** Begins to speak. */
  begin(): void {
    this.speaking = true;
    this.#later((far) => {
      far.hearing = true;
      far.#user.signalBegins(far);
    });
  }

  /** Ends to speak: with the last bit of a frame (taken over), or with null before it was whole. */
  end(frame: Frame | null): void {
    this.speaking = false;
    const lost = frame !== null && this.#direction.impairments.loses();
    if (lost) dropOnTheWay(this.port, frame, 'cable.loss');
    this.#later(
      (far) => {
        far.hearing = false;
        far.#user.signalEnds(far, lost ? null : frame);
      },
      () => frame !== null && !lost && dropOnTheWay(this.port, frame, 'cable.unplugged'),
    );
  }

  /** The cable was pulled. */
  pull(): void {
    this.#pulls++;
    this.hearing = false;
    this.speaking = false;
    this.#user.unplugged(this);
  }

  #later(arrive: (far: LineEnd) => void, missed?: () => void): void {
    const { far } = this;
    const pulls = this.#pulls;
    this.#sim.after(this.#direction.delay, () => {
      if (far !== null && pulls === this.#pulls) arrive(far);
      else missed?.();
    });
  }
}
