import { Handle, type NodeProps, Position } from '@xyflow/react';
import { useTranslation } from 'react-i18next';
import type { ProcessState } from '../../model/moment.ts';
import { useGlass } from '../../store.ts';
import { callName } from '../call-name.ts';
import { useMoment } from '../moment.ts';
import type { LabNode } from './types.ts';

export const NODE_WIDTH = 172;
export const NODE_HEIGHT = 106;

/** A machine or device: its picture, name, addresses, and what its program does just now. */
export function MachineNode({ data: { description } }: NodeProps<LabNode>) {
  const { t } = useTranslation();
  const { moment } = useMoment();
  const { name, kind, addresses, run } = description;
  const state = moment.node(name);
  const processes = [...state.processes.values()];
  const connection = [...state.sockets.values()].findLast((socket) => socket.socket.startsWith('tcp'));
  const device = kind === 'switch' || kind === 'hub';
  return (
    <div className={`machine machine-${kind}`} style={{ width: NODE_WIDTH, minHeight: NODE_HEIGHT }}>
      <Handle type="source" position={Position.Right} isConnectable={false} />
      <Handle type="target" position={Position.Left} isConnectable={false} />
      <div className="machine-head">
        <Picture kind={kind} />
        <div>
          <div className="machine-name">{name}</div>
          {addresses.map(([port, prefix]) => (
            <div key={port} className="machine-address mono" title={port}>
              {prefix}
            </div>
          ))}
          {device && <div className="machine-address">{t(`topology.${kind}`)}</div>}
        </div>
      </div>
      {!device && (
        <div className="machine-state">
          {processes.length === 0 &&
            run.map((command) => (
              <div key={command} className="process muted">
                <span className="mono">{command.replace(/^python3?\s+/, '')}</span>
                <span>{t('topology.notStarted')}</span>
              </div>
            ))}
          {processes.slice(-2).map((process) => (
            <ProcessLine key={process.pid} process={process} />
          ))}
          {connection !== undefined && (
            <span className={`tcp-state state-${connection.state}`}>{connection.state}</span>
          )}
        </div>
      )}
      {device && <MacCount name={name} />}
    </div>
  );
}

function ProcessLine({ process }: { readonly process: ProcessState }) {
  const { t } = useTranslation();
  const { status, open, program } = process;
  const waits = [...open.values()].at(-1);
  const label =
    status !== null
      ? t('topology.exited', { status })
      : waits !== undefined
        ? t('topology.blockedIn', { call: callName(waits.name, waits.args) })
        : t('topology.computing');
  const tone = status === null ? (waits === undefined ? 'busy' : 'waiting') : status === 0 ? 'done' : 'bad';
  return (
    <div className={`process process-${tone}`}>
      <span className="mono">{program.slice(program.lastIndexOf('/') + 1)}</span>
      <span>{label}</span>
    </div>
  );
}

function MacCount({ name }: { readonly name: string }) {
  const { t } = useTranslation();
  const { moment } = useMoment();
  const entries = [...(moment.node(name).tables.get('mac') ?? [])];
  return (
    <div className="machine-state">
      {entries.length === 0 ? (
        <span className="muted">
          {t('topology.mac')}: {t('topology.empty')}
        </span>
      ) : (
        entries.slice(0, 3).map(([mac, value]) => (
          <div key={mac} className="mac-entry mono">
            <span>{mac.slice(-8)}</span>
            <span>→ {value}</span>
          </div>
        ))
      )}
    </div>
  );
}

function Picture({ kind }: { readonly kind: string }) {
  const running = useGlass((state) => state.phase === 'running');
  const line = {
    fill: 'none',
    stroke: 'currentColor',
    strokeWidth: 1.7,
    strokeLinejoin: 'round',
    strokeLinecap: 'round',
  } as const;
  return (
    <svg
      className="machine-picture"
      width="40"
      height="40"
      viewBox="0 0 40 40"
      aria-hidden="true"
      data-running={running}
    >
      {kind === 'switch' || kind === 'hub' ? (
        <>
          <rect x="4" y="13" width="32" height="15" rx="3" {...line} fill="var(--node-fill)" />
          <path d="M9 23.5h3M14.500 23.5h3M20 23.5h3M25.500 23.5h3" {...line} strokeWidth={2.6} />
          <path d="M12 17.500h7m-2-2 2 2-2 2M28 17.500h-6m2-2-2 2 2 2" {...line} strokeWidth={1.2} />
        </>
      ) : kind === 'router' ? (
        <>
          <ellipse cx="20" cy="20" rx="16" ry="11" {...line} fill="var(--node-fill)" />
          <path
            d="M12 20h6m-2-2 2 2-2 2M28 20h-6m2-2-2 2 2 2M20 10.500v6M20 23.5v6"
            {...line}
            strokeWidth={1.3}
          />
        </>
      ) : (
        <>
          <rect x="5" y="6" width="30" height="20" rx="3" {...line} fill="var(--node-fill)" />
          <path d="M16 26v5M24 26v5M12 32h16" {...line} />
          <path d="M10 12l4 3.500-4 3.500M17 20h6" {...line} strokeWidth={1.5} stroke="var(--accent)" />
        </>
      )}
    </svg>
  );
}
