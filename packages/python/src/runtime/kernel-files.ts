import type { Descriptors } from './descriptors.ts';
import type { Emscripten } from './emscripten.ts';
import type { ErrorNumbers } from './errno.ts';
import { CANNOT_WAIT, type HandlerContext, type Handlers, type Hooks } from './hooks.ts';
import { readI32 } from './memory.ts';
import type { SystemCallPort } from './system-calls.ts';

const O_CLOEXEC = 0o2000000;
/** Terminals, and what the kernel tells of itself: no files of the replica. Emscripten has `/proc/self/fd` of its own. */
const KERNEL_FILES = /^\/(?:dev\/(?:tty|pts\/\d+)$|proc\/(?!self\/fd))/;

/** open(2) of what only the kernel has; all other files are Emscripten's, in the replica. */
export function kernelFileHandlers(
  { python, thread, canWait }: HandlerContext,
  hooks: Hooks,
  calls: SystemCallPort,
  descriptors: Descriptors,
  errors: ErrorNumbers,
): Handlers {
  return {
    openat(folder = 0, pathPointer = 0, flags = 0, modePointer = 0) {
      const path = beginning(python, pathPointer) ? python.UTF8ToString(pathPointer) : '';
      if (!KERNEL_FILES.test(path)) return hooks.original.openat(folder, pathPointer, flags, modePointer);
      if (!canWait()) return -errors.fromLinux(CANNOT_WAIT);
      const mode = modePointer === 0 ? 0 : readI32(python, modePointer);
      return calls.ask(thread(), 'open', [path, flags, mode], (fd) => {
        if (fd < 0) return errors.result(fd);
        const closeOnExec = (flags & O_CLOEXEC) !== 0;
        return descriptors.open(fd, path.startsWith('/dev/') ? 'terminal' : 'file', { flags, closeOnExec });
      });
    },
  };
}

/** Whether a path begins as one of these does: most do not, and are not read any further. */
function beginning({ HEAPU8 }: Emscripten, path: number): boolean {
  const [slash, first] = [HEAPU8[path], HEAPU8[path + 1]];
  return slash === 0x2f && (first === 0x64 || first === 0x70);
}
