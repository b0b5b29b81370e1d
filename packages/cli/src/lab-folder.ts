import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { LabFiles } from 'netarium';
import { UsageError } from './io.ts';

/** A lab on disk: the files of its folder, and which of them is its lab file. */
export interface LabOnDisk {
  readonly files: LabFiles;
  /** `lab.yaml`, or the file that was named. */
  readonly file: string;
  /** The folder as the person named it, with `/` at its end. */
  readonly folder: string;
}

/** A lab is small; more than this is some other folder. */
const MOST_FILES = 2_000;
const MOST_BYTES = 64 * 1024 * 1024;

/** Reads a lab's folder, or the folder of a lab file. @throws UsageError when there is no lab. */
export function readLabFolder(path: string): LabOnDisk {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) throw new UsageError(`${path}: no such file or folder`);
  const folder = found.isDirectory() ? path.replace(/[/\\]+$/, '') || '/' : dirname(path);
  const file = found.isDirectory() ? 'lab.yaml' : basename(path);
  if (!found.isDirectory() && !/[.]ya?ml$/.test(file)) {
    throw new UsageError(`${path} is not a lab: expected a folder with a lab.yaml, or a .yaml file`);
  }
  if (found.isDirectory() && statSync(join(folder, file), { throwIfNoEntry: false }) === undefined) {
    throw new UsageError(`${path} is not a lab: there is no lab.yaml in it`);
  }
  const files = new Map<string, Uint8Array>();
  let bytes = 0;
  const read = (inside: string): void => {
    for (const entry of readdirSync(join(folder, inside), { withFileTypes: true })) {
      if (entry.name.startsWith('.') || entry.name === 'node_modules' || entry.name === '__pycache__')
        continue;
      const name = inside === '' ? entry.name : `${inside}/${entry.name}`;
      if (entry.isDirectory()) read(name);
      if (!entry.isFile()) continue;
      const content = new Uint8Array(readFileSync(join(folder, name)));
      bytes += content.length;
      files.set(name, content);
      if (files.size > MOST_FILES || bytes > MOST_BYTES) {
        throw new UsageError(
          `${path} is too large for a lab: more than ${MOST_FILES} files or ${MOST_BYTES >> 20} MiB`,
        );
      }
    }
  };
  read('');
  const prefix = folder === '.' ? '' : `${folder.replace(/[/\\]$/, '')}/`;
  return { files: new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1))), file, folder: prefix };
}
