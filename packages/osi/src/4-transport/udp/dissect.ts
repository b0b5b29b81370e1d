import { checksumOf, sumBytes } from '../../3-network/index.ts';
import {
  type Around,
  count,
  type Dissector,
  hex,
  type Pen,
  type Scope,
  Unreadable,
} from '../../dissect/pen.ts';

const HEADER = 8;

/** The User Datagram Protocol (RFC 768). */
export const dissectUdp: Dissector = (scope, start, end, around) => {
  const pen = scope.protocol('udp', 'UDP', 'User Datagram Protocol', 4, start, Math.min(HEADER, end - start));
  pen.end = end;
  const source = pen.number('udp.srcport', 'Source Port', start, 2);
  const destination = pen.number('udp.dstport', 'Destination Port', start + 2, 2);
  pen.text(`Src Port: ${source.field.value}, Dst Port: ${destination.field.value}`);
  if (around.quoted && end - start < HEADER) return end;

  const lengthField = pen.number('udp.length', 'Length', start + 4, 2);
  const length = lengthField.field.value as number;
  if (length < HEADER) {
    lengthField.text(`${length} (bogus, must be >= 8)`);
    throw new Unreadable(start + 4, `Length says ${length} bytes, but a UDP header alone has ${HEADER}`);
  }
  if (length > around.claimed && !around.fragment)
    lengthField.text(`${length} (bogus, payload length ${around.claimed})`);
  const stop = Math.min(start + length, end);
  checksum(scope, pen, start, length, stop, around);
  if (stop > start + HEADER) {
    const size = stop - start - HEADER;
    pen.raw('udp.payload', `UDP payload (${count(size, 'byte')})`, start + HEADER, size, '');
    scope.data(7, start + HEADER, stop);
  }
  return stop;
};

/** Verified over the pseudo-header (RFC 768), when all of the datagram is there. 0 means that none was computed. */
function checksum(scope: Scope, pen: Pen, start: number, length: number, stop: number, around: Around): void {
  const at = start + 6;
  if (at + 2 <= stop && scope.view.getUint16(at) === 0) {
    const absent = pen.number('udp.checksum', 'Checksum', at, 2, '0x0000 [zero-value ignored]');
    absent.status('udp.checksum.status', 'Checksum Status', at, 3, 2);
    return;
  }
  const right = expected(scope, start, length, stop, around);
  const { field, status } = pen.checksum('udp.checksum', 'Checksum', at, right ?? '');
  if (right !== null)
    field.made('udp.checksum_calculated', 'Calculated Checksum', right, at, hex(right, 4), 2);
  pen.status('udp.checksum.status', 'Checksum Status', at, status);
}

function expected(scope: Scope, start: number, length: number, stop: number, around: Around): number | null {
  const { pseudoHeader } = around;
  if (pseudoHeader === undefined || around.fragment || stop < start + length) return null;
  const pseudo = pseudoHeader(length);
  const found = scope.view.getUint16(start + 6);
  return checksumOf(sumBytes(scope.view, start, stop, pseudo + 0xffff - found)) || 0xffff;
}
