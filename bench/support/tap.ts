import { iperf3Server } from '../../packages/bridge/test/support/iperf3.ts';
import { BOX, Meeting } from '../../packages/bridge/test/support/meeting.ts';
import { Namespace, whyNoKernel } from '../../packages/bridge/test/support/namespace.ts';
import { type Figure, rate } from './measure.ts';

const MEBIBYTE = 1024 * 1024;
const GIGABIT = 1e9;
const PINGS = 20_000;

/** Two namespaces and a cable of the kernel's own between them. */
class Veth {
  static readonly address = '10.90.0.2';
  readonly near = new Namespace();
  readonly #far = new Namespace();

  /** @param offload whether TCP may hand over rows of segments. */
  constructor(offload: boolean) {
    this.near.ip(`link add near type veth peer name far netns ${this.#far.name}`);
    for (const [namespace, name, last] of [
      [this.near, 'near', 1],
      [this.#far, 'far', 2],
    ] as const) {
      namespace.ip(`addr add 10.90.0.${last}/24 dev ${name}`);
      namespace.ip(`link set ${name} up${offload ? '' : ' gso_max_size 1500'}`);
    }
  }

  /** Runs iperf3 over it. */
  async iperf3(...options: string[]): Promise<void> {
    const server = this.#far.start('iperf3', '-s', '-1', '--forceflush');
    await server.says('Server listening');
    await succeed(this.near, 'iperf3', '-c', Veth.address, ...options);
    await server.done;
  }

  close(): void {
    this.near.close();
    this.#far.close();
  }
}

/** B10 of `targets.md`: a machine of a lab and the kernel over a TAP device, beside the kernel alone over veth. */
export function tapFigures(): Figure[] {
  const reason = whyNoKernel(['ip', 'ping', 'iperf3']);
  if (reason !== null) {
    console.log(`B10     left out: ${reason}`);
    return [];
  }
  return [
    bulk('B10', 'iperf3 sends to us', false, [], { must: 1, aim: 3 }),
    bulk('B10/reverse', 'iperf3 receives from us', false, ['-R'], { must: 1, aim: 3 }),
    bulk('B10/offload', 'iperf3 sends to us, offload', true, [], { must: 4, aim: 10 }),
    bulk('B10/offload-reverse', 'iperf3 receives from us, offload', true, ['-R'], { must: 4, aim: 10 }),
    flood(),
  ];
}

function bulk(
  id: string,
  title: string,
  offload: boolean,
  options: string[],
  targets: Pick<Figure, 'must' | 'aim'>,
): Figure {
  const bytes = 256 * MEBIBYTE;
  const argv = ['-n', `${bytes}`, ...options];
  return {
    id,
    title,
    unit: 'Gbit/s',
    conditions: offload
      ? 'MTU 1500, virtio-net header and a cable with offload: frames of up to 64 KiB, no checksums; no recorder'
      : 'MTU 1500, checksums computed and verified by us, no recorder',
    peerName: `kernel over veth${offload ? '' : ' without segmentation offload'}`,
    absolute: true,
    ...targets,
    async ours() {
      const met = new Meeting({ record: false, offload: offload && 'whole' });
      try {
        const listener = met.now(() => met.box.stack.listen({ port: 5201 }));
        return await rate((bytes * 8) / GIGABIT, async () => {
          const serving = met.now(() => iperf3Server(listener));
          await Promise.all([serving, succeed(met.kernel, 'iperf3', '-c', BOX, ...argv)]);
        });
      } finally {
        await met.close();
      }
    },
    async peer() {
      const veth = new Veth(offload);
      try {
        return await rate((bytes * 8) / GIGABIT, () => veth.iperf3(...argv));
      } finally {
        veth.close();
      }
    },
  };
}

function flood(): Figure {
  const argv = (address: string) => ['ping', '-q', '-f', '-c', `${PINGS}`, address];
  return {
    id: 'B10/ping',
    title: 'ping -f',
    unit: 'round trips/s',
    conditions: 'no recorder',
    peerName: 'kernel over veth',
    absolute: true,
    must: 10_000,
    aim: 13_000,
    async ours() {
      const met = new Meeting({ record: false });
      try {
        return await rate(PINGS, () => succeed(met.kernel, ...argv(BOX)));
      } finally {
        await met.close();
      }
    },
    async peer() {
      const veth = new Veth(true);
      try {
        return await rate(PINGS, () => succeed(veth.near, ...argv(Veth.address)));
      } finally {
        veth.close();
      }
    },
  };
}

/** @throws Error with what the command says when it fails. */
async function succeed(namespace: Namespace, ...argv: string[]): Promise<void> {
  const { status, out, err } = await namespace.command(...argv);
  if (status !== 0) throw new Error(`${argv.join(' ')} failed:\n${out}${err}`);
}
