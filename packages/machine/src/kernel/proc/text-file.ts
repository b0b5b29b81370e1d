import { ROOT, SpecialFile, type User } from '../../files/inode.ts';
import { OpenText } from '../../files/open.ts';
import { S_IFREG } from '../constants.ts';

/** A file of `/proc`: its text is made each time it is read from the beginning. */
export function textFile(
  ino: number,
  read: () => string,
  options: { write?: (text: string) => number; owner?: User } = {},
): SpecialFile {
  const mode = S_IFREG | (options.write === undefined ? 0o444 : 0o644);
  const inode: SpecialFile = new SpecialFile(ino, mode, options.owner ?? ROOT, (flags) => {
    return new OpenText(inode, flags, read, options.write);
  });
  return inode;
}
