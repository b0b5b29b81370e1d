import { ERRNO } from '@netarium/osi/trace';
import { ROOT, SpecialFile } from '../files/inode.ts';
import type { FileStatus } from '../system-calls.ts';
import { S_IFCHR } from './constants.ts';
import type { Kernel } from './kernel.ts';
import { OpenFile } from './open-file.ts';
import { textFile } from './proc/text-file.ts';

/** What a simple character device does. */
interface Device {
  read(length: number): Uint8Array;
  /** Bytes written go nowhere; /dev/full has no room for them. */
  readonly full?: boolean;
}

class OpenDevice extends OpenFile {
  readonly link: string;
  readonly #inode: SpecialFile;
  readonly #device: Device;

  constructor(link: string, flags: number, inode: SpecialFile, device: Device) {
    super(flags);
    this.link = link;
    this.#inode = inode;
    this.#device = device;
  }

  override read(length: number): Uint8Array {
    return this.#device.read(length);
  }

  override write(data: Uint8Array): number {
    return this.#device.full === true ? -ERRNO.ENOSPC : data.length;
  }

  override seek(): number {
    return 0;
  }

  override status(): FileStatus {
    return this.#inode.status();
  }
}

/** Puts the devices of mem(4), random(4) and tty(4) under `/dev`. */
export function mountDevices(kernel: Kernel): void {
  const { files } = kernel;
  const nothing: Device = { read: () => new Uint8Array(0) };
  const zeros: Device = { read: (length) => new Uint8Array(length) };
  const random: Device = {
    read(length) {
      const bytes = new Uint8Array(length);
      kernel.random.fill(bytes);
      return bytes;
    },
  };
  const devices: Record<string, Device> = {
    null: nothing,
    zero: zeros,
    full: { ...zeros, full: true },
    random,
    urandom: random,
  };
  for (const [name, device] of Object.entries(devices)) {
    const path = `/dev/${name}`;
    const inode: SpecialFile = new SpecialFile(files.nextInode(), S_IFCHR | 0o666, ROOT, (flags) => {
      return new OpenDevice(path, flags, inode, device);
    });
    files.mount(path, inode);
  }
  const tty = new SpecialFile(files.nextInode(), S_IFCHR | 0o666, ROOT, (flags, _user, pid) => {
    return kernel.processes.get(pid)?.terminal?.open(flags) ?? -ERRNO.ENXIO;
  });
  files.mount('/dev/tty', tty);
  files.mount(
    '/dev/kmsg',
    textFile(files.nextInode(), () => kernelMessages(kernel)),
  );
}

/** What `/dev/kmsg` has at present (Documentation/ABI/testing/dev-kmsg). */
function kernelMessages({ network }: Kernel): string {
  const lines = network.kernelLog.map(
    ({ level, number, at, text }) => `${level},${number},${Math.floor(at / 1000)},-;${text}\n`,
  );
  return lines.join('');
}
