import { type Dissector, hex } from '../../dissect/pen.ts';
import type { BitRange } from '../../dissect/tree.ts';
import { dissectStp } from '../stp/dissect.ts';

const HEADER = 3;
/** Service access point of the spanning tree (IEEE 802.1D-2004 table 7-9). */
const BPDU_SAP = 0x42;
const BPDU_NAME = 'Spanning Tree BPDU';
/** Unnumbered information: a datagram (IEEE 802.2-1998 section 5.4.1). */
const UI = 0x03;

/** Logical link control (IEEE 802.2), of which a lab has the spanning tree's datagrams; anything else is bytes. */
export const dissectLlc: Dissector = (scope, start, end, around) => {
  const { bytes } = scope;
  const known = bytes[start] === BPDU_SAP && bytes[start + 1] === BPDU_SAP && bytes[start + 2] === UI;
  if (!known || end - start < HEADER) {
    scope.data(2, start, end);
    return end;
  }
  const pen = scope.protocol('llc', 'LLC', 'Logical-Link Control', 2, start, HEADER);
  const sap = `${BPDU_NAME} (${hex(BPDU_SAP, 2)})`;
  const destination = pen.number('llc.dsap', 'DSAP', start, 1, sap);
  destination.bits('llc.dsap.sap', 'SAP', start, 1, 0, 7, BPDU_NAME);
  destination.bits('llc.dsap.ig', 'IG Bit', start, 1, 7, 1, 'Individual');
  const source = pen.number('llc.ssap', 'SSAP', start + 1, 1, sap);
  source.bits('llc.ssap.sap', 'SAP', start + 1, 1, 0, 7, BPDU_NAME);
  source.bits('llc.ssap.cr', 'CR Bit', start + 1, 1, 7, 1, 'Command');
  const control = pen.number('llc.control', 'Control field', start + 2, 1, 'U, func=UI (0x03)');
  const pollBit: BitRange = { bitOffset: (start + 2) * 8 + 3, bitLength: 1 };
  control
    .bits('llc.control.u_modifier_cmd', 'Command', start + 2, 1, 0, 6, 'Unnumbered Information (0x00)')
    .without(pollBit);
  control.bits('llc.control.ftype', 'Frame type', start + 2, 1, 6, 2, 'Unnumbered frame (0x3)');
  return dissectStp(scope, start + HEADER, end, { ...around, claimed: end - start - HEADER });
};
