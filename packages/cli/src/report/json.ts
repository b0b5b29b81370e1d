import { lineOf } from '@netarium/osi/trace';
import {
  applicationData,
  callText,
  type Journey,
  type Ladder,
  type Language,
  type LoadedLab,
  outputs,
  programResults,
  whyText,
} from 'netarium';
import type { Ending } from '../ending.ts';

/** Raised when a field changes its meaning or goes; new fields may come at any time. */
const FORMAT = 1;

/** Everything about a run, for other programs. Times are nanoseconds of virtual time. */
export function jsonReport(
  loaded: LoadedLab,
  ladder: Ladder,
  ending: Ending,
  seed: number,
  language: Language,
) {
  const { lab, file, notStarted, failures } = loaded;
  const { record } = lab;
  return {
    format: FORMAT,
    lab: file.name,
    seed,
    ending,
    time: lab.sim.now,
    reproducible: lab.scheduler.reproducible,
    programs: programResults(record).map(({ waitsIn, ...program }) => ({
      ...program,
      waitsIn: waitsIn.map(callText),
    })),
    notStarted: notStarted(),
    failures,
    output: outputs(record),
    frames: ladder.rows.map((row) => {
      const journey = ladder.journeys.of(row.event) as Journey;
      const tree = ladder.frame(row.number)?.tree;
      const data = tree === undefined ? new Uint8Array() : applicationData(tree);
      return {
        ...row,
        why: whyText(record, ladder.journeys, journey.sent, language),
        lines: lineOf(record, row.event).map(({ node, file: path, line, role, call }) => ({
          node,
          file: path,
          line,
          call: call.name,
          role,
        })),
        data: data.length === 0 ? null : { hex: hex(data), text: utf8(data) },
      };
    }),
  };
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Null when the bytes are not UTF-8, or end within a character. */
function utf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}
