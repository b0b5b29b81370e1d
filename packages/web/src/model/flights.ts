import type { Nanoseconds } from '@netarium/osi/time';
import type { FrameSent } from '@netarium/osi/trace';
import type { LabDescription, LinkDescription } from '../protocol.ts';
import type { Model } from './model.ts';
import type { Tone } from './packets.ts';

/** A frame on a cable at one moment. */
export interface Flight {
  readonly sent: FrameSent;
  readonly frame: number;
  readonly link: number;
  /** From the cable's end `a` to `b`, or back. */
  readonly forward: boolean;
  /** How far it is, 0 to 1. */
  readonly progress: number;
  readonly tone: Tone;
  readonly protocol: string;
  /** The reason, when it was lost here. */
  readonly lost: string | null;
}

/** IEEE 802.3: preamble, start delimiter and FCS; the shortest frame. */
const AROUND = 12;
const SHORTEST = 60;

/** Which cable a port is on. */
export class Cables {
  readonly #ends = new Map<string, { link: number; forward: boolean }>();
  readonly #links: readonly LinkDescription[];

  constructor(lab: LabDescription) {
    this.#links = lab.links;
    lab.links.forEach(({ a, b }, link) => {
      this.#ends.set(`${a.node}:${a.port}`, { link, forward: true });
      this.#ends.set(`${b.node}:${b.port}`, { link, forward: false });
    });
  }

  from(node: string, port: string): { link: number; forward: boolean; cable: LinkDescription } | undefined {
    const end = this.#ends.get(`${node}:${port}`);
    return end === undefined ? undefined : { ...end, cable: this.#links[end.link] as LinkDescription };
  }

  /** When a frame's last bit should arrive. */
  arrival(sent: FrameSent): Nanoseconds {
    const cable = this.from(sent.node, sent.port)?.cable;
    if (cable === undefined) return sent.time;
    const bits = (Math.max(sent.length, SHORTEST) + AROUND) * 8;
    return sent.time + cable.delay + (cable.bandwidth === null ? 0 : (bits / cable.bandwidth) * 1e9);
  }
}

/** How many frames back to look for ones that are still on their way. */
const LOOK_BACK = 600;

/** The frames that are on cables at `time`. */
export function flightsAt(model: Model, cables: Cables, time: Nanoseconds): Flight[] {
  const flights: Flight[] = [];
  const { all } = model.journeys;
  for (let i = all.length - 1; i >= Math.max(0, all.length - LOOK_BACK); i--) {
    const journey = all[i];
    if (journey === undefined || journey.sent.time > time) continue;
    for (const { sent, received, dropped } of journey.hops) {
      const end = cables.from(sent.node, sent.port);
      if (end === undefined || sent.time > time) continue;
      const lost =
        received === null && dropped !== null && dropped.reason.startsWith('cable.') ? dropped.reason : null;
      const arrival = received?.time ?? cables.arrival(sent);
      if (arrival < time || arrival === sent.time) continue;
      const progress = (time - sent.time) / (arrival - sent.time);
      const { tone, protocol } = model.packets.packet(journey.sent);
      flights.push({
        sent,
        frame: journey.number,
        link: end.link,
        forward: end.forward,
        progress: lost === null ? progress : Math.min(progress, 0.55),
        tone,
        protocol,
        lost: lost !== null && progress > 0.5 ? lost : null,
      });
    }
  }
  return flights;
}
