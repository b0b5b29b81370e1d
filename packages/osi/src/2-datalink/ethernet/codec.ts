import { type MacAddress, readMac, writeMac } from './mac-address.ts';

/**
 * The Ethernet II header (IEEE 802.3 section 3.2.6, RFC 894): destination, source, ethertype. The FCS
 * behind the payload belongs to layer 1.
 */
export const ETHERNET_HEADER = 14;

const DESTINATION = 0;
const SOURCE = 6;
const TYPE = 12;

/** Ethertypes (IANA "IEEE 802 Numbers"). */
export const ETHERTYPE_IPV4 = 0x0800;
export const ETHERTYPE_ARP = 0x0806;
export const ETHERTYPE_IPV6 = 0x86dd;

/** From here on the field is a type, below it is a length (IEEE 802.3 section 3.2.6). */
export const LEAST_ETHERTYPE = 0x0600;

/** The payload that an Ethernet frame may have unless an interface is set otherwise. */
export const ETHERNET_MTU = 1500;

/** Says what keeps `[start, end)` from being an Ethernet II frame: the reason it is dropped by, or null. */
export function checkEthernet(view: DataView, start: number, end: number): string | null {
  if (end - start < ETHERNET_HEADER) return 'ethernet.truncated';
  if (readEtherType(view, start) < LEAST_ETHERTYPE) return 'ethernet.length-field';
  return null;
}

export const readDestination = (view: DataView, start: number): MacAddress =>
  readMac(view, start + DESTINATION);
export const readSource = (view: DataView, start: number): MacAddress => readMac(view, start + SOURCE);
export const readEtherType = (view: DataView, start: number): number => view.getUint16(start + TYPE);

/** Writes the 14 bytes of a header from `start` on. */
export function writeEthernet(
  view: DataView,
  start: number,
  destination: MacAddress,
  source: MacAddress,
  etherType: number,
): void {
  writeMac(view, start + DESTINATION, destination);
  writeMac(view, start + SOURCE, source);
  view.setUint16(start + TYPE, etherType);
}
