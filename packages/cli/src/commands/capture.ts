import { readFileSync } from 'node:fs';
import { CaptureError, readPcapng } from '@netarium/osi/capture';
import { formatSeconds } from '@netarium/osi/time';
import { FrameReader, type FrameSummary } from 'netarium';
import type { CommandSpec, Parsed } from '../arguments.ts';
import { type Io, OK, UsageError } from '../io.ts';
import { cut, pad } from '../terminal/width.ts';

export const CAPTURE: CommandSpec<never> = {
  name: 'capture',
  operands: ['<file>'],
  summary: 'Prints the frames of a capture file (pcapng or pcap), one per line.',
  options: {},
  notes: 'Exit status: 0, or 2 when the file is not a capture.',
};

const ETHERNET = 1;

/** @returns the exit status. @throws UsageError */
export function capture({ operands }: Parsed<never>, io: Io): number {
  const [path = ''] = operands;
  const frames = readFrames(path);
  const reader = new FrameReader();
  const first = frames[0]?.time ?? 0;
  frames.forEach((frame, i) => {
    const said =
      frame.linkType === ETHERNET
        ? saidOf(reader.read(frame.time, frame.bytes).summary)
        : `link type ${frame.linkType}, not Ethernet`;
    const why = frame.comment === '' ? '' : `  ${frame.comment.replaceAll('\n', '; ')}`;
    const start = `${String(i + 1).padStart(5)}  ${formatSeconds(frame.time - first)}  ${pad(frame.interface, 12)}  `;
    const line = `${start}${pad(said, 60)}${why}`.trimEnd();
    io.out(`${io.columns === undefined ? line : cut(line, io.columns)}\n`);
  });
  return OK;
}

function readFrames(path: string) {
  let bytes: Uint8Array;
  try {
    bytes = new Uint8Array(readFileSync(path));
  } catch (error) {
    throw new UsageError(`${path} cannot be read: ${(error as Error).message}`);
  }
  try {
    return readPcapng(bytes);
  } catch (error) {
    if (error instanceof CaptureError) throw new UsageError(`${path}: ${error.message}`);
    throw error;
  }
}

function saidOf({ protocol, source, destination, info }: FrameSummary): string {
  // The info of TCP and UDP begins with the ports.
  const host = (end: string) => (protocol === 'TCP' || protocol === 'UDP' ? end.replace(/:\d+$/, '') : end);
  return `${host(source)} → ${host(destination)} ${protocol} ${info}`;
}
