import { closeSync, constants, openSync } from 'node:fs';
import { errnoName } from '@netarium/osi/trace';
import { TapError } from './error.ts';
import { type LibC, libc, type Poll } from './libc.ts';

const TUN = '/dev/net/tun';
/** Where ip-netns(8) keeps the network namespaces that have names. */
const NAMESPACES = '/run/netns';

/** `linux/if_tun.h`: the request, and flags for whole Ethernet frames with nothing in front of them. */
const TUNSETIFF = 0x4004_54ca;
const IFF_TAP = 0x0002;
const IFF_NO_PI = 0x1000;
const IFF_VNET_HDR = 0x4000;
/** The same: the request that says what may be left to us, by `VIRTIO_HEADER`: checksums, segmentation over IPv4. */
const TUNSETOFFLOAD = 0x4004_54d0;
const TUN_F_CSUM = 0x01;
const TUN_F_TSO4 = 0x02;
const TUN_F_TSO6 = 0x04;
/** `struct ifreq` of x86-64 and AArch64: the name, then a union that begins with the flags. */
const IFREQ_SIZE = 40;
const IFNAMSIZ = 16;
/** `linux/sched.h`: network namespaces, for setns(2). */
const CLONE_NEWNET = 0x4000_0000;

const EAGAIN = 11;

export interface DeviceOptions {
  /** The name of the network interface; `%d` in it stands for the first free number. Default `tap%d`. */
  readonly device?: string;
  /** The network namespace to make it in, by the name that `ip netns add` gave it. Default the one we are in. */
  readonly netns?: string;
  /**
   * With true the kernel gives and takes TCP segments by the dozen in one frame, and leaves checksums to us: much
   * faster. Each frame then has a `struct virtio_net_hdr` in front. Default false.
   */
  readonly offload?: boolean;
}

/**
 * A TAP device of the Linux kernel: a network interface whose cable is a file descriptor. What the kernel sends out
 * of the interface is read here, what is written here comes in at it, one Ethernet frame without FCS each.
 *
 * Without offload the kernel computes and checks every checksum itself, as for a card that cannot.
 */
export class TapDevice {
  /** The interface's name. */
  readonly name: string;
  readonly #fd: number;
  readonly #libc: LibC;
  readonly #poll: Poll;
  #readable: (() => void) | null = null;
  /** Told that there is something to read, and not asked for it since. */
  #told = false;
  #polling = true;
  #closed = false;

