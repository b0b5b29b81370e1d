import { checksumOf, pseudoHeaderSum, sumBytes } from '../../3-network/index.ts';
import { type Around, count, type Dissector, hex, type Pen, type Scope } from '../../dissect/tree.ts';

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
    return end;
  }
  if (length > around.claimed && !around.fragment) lengthField.text(`${length} (bogus, payload length ${around.claimed})`);
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
  const field = pen.number('udp.checksum', 'Checksum', at, 2);
  const found = field.field.value as number;
  const is = hex(found, 4);
  if (found === 0) {
    field.text(`${is} [zero-value ignored]`);
    field.made('udp.checksum.status', 'Checksum Status', 3, at, 'Not present', 2);
    return;
  }
  if (around.ip === undefined || around.fragment || stop < start + length) {
    field.text(`${is} [unverified]`);
    pen.made('udp.checksum.status', 'Checksum Status', 2, at, 'Unverified');
    return;
  }
  const { source, destination, protocol } = around.ip;
  const sum = sumBytes(scope.view, start, stop, pseudoHeaderSum(source, destination, protocol, length) + 0x1fffe - found);
  const right = checksumOf(sum) || 0xffff;
  const good = right === found;
  field.text(good ? `${is} [correct]` : `${is} incorrect, should be ${hex(right, 4)}`);
  field.made('udp.checksum_calculated', 'Calculated Checksum', right, at, hex(right, 4), 2);
  pen.made('udp.checksum.status', 'Checksum Status', good ? 1 : 0, at, good ? 'Good' : 'Bad');
}
