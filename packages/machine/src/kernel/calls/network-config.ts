import { ERRNO } from '@netarium/osi/trace';
import type { Family } from '../kernel.ts';

/** The system calls about the machine and its network's settings. */
export const networkConfigCalls: Family<'uname' | 'sysctl' | 'netlink'> = {
  uname: ({ kernel }) => ({
    sysname: 'Linux',
    nodename: kernel.hostname,
    // The Linux whose behaviour and numbers this machine follows.
    release: '6.12.0-netarium',
    version: '#1 SMP',
    machine: 'wasm32',
  }),

  sysctl({ kernel, process }, name, value) {
    const { sysctl } = kernel.network;
    const now = sysctl.find(name);
    if (now === undefined) return -ERRNO.ENOENT;
    if (value === undefined) return now;
    if (process.user.uid !== 0) return -ERRNO.EPERM;
    sysctl.set(name, value);
    return 0;
  },

  netlink({ kernel, process }, request) {
    if (!request.type.startsWith('get') && process.user.uid !== 0) return -ERRNO.EPERM;
    return kernel.network.netlink(request);
  },
};