  /**
   * Makes the interface, or attaches to one made by `ip tuntap add`. It is down and has no address: the kernel's
   * side is configured with ip(8). It disappears when it is closed, unless it was made persistent.
   *
   * @throws TapError when this system or this user may not have one, the name is in use, or there is no such namespace.
   */
  constructor({ device = 'tap%d', netns, offload = false }: DeviceOptions = {}) {
    if (process.platform !== 'linux')
      throw new TapError('ENOTSUP', `a TAP device needs Linux; this is ${process.platform}`);
    if (!/^[^\s/:]+$/.test(device) || Buffer.byteLength(device) >= IFNAMSIZ)
      throw new TapError(
        'EINVAL',
        `"${device}" is no name for a network interface: expected 1 to 15 bytes without space, slash or colon`,
      );
    this.#libc = libc();
    this.#fd = netns === undefined ? openTun() : inNamespace(this.#libc, netns, openTun);
    try {
      this.name = attach(this.#libc, this.#fd, device, offload);
    } catch (error) {
      closeSync(this.#fd);
      throw error;
    }
    this.#poll = this.#libc.poll(this.#fd, () => this.#tell());
  }

  /** Calls `readable` from the event loop when frames have come; once until the next `read`. */
  watch(readable: (() => void) | null): void {
    this.#readable = readable;
    this.#listen();
  }

  /** Reads one frame into the front of `into`. @returns its length, 0 when none is there. @throws TapError */
  read(into: Uint8Array): number {
    const length = this.#libc.read(this.#fd, into, into.length);
    if (length > 0) return length;
    const errno = length === 0 ? EAGAIN : this.#libc.errno();
    if (errno !== EAGAIN) throw unreadable(this.name, errnoName(errno));
    this.#told = false;
    this.#listen();
    return 0;
  }

  /** Gives the kernel one frame. @returns 0, or the errno: EIO while the interface is down. */
  write(frame: Uint8Array): number {
    return this.#libc.write(this.#fd, frame, frame.length) < 0 ? this.#libc.errno() : 0;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#poll.close();
    closeSync(this.#fd);
  }

  #tell(): void {
    if (this.#readable !== null && !this.#told) {
      this.#told = true;
      // koffi calls back from the poll phase without running microtasks afterwards: the check phase does, and is next.
      setImmediate(this.#readable);
      return;
    }
    // Nobody has time for it now: without this the event loop would tell again and again.
    this.#poll.stop();
    this.#polling = false;
  }

  #listen(): void {
    if (this.#polling || this.#closed) return;
    this.#poll.start({ readable: true }, () => this.#tell());
    this.#polling = true;
  }
}

function openTun(): number {
  try {
    return openSync(TUN, constants.O_RDWR | constants.O_NONBLOCK);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENODEV' || code === 'ENXIO')
      throw new TapError(
        code,
        `${TUN} is not there: load the kernel's module (modprobe tun), or hand the device to the container (--device ${TUN})`,
      );
    if (code === 'EACCES' || code === 'EPERM') throw notPermitted(code, `open ${TUN}`);
    throw new TapError(code, `${TUN} cannot be opened: ${code}`);
  }
}

/** TUNSETIFF and TUNSETOFFLOAD. @returns the name of the interface. */
function attach(library: LibC, fd: number, device: string, offload: boolean): string {
  const request = Buffer.alloc(IFREQ_SIZE);
  request.write(device);
  request.writeUInt16LE(IFF_TAP | IFF_NO_PI | (offload ? IFF_VNET_HDR : 0), IFNAMSIZ);
  if (library.ioctl(fd, TUNSETIFF, request) < 0) {
    const code = errnoName(library.errno());
    if (code === 'EPERM') throw notPermitted(code, `make or use the TAP device ${device}`);
    if (code === 'EBUSY') throw new TapError(code, `the TAP device ${device} is in use by another program`);
    if (code === 'EINVAL') throw new TapError(code, `the network interface ${device} is no TAP device`);
    throw new TapError(code, `no TAP device ${device}: ${code}`);
  }
  const name = request.toString('utf8', 0, request.indexOf(0));
  if (library.ioctlNumber(fd, TUNSETOFFLOAD, offload ? TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 : 0) < 0) {
    const code = errnoName(library.errno());
    throw new TapError(code, `the TAP device ${name} cannot be told what to leave to us: ${code}`);
  }
  return name;
}

/** Does `work` with this thread in another network namespace. @throws TapError when it may not go there. */
function inNamespace<T>(library: LibC, name: string, work: () => T): T {
  const home = openSync('/proc/thread-self/ns/net', constants.O_RDONLY);
  let there = -1;
  try {
    try {
      there = openSync(`${NAMESPACES}/${name}`, constants.O_RDONLY);
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      throw new TapError(code, `there is no network namespace "${name}": make it with ip netns add ${name}`);
    }
    if (library.setns(there, CLONE_NEWNET) < 0) {
      const code = errnoName(library.errno());
      if (code === 'EPERM') throw notPermitted(code, `enter the network namespace ${name}`);
      throw new TapError(code, `"${name}" is no network namespace: ${code}`);
    }
    try {
      return work();
    } finally {
      // Whoever could go there can come back; if not, all that follows would happen in the wrong network.
      if (library.setns(home, CLONE_NEWNET) < 0) process.abort();
    }
  } finally {
    closeSync(home);
    if (there >= 0) closeSync(there);
  }
}

function unreadable(name: string, code: string): TapError {
  const why = code === 'EBADFD' ? 'is gone: somebody removed the interface' : `cannot be read: ${code}`;
  return new TapError(code, `the TAP device ${name} ${why}`);
}

function notPermitted(code: string, what: string): TapError {
  return new TapError(
    code,
    `no permission to ${what}: it takes root or CAP_NET_ADMIN, or a device made for this user (ip tuntap add mode tap user ${process.env.USER ?? '$USER'})`,
  );
}
