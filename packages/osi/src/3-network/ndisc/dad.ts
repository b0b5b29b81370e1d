import { type Random, type Simulation, seconds } from '../../time/index.ts';
import type { TracedTimer, Tracer } from '../../trace/index.ts';
import type { LocalAddress6 } from '../ipv6/addresses.ts';
import type { Ipv6Interface } from '../ipv6/interface.ts';
import type { Ipv6Layer } from '../ipv6/layer.ts';
import type { NeighbourDiscovery } from './discovery.ts';

interface Check {
  readonly line: LocalAddress6;
  readonly by: Ipv6Interface;
  readonly timer: TracedTimer;
  /** Questions still to be sent. */
  left: number;
  nonce: number;
}

/**
 * Duplicate address detection (RFC 4862 section 5.4), as Linux does it: after a random part of a second an address is
 * asked for `dad_transmits` times, a second apart; when nobody has answered it may be used.
 */
export class DuplicateDetection {
  readonly #sim: Simulation;
  readonly #tracer: Tracer;
  readonly #ip: Ipv6Layer;
  readonly #nd: NeighbourDiscovery;
  readonly #done: (line: LocalAddress6, by: Ipv6Interface) => void;
  readonly #checks = new Map<LocalAddress6, Check>();
  #random: Random | null = null;

  /** @param done an address may be used from now on. */
  constructor(
    sim: Simulation,
    tracer: Tracer,
    ip: Ipv6Layer,
    nd: NeighbourDiscovery,
    done: (line: LocalAddress6, by: Ipv6Interface) => void,
  ) {
    this.#sim = sim;
    this.#tracer = tracer;
    this.#ip = ip;
    this.#nd = nd;
    this.#done = done;
    nd.conflict = (line, nonce) => this.#conflict(line, nonce);
  }

  /** Begins with a tentative address; one that is not is done already. */
  start(line: LocalAddress6, by: Ipv6Interface): void {
    const transmits = by.setting('accept_dad') === 0 || !by.discovers ? 0 : by.setting('dad_transmits');
    if (!line.tentative || transmits <= 0) {
      this.#finish(line, by);
      return;
    }
    this.stop(line);
    const timer = this.#tracer.timer(
      'ndisc.duplicate-check',
      () => line.address.text,
      () => this.#expired(line),
    );
    this.#checks.set(line, { line, by, timer, left: transmits, nonce: 0 });
    timer.start(Math.floor(this.#chance().unit() * seconds(by.setting('router_solicitation_delay'))));
  }

  /** The address is given up. */
  stop(line: LocalAddress6): void {
    this.#checks.get(line)?.timer.stop();
    this.#checks.delete(line);
  }

  #expired(line: LocalAddress6): void {
    const check = this.#checks.get(line);
    if (check === undefined) return;
    if (check.left === 0) {
      this.stop(line);
      this.#finish(line, check.by);
      return;
    }
    check.left--;
    check.nonce = this.#chance().uint32() + 1;
    this.#nd.probe(check.by, line.address, check.nonce);
    check.timer.start(check.by.neighbours?.parameters.retransTime ?? seconds(1));
  }

  #finish(line: LocalAddress6, by: Ipv6Interface): void {
    if (line.tentative) this.#ip.addresses.confirm(line);
    this.#done(line, by);
  }

  /** Somebody else has it, or asks for it: unless it is our own question that came back (RFC 7527 section 4.1). */
  #conflict(line: LocalAddress6, nonce: number): void {
    const check = this.#checks.get(line);
    if (check === undefined || (nonce !== 0 && nonce === check.nonce)) return;
    this.stop(line);
    this.#tracer.countDrop('ndisc.address-conflict');
    this.#ip.addresses.fail(line);
  }

  #chance(): Random {
    this.#random ??= this.#sim.randomFor(`${this.#tracer.node}/ndisc.dad`);
    return this.#random;
  }
}
