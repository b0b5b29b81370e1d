/** Code points by number (RFC 2474, 2597, 3246, 5865, 8622): in short and in full. */
const CODE_POINTS = new Map<number, readonly [string, string]>([
  [0, ['CS0', 'Default']],
  [1, ['LE', 'Lower Effort']],
  [44, ['VOICE-ADMIT', 'Voice Admit']],
  [46, ['EF PHB', 'Expedited Forwarding']],
]);
for (let selector = 1; selector < 8; selector++) {
  CODE_POINTS.set(selector * 8, [`CS${selector}`, `Class Selector ${selector}`]);
}
for (let level = 1; level <= 4; level++) {
  for (let drop = 1; drop <= 3; drop++) {
    CODE_POINTS.set(level * 8 + drop * 2, [`AF${level}${drop}`, `Assured Forwarding ${level}${drop}`]);
  }
}

/** RFC 3168 section 5. */
const ECN = [
  ['Not-ECT', 'Not ECN-Capable Transport'],
  ['ECT(1)', "ECN-Capable Transport codepoint '01'"],
  ['ECT(0)', "ECN-Capable Transport codepoint '10'"],
  ['CE', 'Congestion Experienced'],
] as const;

/** What the DS field's code point is called, in short and in full. @param byte the whole field. */
export const codePointOf = (byte: number): readonly [string, string] =>
  CODE_POINTS.get(byte >> 2) ?? ['Unknown', 'Unknown'];

/** What its ECN bits say, in short and in full. */
export const ecnOf = (byte: number): readonly [string, string] => ECN[byte & 3] ?? ECN[0];
