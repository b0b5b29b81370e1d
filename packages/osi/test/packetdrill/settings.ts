import { type Ipv4Address, parseIpv4, parseIpv4Prefix } from '../../src/3-network/index.ts';
import { SyntaxProblem, Unsupported } from './problems.ts';
import type { Script } from './script.ts';

/** What a script's `--name=value` lines say; packetdrill's names and defaults. */
export interface Settings {
  bindPort: number;
  connectPort: number;
  localAddress: Ipv4Address;
  remoteAddress: Ipv4Address;
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

const address = (text: string): Ipv4Address => parseIpv4(text) ?? (0 as Ipv4Address);

const defaultSettings = (): Settings => ({
  bindPort: 8080,
  connectPort: 8080,
  // packetdrill takes any of 192.168.0.0/16; cookies of Fast Open depend on it, and this is the one of run_all.py.
  localAddress: address('192.168.0.1'),
  remoteAddress: address('192.0.2.1'),
  mtu: 1500,
  receiveOffload: null,
  toleranceMicroseconds: 4000,
  tolerancePercent: 12.5,
  strictSegments: false,
  scaledEcho: false,
  timestampTick: 0,
});

/** @throws Unsupported for options that are not here, IPv6 among them; SyntaxProblem for values that cannot be. */
export function readSettings(script: Script): Settings {
  const settings = defaultSettings();
  for (const { line, name, value } of script.options) {
    const number = (): number => {
      if (!/^\d+(\.\d+)?$/.test(value)) throw new SyntaxProblem(line, `--${name}: '${value}' is no number`);
      return Number(value);
    };
    const ipv4 = (): Ipv4Address => {
      const parsed = parseIpv4(value) ?? parseIpv4Prefix(value)?.address ?? null;
      if (parsed === null) throw new Unsupported(line, `--${name}=${value}: only IPv4`);
      return parsed;
    };
    switch (name) {
      case 'ip_version':
        if (value !== 'ipv4') throw new Unsupported(line, `--ip_version=${value}: only IPv4`);
        break;
      case 'bind_port':
        settings.bindPort = number();
        break;
      case 'connect_port':
        settings.connectPort = number();
        break;
      case 'local_ip':
        settings.localAddress = ipv4();
        break;
      case 'remote_ip':
        settings.remoteAddress = ipv4();
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
  return settings;
}
