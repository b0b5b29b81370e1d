/**
 * Labs: topologies built in TypeScript or read from lab files, their runs, and what can be said of them afterwards.
 *
 * Promise: a run follows from the lab, its programs and its seed. Needs nothing of the platform but what it is handed.
 */
export type { DriveOptions, Stop, StopSignal } from './driver.ts';
export { HOME, Host, type HostOptions } from './host.ts';
export {
  type HubSettings,
  Lab,
  type LabNode,
  type LabOptions,
  type LinkEnd,
  type LinkOptions,
  type StepUnit,
  type SwitchPortSettings,
  type SwitchSettings,
} from './lab.ts';
export { isMachine, type LabFile, type LinkSpec, type NodeKind, type NodeSpec } from './lab-file/model.ts';
export { parseLabFile } from './lab-file/parse.ts';
export { LabError, type Problem, suggestion } from './lab-file/problem.ts';
export { formatDuration, parseDuration } from './lab-file/units.ts';
export { type Hop, type Journey, Journeys } from './ladder/journeys.ts';
export { Ladder, type LadderRow } from './ladder/rows.ts';
export {
  applicationData,
  FrameReader,
  type FrameSummary,
  type ReadFrame,
  type TcpSummary,
} from './ladder/summary.ts';
export { type LayerLine, type LayerView, sevenLayers } from './layers.ts';
export { type LabFiles, type LoadedLab, type LoadOptions, loadLab, type NotStarted } from './load.ts';
export { Pacer, type PacerState, type WallClock } from './pacer.ts';
export { callText, type Output, outputs, type ProgramResult, programResults, whereText } from './results.ts';
export { dropText, reasonText, stepText, whyText } from './why/explain.ts';
export type { Language } from './why/text.ts';
export type { QueueDisciplineOptions, QueueOptions } from './queue.ts';
