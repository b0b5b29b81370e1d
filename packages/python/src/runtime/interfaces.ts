import { ERRNO } from '@netarium/osi/trace';
import { ErrorNumbers } from './errno.ts';
import { CANNOT_WAIT, type HandlerContext, type Handlers } from './hooks.ts';
import { writeI32 } from './memory.ts';
import type { SystemCallPort } from './system-calls.ts';

/** Room for an interface's name with its NUL (net/if.h). */
const IF_NAMESIZE = 16;
/** Bytes of `struct if_nameindex`: the number, and a pointer to the name. */
const ENTRY = 8;

interface Interface {
  readonly index: number;
  readonly name: string;
}

/** if_nameindex(3), if_nametoindex(3), if_indextoname(3): the machine's network interfaces, asked of its kernel. */
export function interfaceHandlers(
  { python, exports, thread, canWait }: HandlerContext,
  calls: SystemCallPort,
): Handlers {
  const errors = new ErrorNumbers(python.ERRNO_CODES);

  /** A failed function of these returns 0. */
  function fail(errno: number): number {
    writeI32(python, exports.__errno_location(), errors.fromLinux(errno));
    return 0;
  }

  async function interfaces(): Promise<readonly Interface[]> {
    const answers = await calls.call(thread(), 'netlink', { type: 'getlink' });
    return typeof answers === 'number' ? [] : answers.filter((answer) => answer.type === 'link');
  }

  return {
    /** One block of memory, which if_freenameindex(3) frees. */
    async if_nameindex() {
      if (!canWait()) return fail(CANNOT_WAIT);
      const found = await interfaces();
      return () => {
        const names = ENTRY * (found.length + 1);
        const block = exports.malloc(names + IF_NAMESIZE * found.length);
        if (block === 0) return fail(ERRNO.ENOBUFS);
        python.HEAPU8.fill(0, block, block + names);
        found.forEach(({ index, name }, place) => {
          const text = block + names + IF_NAMESIZE * place;
          python.stringToUTF8(name, text, IF_NAMESIZE);
          writeI32(python, block + ENTRY * place, index);
          writeI32(python, block + ENTRY * place + 4, text);
        });
        return block;
      };
    },

    async if_nametoindex(pointer = 0) {
      if (!canWait()) return fail(CANNOT_WAIT);
      const wanted = python.UTF8ToString(pointer);
      const found = (await interfaces()).find(({ name }) => name === wanted);
      return () => found?.index ?? fail(ERRNO.ENODEV);
    },

    async if_indextoname(wanted = 0, pointer = 0) {
      if (!canWait()) return fail(CANNOT_WAIT);
      const found = (await interfaces()).find(({ index }) => index === wanted);
      return () => {
        if (found === undefined) return fail(ERRNO.ENXIO);
        python.stringToUTF8(found.name, pointer, IF_NAMESIZE);
        return pointer;
      };
    },
  };
}
