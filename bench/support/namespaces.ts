import { execFileSync } from 'node:child_process';
import { setTimeout } from 'node:timers/promises';

/** As many as it takes to see how fast they come, and few enough to wait for. */
const SUBNETS = 3;
const MACHINES_EACH = 100;
export const NAMESPACES = SUBNETS * MACHINES_EACH;
/** Cleaning up is the kernel's, in its own time: some hundred namespaces in a second. */
const CLEAN_UP_MS = 60_000;

const PREFIX = `nb${process.pid}-`;
/** Where the switches are, with their ends of all cables. */
const FABRIC = `${PREFIX}fabric`;

interface Machine {
  readonly name: string;
  readonly interfaces: readonly { readonly bridge: string; readonly prefix: string }[];
  readonly routes: readonly string[];
}

/** @returns null when this process may make namespaces; otherwise what it takes. */
export function whyNoNamespaces(): string | null {
  try {
    execFileSync('ip', ['netns', 'add', FABRIC], { stdio: 'ignore' });
    execFileSync('ip', ['-n', FABRIC, 'link', 'add', 'br0', 'type', 'bridge'], { stdio: 'ignore' });
    return null;
  } catch {
    return 'namespaces need root, bridges and `ip` (Debian: apt install iproute2)';
  } finally {
    deleteFabric();
  }
}

/**
 * Builds what `Subnets` builds: subnets with a switch each, a machine at each port, a router, a switch of routers with a server.
 * @returns how many machines come in a second. They are taken away again, which does not count.
 */
export async function namespaces(): Promise<number> {
  const machines = plan();
  const script = commands(machines);
  try {
    const begin = performance.now();
    execFileSync('sh', ['-e'], { input: script });
    return NAMESPACES / ((performance.now() - begin) / 1000);
  } finally {
    await takeAway(machines);
  }
}

function plan(): Machine[] {
  const machines: Machine[] = [];
  const routes = [];
  for (let s = 1; s <= SUBNETS; s++) {
    routes.push(`10.${s}.0.0/16 via 10.0.0.${s}`);
    machines.push({
      name: `r${s}`,
      interfaces: [
        { bridge: 'core', prefix: `10.0.0.${s}/16` },
        { bridge: `switch${s}`, prefix: `10.${s}.255.254/16` },
      ],
      routes: [],
    });
    for (let i = 1; i <= MACHINES_EACH; i++) {
      const interfaces = [{ bridge: `switch${s}`, prefix: `10.${s}.0.${i}/16` }];
      machines.push({ name: `m${s}.${i}`, interfaces, routes: [`default via 10.${s}.255.254`] });
    }
  }
  machines.push({ name: 'server', interfaces: [{ bridge: 'core', prefix: '10.0.255.1/16' }], routes });
  return machines;
}

/** A batch for all namespaces, one for what connects them, and one in each of them: `ip -batch` works in one at a time. */
function commands(machines: readonly Machine[]): string {
  let added = `netns add ${FABRIC}\n`;
  let cables = '';
  let inside = '';
  const bridges = new Set<string>();
  for (const { name, interfaces, routes } of machines) {
    added += `netns add ${PREFIX}${name}\n`;
    let own = 'link set lo up\n';
    for (const [i, { bridge, prefix }] of interfaces.entries()) {
      if (!bridges.has(bridge)) cables += `link add ${bridge} type bridge\nlink set ${bridge} up\n`;
      bridges.add(bridge);
      cables += `link add ${name}-${i} type veth peer name eth${i} netns ${PREFIX}${name}\n`;
      cables += `link set ${name}-${i} master ${bridge} up\n`;
      own += `addr add ${prefix} dev eth${i}\nlink set eth${i} up\n`;
    }
    for (const route of routes) own += `route add ${route}\n`;
    inside += batch(`-n ${PREFIX}${name}`, own);
  }
  return batch('', added) + batch(`-n ${FABRIC}`, cables) + inside;
}

const batch = (where: string, lines: string): string => `ip ${where} -batch - <<'END'\n${lines}END\n`;

/** Returns when the kernel has done away with all of it, so that it is not still at it in the next round. */
async function takeAway(machines: readonly Machine[]): Promise<void> {
  // By force: if building failed, some are not there.
  const lines = machines.map(({ name }) => `netns del ${PREFIX}${name}\n`).join('');
  try {
    execFileSync('ip', ['-force', '-batch', '-'], { input: lines, stdio: ['pipe', 'ignore', 'ignore'] });
  } catch {
    // It ends with an error when one of them did.
  }
  for (let waited = 0; waited < CLEAN_UP_MS && cablesLeft() > 0; waited += 20) await setTimeout(20);
  deleteFabric();
}

function cablesLeft(): number {
  try {
    const links = execFileSync('ip', ['-n', FABRIC, '-oneline', 'link', 'show', 'type', 'veth'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return links.split('\n').length - 1;
  } catch {
    return 0;
  }
}

function deleteFabric(): void {
  try {
    execFileSync('ip', ['netns', 'del', FABRIC], { stdio: 'ignore' });
  } catch {
    // It was never made.
  }
}
