import { ERRNO } from '@netarium/osi/trace';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Bench, bytes, start, text } from '../../test/lab.ts';
import type { FileChange } from './changes.ts';
import { FileSystem } from './file-system.ts';
import { absolute } from './paths.ts';
import { applyChanges, replicaOf } from './replica.ts';

const STUDENT = { uid: 1000, gid: 1000 };

function fresh(): FileSystem {
  const files = new FileSystem(() => 0);
  files.makeDirectories('/home/student', STUDENT);
  files.makeDirectories('/etc');
  files.put('/etc/shadow', 'secret', { mode: 0o600 });
  return files;
}

describe('files through system calls', () => {
  it('are written, read, sought in, truncated, renamed and removed', async () => {
    const bench = new Bench();
    const results: unknown[] = [];
    start(bench.computer(), async (sys) => {
      const fd = await sys.open('note.txt', 0o102, 0o666);
      await sys.write(fd, bytes('hello world'));
      results.push(await sys.lseek(fd, 6, 0), text((await sys.read(fd, 100)) as Uint8Array));
      await sys.ftruncate(fd, 5);
      await sys.close(fd);
      results.push(await sys.rename('note.txt', 'kept.txt'), await sys.open('note.txt', 0, 0));
      const status = await sys.stat('/home/student/kept.txt');
      if (typeof status === 'object') results.push(status.size, status.mode, status.uid);
      const appending = await sys.open('kept.txt', 0o2001, 0);
      await sys.write(appending, bytes('!'));
      const kept = await sys.open('kept.txt', 0, 0);
      results.push(text((await sys.read(kept, 10)) as Uint8Array), (await sys.read(kept, 10)) as Uint8Array);
      results.push(
        await sys.write(kept, bytes('x')),
        await sys.unlink('kept.txt'),
        await sys.unlink('kept.txt'),
      );
      return 0;
    });
    await bench.run();
    expect(results).toEqual([
      6,
      'world',
      0,
      -ERRNO.ENOENT,
      5,
      0o100644,
      1000,
      'hello!',
      new Uint8Array(0),
      -ERRNO.EBADF,
      0,
      -ERRNO.ENOENT,
    ]);
  });

  it('have the time of the machine, which begins in 2026', async () => {
    const bench = new Bench();
    let mtime = 0;
    start(bench.computer(), async (sys) => {
      await sys.nanosleep(90e9);
      const fd = await sys.open('new', 0o101, 0o600);
      const status = await sys.fstat(fd);
      if (typeof status === 'object') mtime = status.mtime;
      return 0;
    });
    await bench.run();
    expect(new Date(mtime / 1e6).toISOString().slice(0, 19)).toBe('2026-01-01T00:01:30');
  });

  it('belong to users: root may do everything, others what the mode says', () => {
    const files = fresh();
    expect(files.open('/etc/shadow', 0, 0, STUDENT, 1)).toBe(-ERRNO.EACCES);
    expect(typeof files.open('/etc/shadow', 0, 0, { uid: 0, gid: 0 }, 1)).toBe('object');
    expect(files.mkdir('/etc/mine', 0o755, STUDENT)).toBe(-ERRNO.EACCES);
    expect(files.mkdir('/home/student/mine', 0o755, STUDENT)).toBe(0);
    expect(files.chmod('/etc/shadow', 0o777, STUDENT)).toBe(-ERRNO.EPERM);
  });

  it.each<[string, (files: FileSystem) => unknown, number]>([
    ['a directory that is not empty is not removed', (f) => f.rmdir('/home'), ERRNO.ENOTEMPTY],
    ['a directory is not unlinked', (f) => f.unlink('/home'), ERRNO.EISDIR],
    ['a file is no directory', (f) => f.find('/etc/shadow/x'), ERRNO.ENOTDIR],
    [
      'a directory is not opened for writing',
      (f) => f.open('/etc', 1, 0, { uid: 0, gid: 0 }, 1),
      ERRNO.EISDIR,
    ],
    ['a directory is not moved into itself', (f) => f.rename('/home', '/home/student/home'), ERRNO.EINVAL],
    ['what is there is not made again', (f) => f.mkdir('/etc', 0o755), ERRNO.EEXIST],
    [
      'O_EXCL insists on a new file',
      (f) => f.open('/etc/shadow', 0o300, 0, { uid: 0, gid: 0 }, 1),
      ERRNO.EEXIST,
    ],
  ])('%s', (_title, act, errno) => expect(act(fresh())).toBe(-errno));

  it.each([
    ['a', '/home', '/home/a'],
    ['../x', '/home', '/x'],
    ['/a//b/./c/..', '/', '/a/b'],
    ['../../..', '/a', '/'],
  ])('%s in %s is %s', (path, cwd, whole) => expect(absolute(path, cwd)).toBe(whole));
});

/** A replica as a process keeps it: paths with contents, null for a directory. */
function applyTo(replica: Map<string, Uint8Array | null>, changes: readonly FileChange[]): void {
  for (const change of changes) {
    switch (change.op) {
      case 'write':
        replica.set(change.path, change.data);
        break;
      case 'patch': {
        const before = replica.get(change.path) ?? new Uint8Array(0);
        const after = new Uint8Array(Math.max(before.length, change.at + change.data.length));
        after.set(before);
        after.set(change.data, change.at);
        replica.set(change.path, after);
        break;
      }
      case 'mkdir':
        replica.set(change.path, null);
        break;
      case 'unlink':
      case 'rmdir':
        replica.delete(change.path);
        break;
      case 'rename': {
        const moved = [...replica].filter(
          ([path]) => path === change.from || path.startsWith(`${change.from}/`),
        );
        replica.delete(change.to);
        for (const [path, content] of moved) {
          replica.delete(path);
          replica.set(change.to + path.slice(change.from.length), content);
        }
      }
    }
  }
}

