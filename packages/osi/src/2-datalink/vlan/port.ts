import { type Frame, MIN_FRAME, Port } from '../../1-physical/index.ts';
import { insertTag, VLAN_TAG } from './codec.ts';
import { checkVlan } from './membership.ts';

/**
 * One VLAN of a port: what `ip link add link eth0 name eth0.10 type vlan id 10` makes. What is sent by it leaves its
 * parent with a tag; what its parent gets with that tag comes in here without it. On the record only the parent's
 * frames appear: they are what crosses the cable.
 */
export class VlanPort extends Port {
  readonly vlan: number;
  readonly #parent: Port;

  /** @throws RangeError for a VLAN that is not 1–4094. */
  constructor(parent: Port, vlan: number) {
    super(`${parent.name}.${vlan}`, parent.tracer, parent.pool);
    this.vlan = checkVlan(vlan);
    this.#parent = parent;
    this.shortest = MIN_FRAME - VLAN_TAG;
  }

  override get carrier(): boolean {
    return this.enabled && this.#parent.carrier;
  }

  override get plugged(): boolean {
    return this.#parent.plugged;
  }

  override get bandwidth(): number {
    return this.#parent.bandwidth;
  }

  override transmit(frame: Frame): void {
    insertTag(frame, this.vlan);
    this.#parent.transmit(frame);
  }

  /** A frame for this VLAN, its tag taken out, arrived at the parent; takes it over. */
  override receive(frame: Frame): void {
    if (this.enabled) this.deliver(frame);
    else this.drop(frame, 'port.disabled');
  }
}
