import { type MacAddress, readMac, writeMac } from '../ethernet/mac-address.ts';

/** An ARP packet for IPv4 over Ethernet (RFC 826). Its protocol addresses are plain unsigned 32-bit numbers here. */
export const ARP_LENGTH = 28;

export const ARP_REQUEST = 1;
export const ARP_REPLY = 2;

const HARDWARE_ETHERNET = 1;
const PROTOCOL_IPV4 = 0x0800;

const OPERATION = 6;
const SENDER_MAC = 8;
const SENDER_ADDRESS = 14;
const TARGET_MAC = 18;
const TARGET_ADDRESS = 24;

/** Says what keeps `[at, end)` from being an ARP packet for IPv4 over Ethernet: the reason it is dropped by, or null. */
export function checkArp(view: DataView, at: number, end: number): string | null {
  if (end - at < ARP_LENGTH) return 'arp.truncated';
  if (view.getUint16(at) !== HARDWARE_ETHERNET || view.getUint8(at + 4) !== 6) return 'arp.hardware-type';
  if (view.getUint16(at + 2) !== PROTOCOL_IPV4 || view.getUint8(at + 5) !== 4) return 'arp.protocol-type';
  const operation = readOperation(view, at);
  return operation === ARP_REQUEST || operation === ARP_REPLY ? null : 'arp.operation';
}

export const readOperation = (view: DataView, at: number): number => view.getUint16(at + OPERATION);
export const readSenderMac = (view: DataView, at: number): MacAddress => readMac(view, at + SENDER_MAC);
export const readSenderAddress = (view: DataView, at: number): number => view.getUint32(at + SENDER_ADDRESS);
export const readTargetMac = (view: DataView, at: number): MacAddress => readMac(view, at + TARGET_MAC);
export const readTargetAddress = (view: DataView, at: number): number => view.getUint32(at + TARGET_ADDRESS);

/** Writes the 28 bytes of a packet from `at` on. */
export function writeArp(
  view: DataView,
  at: number,
  operation: number,
  senderMac: MacAddress,
  senderAddress: number,
  targetMac: MacAddress,
  targetAddress: number,
): void {
  view.setUint16(at, HARDWARE_ETHERNET);
  view.setUint16(at + 2, PROTOCOL_IPV4);
  view.setUint8(at + 4, 6);
  view.setUint8(at + 5, 4);
  view.setUint16(at + OPERATION, operation);
  writeMac(view, at + SENDER_MAC, senderMac);
  view.setUint32(at + SENDER_ADDRESS, senderAddress);
  writeMac(view, at + TARGET_MAC, targetMac);
  view.setUint32(at + TARGET_ADDRESS, targetAddress);
}
