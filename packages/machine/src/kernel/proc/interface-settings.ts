import { SETTING_NAMES } from '@netarium/osi/3-network';
import { ERRNO } from '@netarium/osi/trace';
import { type Inode, LiveDirectory, ROOT } from '../../files/inode.ts';
import type { Kernel } from '../kernel.ts';
import { textFile } from './text-file.ts';

/** `/proc/sys/net/ipv4/conf` and that of ipv6: a directory for each interface, and those for `all` and `default`. */
export function mountInterfaceSettings(kernel: Kernel): void {
  const { files } = kernel;
  for (const family of ['ipv4', 'ipv6'] as const) {
    const names = SETTING_NAMES[family];
    const directory = live(
      kernel,
      () => ['all', 'default', ...interfaces(kernel)],
      (of) =>
        live(
          kernel,
          () => names,
          (name) => setting(kernel, `net.${family}.conf.${of}.${name}`),
        ),
    );
    files.mount(`/proc/sys/net/${family}/conf`, directory);
  }
}

const live = (kernel: Kernel, list: () => readonly string[], make: (name: string) => Inode): LiveDirectory =>
  new LiveDirectory(
    kernel.files.nextInode(),
    0o555,
    ROOT,
    (name) => (list().includes(name) ? make(name) : undefined),
    () => [...list()],
  );

function interfaces({ network }: Kernel): readonly string[] {
  const answers = network.netlink({ type: 'getlink' });
  if (typeof answers === 'number') return [];
  return answers.flatMap((answer) => (answer.type === 'link' ? [answer.name] : []));
}

function setting({ files, network: { sysctl } }: Kernel, name: string): Inode {
  return textFile(files.nextInode(), () => `${sysctl.find(name)}\n`, {
    write: (text) => (sysctl.setText(name, text.trimEnd()) ? 0 : -ERRNO.EINVAL),
  });
}
