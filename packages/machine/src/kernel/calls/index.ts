/** The system call table: one file per family. */
import type { Handlers } from '../kernel.ts';
import { descriptorCalls } from './descriptors.ts';
import { epollCalls } from './epoll.ts';
import { fileCalls } from './files.ts';
import { limitCalls } from './limits.ts';
import { networkConfigCalls } from './network-config.ts';
import { processCalls } from './processes.ts';
import { socketCalls } from './sockets.ts';
import { threadCalls } from './threads.ts';
import { timeCalls } from './time.ts';
import { timerCalls } from './timers.ts';
import { unixCalls } from './unix.ts';

export const HANDLERS: Handlers = {
  ...socketCalls,
  ...descriptorCalls,
  ...epollCalls,
  ...fileCalls,
  ...unixCalls,
  ...processCalls,
  ...limitCalls,
  ...threadCalls,
  ...timeCalls,
  ...timerCalls,
  ...networkConfigCalls,
};