function wholeReplica(files: FileSystem): Map<string, Uint8Array | null> {
  const replica = new Map<string, Uint8Array | null>();
  applyTo(replica, replicaOf(files));
  return replica;
}

describe('the journal', () => {
  it('brings a replica to where the files are, whatever was done in between', () => {
    const name = fc.constantFrom('a', 'b', 'c', 'd/x', 'd/y', 'd');
    const action = fc.oneof(
      fc.record({ op: fc.constant('write' as const), path: name, data: fc.string() }),
      fc.record({ op: fc.constant('append' as const), path: name, data: fc.string() }),
      fc.record({ op: fc.constant('mkdir' as const), path: name }),
      fc.record({ op: fc.constant('unlink' as const), path: name }),
      fc.record({ op: fc.constant('rmdir' as const), path: name }),
      fc.record({ op: fc.constant('rename' as const), path: name, to: name }),
      fc.record({ op: fc.constant('read' as const) }),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 30 }), (actions) => {
        const files = new FileSystem(() => 0);
        const replica = wholeReplica(files);
        const reader = files.journal.reader(1);
        const root = { uid: 0, gid: 0 };
        for (const one of actions) {
          if (one.op === 'read') applyTo(replica, reader.read());
          else if (one.op === 'write' || one.op === 'append') {
            const file = files.open(`/${one.path}`, one.op === 'write' ? 0o1101 : 0o2101, 0o644, root, 2);
            if (typeof file === 'object')
              file.write(bytes(one.data), { pid: 2, fd: 3, call: 0, fileSize: Number.POSITIVE_INFINITY });
          } else if (one.op === 'mkdir') files.mkdir(`/${one.path}`, 0o755, root, 2);
          else if (one.op === 'unlink') files.unlink(`/${one.path}`, root, 2);
          else if (one.op === 'rmdir') files.rmdir(`/${one.path}`, root, 2);
          else files.rename(`/${one.path}`, `/${one.to}`, root, 2);
        }
        applyTo(replica, reader.read());
        expect(new Map([...replica].sort())).toEqual(new Map([...wholeReplica(files)].sort()));
      }),
    );
  });

  it('tells of an append what was appended, both ways', () => {
    const files = fresh();
    const reader = files.journal.reader(5);
    const path = '/home/student/log';
    applyChanges(files, [{ op: 'write', path, data: bytes('one\n'), mode: 0o644 }], STUDENT, 6);
    expect(reader.read()).toMatchObject([{ op: 'write', path }]);
    const appended: FileChange = { op: 'patch', path, at: 4, data: bytes('two\n') };
    expect(applyChanges(files, [appended], STUDENT, 6)).toEqual([]);
    expect(reader.read()).toEqual([appended]);
    expect(text(files.content(path) ?? new Uint8Array(0))).toBe('one\ntwo\n');
    expect(applyChanges(files, [{ ...appended, path: '/etc/shadow' }], STUDENT, 6)).toEqual(['/etc/shadow']);
  });

  it('does not tell a process what it did itself', () => {
    const files = fresh();
    const reader = files.journal.reader(5);
    applyChanges(
      files,
      [{ op: 'write', path: '/home/student/mine', data: bytes('x'), mode: 0o644 }],
      STUDENT,
      5,
    );
    expect(reader.read()).toEqual([]);
    applyChanges(
      files,
      [{ op: 'write', path: '/home/student/other', data: bytes('y'), mode: 0o644 }],
      STUDENT,
      6,
    );
    expect(reader.read()).toMatchObject([{ op: 'write', path: '/home/student/other' }]);
  });

  it('leaves out what a process had no right to change, and says so', () => {
    const files = fresh();
    const refused = applyChanges(files, [{ op: 'unlink', path: '/etc/shadow' }], STUDENT, 5);
    expect(refused).toEqual(['/etc/shadow']);
    expect(text(files.content('/etc/shadow') ?? new Uint8Array(0))).toBe('secret');
  });

  it('a process with a replica sees what another wrote before it sees what that one sent', async () => {
    const bench = new Bench();
    const computer = bench.computer();
    const events: string[] = [];
    computer.install('replica', {
      start(process) {
        process.files();
        process.events.filesChanged = (changes) => {
          for (const change of changes)
            if (change.op === 'write' && change.path.endsWith('shared'))
              events.push(`file ${text(change.data)}`);
        };
        process.call(process.pid, 'read', [0, 10], undefined, (result) => {
          events.push(typeof result === 'number' ? String(result) : `line ${text(result)}`);
          process.exited(0);
        });
        process.quiescent();
      },
    });
    const { terminal } = computer.spawn(['replica']);
    await bench.run();
    start(computer, async (sys) => {
      const fd = await sys.open('shared', 0o101, 0o644);
      await sys.write(fd, bytes('written'));
      return 0;
    });
    await bench.run();
    terminal.enter('go');
    await bench.run();
    expect(events).toEqual(['file written', 'line go\n']);
  });
});
