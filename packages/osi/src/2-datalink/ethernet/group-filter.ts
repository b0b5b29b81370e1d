import type { MacAddress } from './mac-address.ts';

/** 01:00:5e:00:00:01, the frames of 224.0.0.1: every host hears them (RFC 1112 section 4). */
const ALL_HOSTS_MAC = 0x01005e000001;

/** The group addresses that a card listens to, each as often as somebody asked for it (`dev_mc_add` in Linux). */
export class GroupFilter {
  /** Mostly no group was asked for. */
  #wanted: Map<MacAddress, number> | null = null;
  /** How many want all groups, and how many the frames of all stations (promiscuous mode). */
  everyGroup = 0;
  everyStation = 0;

  hears(group: MacAddress): boolean {
    if (group === ALL_HOSTS_MAC || this.#wanted?.has(group) === true) return true;
    return this.everyGroup + this.everyStation > 0;
  }

  set(group: MacAddress, member: boolean): void {
    this.#wanted ??= new Map();
    const users = (this.#wanted.get(group) ?? 0) + (member ? 1 : -1);
    if (users > 0) this.#wanted.set(group, users);
    else this.#wanted.delete(group);
  }
}
