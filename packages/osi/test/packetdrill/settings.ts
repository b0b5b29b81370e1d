import {
  ANY,
  formatIp,
  type IpAddress,
  isIpv6,
  mappedOf,
  parseIp,
  parseIpv4Prefix,
  parseIpv6Prefix,
} from '../../src/3-network/index.ts';
import { AF_INET, AF_INET6, type SocketAddress } from '../../src/5-session/index.ts';
import { SyntaxProblem, Unsupported } from './problems.ts';
import type { Script } from './script.ts';

/** The packets and the sockets of a script: both of one version, or IPv4 packets and sockets of AF_INET6. */
export const IP_VERSIONS = ['ipv4', 'ipv4-mapped-ipv6', 'ipv6'] as const;
export type IpVersion = (typeof IP_VERSIONS)[number];

/** What a script's `--name=value` lines say; packetdrill's names and defaults. */
export interface Settings {
  ipVersion: IpVersion;
  bindPort: number;
  connectPort: number;
  localAddress: IpAddress;
  remoteAddress: IpAddress;
  /** Bytes. */
  mtu: number;
  /** Above so many bytes an inbound packet stands for several that a card has put together; null for never. */
  receiveOffload: number | null;
  /** How far from the script's time an event may happen, in microseconds. */
  toleranceMicroseconds: number;
  /** The same, of the time since the event before, in percent; the larger of both holds. */
  tolerancePercent: number;
  /** One segment of the script is exactly one that was sent; otherwise it may be several in a row. */
  strictSegments: boolean;
  /** Echoed timestamps that were never sent are computed from the first one. */
  scaledEcho: boolean;
  /** Microseconds per tick of our timestamps; 0 for not to check them. */
  timestampTick: number;
}

const address = (text: string): IpAddress => parseIp(text) ?? ANY;

/** The family of sockets whose family the script does not say. */
export const domainOf = ({ ipVersion }: Settings): number => (ipVersion === 'ipv4' ? AF_INET : AF_INET6);

/** An address as the script's sockets have it. */
export function socketAddress(settings: Settings, of: IpAddress, port: number): SocketAddress {
  if (domainOf(settings) === AF_INET6) {
    const { text } = isIpv6(of) ? of : mappedOf(of);
    return { family: AF_INET6, address: text, port, flowInfo: 0, scopeId: 0 };
  }
  return { family: AF_INET, address: formatIp(of), port };
}

const defaultSettings = (ipVersion: IpVersion): Settings => ({
  ipVersion,
  bindPort: 8080,
  connectPort: 8080,
  // packetdrill takes any of 192.168.0.0/16; cookies of Fast Open depend on it, and this is the one of run_all.py.
  // Over IPv6 too: its addresses, and its MTU that leaves as much room as IPv4 has.
  localAddress: address(ipVersion === 'ipv6' ? 'fd3d:0a0b:17d6::1' : '192.168.0.1'),
  remoteAddress: address(ipVersion === 'ipv6' ? 'fd3d:fa7b:d17d::1' : '192.0.2.1'),
  mtu: 1500,
  receiveOffload: null,
  toleranceMicroseconds: 4000,
  tolerancePercent: 12.5,
  strictSegments: false,
  scaledEcho: false,
  timestampTick: 0,
});

/** The MTU of run_all.py over IPv6. */
const MTU_V6 = 1520;

/**
 * @param ipVersion of the command line: with `ipv6` addresses and MTU are those of run_all.py too, whatever the script says.
 * @throws Unsupported for options that are not here; SyntaxProblem for values that cannot be.
 */
export function readSettings(script: Script, ipVersion: IpVersion | null = null): Settings {
  const own = script.options.find(({ name }) => name === 'ip_version');
  const version = ipVersion ?? IP_VERSIONS.find((each) => each === (own?.value ?? 'ipv4'));
  if (version === undefined) throw new SyntaxProblem(own?.line ?? 0, `--ip_version=${own?.value}`);
  const settings = defaultSettings(version);
  readOptions(script, settings, ipVersion === 'ipv6');
  if (ipVersion === 'ipv6') settings.mtu = MTU_V6;
  return settings;
}

/** Options of the network, which those of the command line replace. */
const NETWORK = new Set(['local_ip', 'remote_ip', 'gateway_ip', 'netmask_ip', 'mtu']);

function readOptions(script: Script, settings: Settings, networkGiven: boolean): void {
  for (const { line, name, value } of script.options) {
    if (networkGiven && NETWORK.has(name)) continue;
    const number = (): number => {
      if (!/^\d+(\.\d+)?$/.test(value)) throw new SyntaxProblem(line, `--${name}: '${value}' is no number`);
      return Number(value);
    };
    const ip = (): IpAddress => {
      const parsed =
        parseIp(value) ?? parseIpv4Prefix(value)?.address ?? parseIpv6Prefix(value)?.address ?? null;
      if (parsed === null) throw new SyntaxProblem(line, `--${name}: '${value}' is no address`);
      if (isIpv6(parsed) !== (settings.ipVersion === 'ipv6')) {
        throw new Unsupported(line, `--${name}=${value} with --ip_version=${settings.ipVersion}`);
      }
      return parsed;
    };
    switch (name) {
      case 'ip_version':
        break;
      case 'bind_port':
        settings.bindPort = number();
        break;
      case 'connect_port':
        settings.connectPort = number();
        break;
      case 'local_ip':
        settings.localAddress = ip();
        break;
      case 'remote_ip':
        settings.remoteAddress = ip();
        break;
      case 'mtu':
        settings.mtu = number();
        break;
      case 'mss':
        settings.receiveOffload = number();
        break;
      case 'tolerance_usecs':
        settings.toleranceMicroseconds = number();
        break;
      case 'tolerance_percent':
        settings.tolerancePercent = number();
        break;
      case 'strict_segments':
        settings.strictSegments = true;
        break;
      case 'tcp_ts_ecr_scaled':
        settings.scaledEcho = true;
        break;
      case 'tcp_ts_tick_usecs':
        settings.timestampTick = number();
        break;
      // The gateway is of no consequence without a link layer; memory handed to the stack is always free again.
      case 'gateway_ip':
      case 'netmask_ip':
      case 'send_omit_free':
        break;
      default:
        throw new Unsupported(line, `the option --${name}`);
    }
  }
}
