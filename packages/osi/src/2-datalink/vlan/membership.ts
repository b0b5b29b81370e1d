import type { Frame, Port } from '../../1-physical/index.ts';
import { GREATEST_VLAN, insertTag, isTagged, LEAST_VLAN, readTag, removeTag, vlanOf } from './codec.ts';

/**
 * To which VLANs a switch's port belongs: as an access port to one, whose frames have no tag there; or as a trunk
 * to several (or all), whose frames have one, except those of the native VLAN if there is one.
 */
export type PortVlans =
  | { readonly access: number }
  | { readonly trunk: readonly number[] | 'all'; readonly native?: number };

/** What a port belongs to that has not been told otherwise (IEEE 802.1Q-2022 table 9-2: default PVID). */
export const DEFAULT_VLAN = 1;

/** Why a frame is not let in: the reasons it is dropped by. */
export type IngressProblem = 'vlan.tagged-on-access' | 'vlan.untagged-on-trunk' | 'vlan.not-allowed';

interface Membership {
  /** The VLAN of frames without a tag; 0 for none. */
  readonly untagged: number;
  /** VLANs whose frames bear a tag here; null for none (an access port). */
  readonly tagged: ReadonlySet<number> | 'all' | null;
}

const DEFAULT: Membership = { untagged: DEFAULT_VLAN, tagged: null };

/** The VLANs of a switch's ports: which VLAN a frame that comes in belongs to, and where it may go out and how. */
export class VlanMembership {
  readonly #ports = new Map<Port, Membership>();

  /** @throws RangeError for a VLAN that is not 1–4094. */
  set(port: Port, vlans: PortVlans): void {
    if ('access' in vlans) {
      this.#ports.set(port, { untagged: checkVlan(vlans.access), tagged: null });
      return;
    }
    const { trunk, native } = vlans;
    const tagged = trunk === 'all' ? 'all' : new Set(trunk.map(checkVlan));
    const untagged = native === undefined ? (trunk === 'all' ? DEFAULT_VLAN : 0) : checkVlan(native);
    this.#ports.set(port, { untagged, tagged });
  }

  /**
   * Takes the tag out of a frame that came in at `port`, if it has one.
   * @returns its tag control information (priority and VLAN), or why it is not let in.
   */
  admit(port: Port, frame: Frame): number | IngressProblem {
    const { untagged, tagged } = this.#of(port);
    const { view, start } = frame;
    if (!isTagged(view, start, frame.end)) return untagged > 0 ? untagged : 'vlan.untagged-on-trunk';
    const control = readTag(view, start);
    const vlan = vlanOf(control);
    if (vlan === 0) {
      // A priority and no VLAN: as good as untagged.
      if (untagged === 0) return 'vlan.untagged-on-trunk';
      removeTag(frame);
      return control | untagged;
    }
    if (tagged === null) return 'vlan.tagged-on-access';
    if (vlan > GREATEST_VLAN || (vlan !== untagged && !has(tagged, vlan))) return 'vlan.not-allowed';
    removeTag(frame);
    return control;
  }

  /** Whether frames of a VLAN go out at a port. */
  carries(port: Port, vlan: number): boolean {
    const { untagged, tagged } = this.#of(port);
    return vlan === untagged || (tagged !== null && has(tagged, vlan));
  }

  /** Makes a frame without a tag what it is to be on a port's cable. */
  dress(port: Port, frame: Frame, control: number): void {
    if (vlanOf(control) !== this.#of(port).untagged) insertTag(frame, control);
  }

  #of(port: Port): Membership {
    return this.#ports.get(port) ?? DEFAULT;
  }
}

const has = (vlans: ReadonlySet<number> | 'all', vlan: number): boolean => vlans === 'all' || vlans.has(vlan);

/** @throws RangeError unless it is a number from 1 to 4094. */
export function checkVlan(vlan: number): number {
  if (Number.isInteger(vlan) && vlan >= LEAST_VLAN && vlan <= GREATEST_VLAN) return vlan;
  throw new RangeError(`expected a VLAN from ${LEAST_VLAN} to ${GREATEST_VLAN}, found ${vlan}`);
}
