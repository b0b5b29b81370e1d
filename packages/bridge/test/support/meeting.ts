import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { RealTime, Tap } from '@netarium/bridge';
import { writePcapng } from '@netarium/osi/capture';
import { milliseconds } from '@netarium/osi/time';
import { type Host, Lab, type LinkOptions } from 'netarium';
import { Namespace } from './namespace.ts';

export const KERNEL = '10.77.0.1';
export const BOX = '10.77.0.2';

/**
 * tshark also sums up the part of a segment that an ICMP error quotes, which cannot come out right. Where a checksum
 * comes out as 0 Linux writes 0xffff (`skb_checksum_help`), which every receiver finds right, and tshark, for TCP, not;
 * ours are 0, and nothing of a machine of ours (02:00:00:…) may have the other.
 */
const FAULTS = `_ws.malformed || ip.checksum.status == 0 || icmp.checksum.status == 0 || icmpv6.checksum.status == 0 ||
  ((tcp.checksum.status == 0 || udp.checksum.status == 0) && !icmp && !icmpv6 &&
    !(tcp.checksum.ffff && eth.src[0:3] != 02:00:00))`;

/** A machine of a lab, `box`, on a cable with a real kernel in a namespace of its own, in real time. */
export class Meeting {
  readonly kernel = new Namespace();
  readonly lab: Lab;
  readonly box: Host;
  readonly tap: Tap;
  readonly #live: RealTime;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  /**
   * @param options of the cable; `offload` is the device's, and with `whole` the cable's too. @param build makes the lab around `box`.
   * @param end the lab's end of the cable.
   */
  constructor(
    options: Omit<LinkOptions, 'offload'> & { record?: boolean; offload?: boolean | 'whole' } = {},
    build?: (lab: Lab) => Host,
    end = 'box:eth0',
  ) {
    const { record = true, offload = false, ...link } = options;
    this.lab = new Lab({ record, seed: 1 });
    this.box = build?.(this.lab) ?? this.lab.host('box', { addresses: { eth0: `${BOX}/24` } });
    this.tap = new Tap({
      sim: this.lab.sim,
      record: record ? this.lab.record : null,
      netns: this.kernel.name,
      name: 'kernel',
      offload: offload !== false,
    });
    this.lab.link(end, this.tap.port, { ...link, offload: offload === 'whole' });
    this.kernel.ip(`addr add ${KERNEL}/24 dev ${this.tap.device}`);
    this.kernel.ip(`link set ${this.tap.device} up`);
    this.#live = new RealTime(this.lab);
    this.#live.attach(this.tap);
    this.#running = this.#live.run(this.#stop.signal);
    this.#running.catch(() => {});
  }

  /** Lets a program of the lab begin now; it may await sockets of the lab. */
  now<T>(work: () => T): T {
    return this.#live.enter(work);
  }

  /** Waits until something holds in the lab; asked after each event of the record, and as time passes. */
  until(holds: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const again = this.lab.sim.timer(() => look());
      const look = () => {
        if (!holds()) {
          again.start(milliseconds(10));
          return;
        }
        again.stop();
        stop();
        resolve();
      };
      const stop = this.lab.record.subscribe(look);
      this.now(look);
    });
  }

  /** What a command of a machine prints, and its exit status. */
  async command(line: string, on: Host = this.box): Promise<{ status: number; text: string }> {
    const process = this.now(() => on.start(line));
    const status = await process.exit;
    return { status, text: process.terminal.text };
  }

  /** @throws what went wrong in the lab. */
  async close(): Promise<void> {
    this.#stop.abort();
    try {
      await this.#running;
    } finally {
      this.#live.detach(this.tap);
      this.tap.close();
      this.lab.close();
      this.kernel.close();
    }
  }

  /** What tshark finds wrong with the frames of both sides: malformed, a checksum that is not right. */
  faults(): Promise<string> {
    return tshark(this.lab, FAULTS);
  }

  /** The frames of both sides that a display filter shows: one line each. */
  frames(filter: string): Promise<string> {
    return tshark(this.lab, filter);
  }
}

async function tshark(lab: Lab, filter: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'netarium-bridge-'));
  try {
    const file = join(folder, 'kernel.pcapng');
    await writeFile(file, writePcapng(lab.record));
    const checks = ['ip.check_checksum', 'tcp.check_checksum', 'udp.check_checksum'];
    // Our bytes are random: no guesses at what program would have sent them.
    const asData = ['-d', 'tcp.port==1-65535,data', '-d', 'udp.port==1-65535,data'];
    const options = [...checks.flatMap((name) => ['-o', `${name}:TRUE`]), ...asData];
    const { stdout } = await promisify(execFile)('tshark', ['-n', '-r', file, ...options, '-Y', filter], {
      maxBuffer: 64 * 1024 * 1024,
    });
    return stdout;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
