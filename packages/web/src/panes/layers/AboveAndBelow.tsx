import type { FrameSent, SystemCall } from '@netarium/osi/trace';
import type { Journey } from 'netarium';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Cables } from '../../model/flights.ts';
import { baseName, type Model } from '../../model/model.ts';
import { formatBitRate, formatSpan, hexByte } from '../../model/units.ts';
import { selectCall } from '../../selection.ts';
import { useGlass } from '../../store.ts';
import { callName } from '../call-name.ts';
import { type Anatomy, charactersOf } from './layers.ts';

/** A table of facts: what it is, and what is said of it. */
function Facts({ rows }: { readonly rows: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className="facts">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

interface Above {
  readonly model: Model;
  readonly journey: Journey;
  readonly payload: Anatomy['payload'];
  readonly part: 'application' | 'characters';
}

/** Layers 7 and 6: the program's bytes, and what they are as text. */
export function Presentation({ model, journey, payload, part }: Above) {
  const { t } = useTranslation();
  if (payload === null)
    return part === 'characters' ? null : <p className="muted">{t('layers.noPayload')}</p>;
  const characters = charactersOf(payload.bytes);
  const valid = characters.filter((character) => character.valid);
  if (part === 'application') {
    const program = model.callsOfFrames[journey.number - 1]?.[0]?.program ?? '';
    return (
      <Facts
        rows={[
          [t('layers.applicationBytes', { program }), t('layers.count', { count: payload.bytes.length })],
          [
            t('layers.text'),
            <q key="text">{characters.map(({ text, valid: ok }) => (ok ? text : '�')).join('')}</q>,
          ],
        ]}
      />
    );
  }
  return (
    <>
      <Facts
        rows={[
          [
            t('layers.charset'),
            valid.length === characters.length
              ? t('layers.utf8', { characters: characters.length, bytes: payload.bytes.length })
              : valid.length === 0
                ? t('layers.notUtf8')
                : t('layers.partial'),
          ],
        ]}
      />
      <div className="characters">
        {characters.slice(0, 200).map(({ text, bytes, at, valid: ok }) => {
          const range = { bitOffset: (payload.start + at) * 8, bitLength: bytes.length * 8 };
          return (
            <button
              key={at}
              type="button"
              className={ok ? 'character' : 'character invalid'}
              onPointerEnter={() => useGlass.setState({ highlight: range })}
              onPointerLeave={() => useGlass.setState({ highlight: null })}
              onClick={() => useGlass.setState({ pinned: range })}
              title={
                ok ? `U+${(text.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}` : undefined
              }
            >
              <b>{ok ? (CONTROL[text] ?? text) : '�'}</b>
              <small className="mono">{[...bytes].map(hexByte).join(' ')}</small>
            </button>
          );
        })}
      </div>
    </>
  );
}

const CONTROL: Readonly<Record<string, string>> = { '\n': '⏎', '\r': '␍', '\t': '⇥', ' ': '␣', '\0': '␀' };

/** Layer 5: the sockets at both ends, and the calls by which programs hand bytes over and take them. */
export function Session({ model, journey }: { readonly model: Model; readonly journey: Journey }) {
  const { t } = useTranslation();
  const { sent } = journey;
  const packet = model.packets.packet(sent);
  if (packet.protocol !== 'TCP' && packet.protocol !== 'UDP')
    return <p className="muted">{t('layers.notUsed')}</p>;
  const calls = model.callsOfFrames[journey.number - 1] ?? [];
  const sender = endAt(model, sent, journey, 'source');
  const receivers = journey.arrivals.map(({ node, id }) => ({
    node,
    end: socketAt(model, node, id, journey, 'destination'),
  }));
  return (
    <>
      <h4>{t('layers.sentBy', { node: sent.node })}</h4>
      <Facts rows={[...socketRows(sender, t), ...calls.flatMap((call) => callRows(call, model, t))]} />
      {receivers.map(({ node, end }) => (
        <div key={node}>
          <h4>{t('layers.receivedBy', { node })}</h4>
          <Facts
            rows={[
              ...socketRows(end, t),
              ...readersOf(model, node, journey).flatMap((call) =>
                callRows(call, model, t, t('layers.receivedIn')),
              ),
            ]}
          />
        </div>
      ))}
    </>
  );
}

type Translate = ReturnType<typeof useTranslation>['t'];
interface End {
  readonly socket: string;
  readonly local: string;
  readonly remote: string;
  readonly to: string;
}

const socketRows = (end: End | null, t: Translate): [string, ReactNode][] =>
  end === null
    ? []
    : [
        [t('layers.session'), <span key="s" className="mono">{`${end.local} ↔ ${end.remote || '*'}`}</span>],
        [
          t('layers.state'),
          <b key="st" className={`tcp-state state-${end.to}`}>
            {end.to}
          </b>,
        ],
      ];

function callRows(
  call: SystemCall,
  model: Model,
  t: Translate,
  title = t('layers.call'),
): [string, ReactNode][] {
  const returned = model.calls.get(call.id)?.returned;
  const where = call.where === undefined ? call.program : `${baseName(call.where.file)}:${call.where.line}`;
  const fd = /^\d+/.exec(call.args)?.[0];
  return [
    [t('layers.program'), `${call.program} (pid ${call.pid})${fd === undefined ? '' : ` · fd ${fd}`}`],
    [
      title,
      <button key="call" type="button" className="link mono" onClick={() => selectCall(call.id)}>
        {where} {callName(call.name, call.args)}()
      </button>,
    ],
    [
      'strace',
      <span
        key="strace"
        className="mono small"
      >{`${call.name}(${call.args})${returned ? ` = ${returned.text}` : ''}`}</span>,
    ],
  ];
}

function endAt(model: Model, sent: FrameSent, journey: Journey, end: 'source' | 'destination'): End | null {
  return socketAt(model, sent.node, sent.id, journey, end);
}

/** The state of the frame's socket on a machine, as it was when the frame was there. */
function socketAt(
  model: Model,
  node: string,
  before: number,
  journey: Journey,
  end: 'source' | 'destination',
): End | null {
  const packet = model.packets.packet(journey.sent);
  const tree = model.packets.tree(journey.sent);
  const transport = tree.protocols.find(({ name }) => name === 'tcp' || name === 'udp');
  const port = (name: string) =>
    transport?.children.find((field) => field.name === `${transport.name}.${name}`)?.value;
  const [here, there] =
    end === 'source'
      ? [`${packet.source}:${port('srcport')}`, `${packet.destination}:${port('dstport')}`]
      : [`${packet.destination}:${port('dstport')}`, `${packet.source}:${port('srcport')}`];
  const localPort = here.slice(here.lastIndexOf(':'));
  let listening: End | null = null;
  for (let id = before - 1; id > 0; id--) {
    const event = model.record.get(id);
    if (event?.kind !== 'socket-state' || event.node !== node) continue;
    if (event.local === here && event.remote === there) return event;
    if (listening === null && event.local.endsWith(localPort) && event.to !== 'CLOSED') listening = event;
  }
  return listening;
}

/** The calls on the receiving machine that returned because this frame came. */
function readersOf(model: Model, node: string, journey: Journey): SystemCall[] {
  const arrivals = new Set(journey.arrivals.filter((arrival) => arrival.node === node).map(({ id }) => id));
  const calls: SystemCall[] = [];
  for (const { call, returned } of model.calls.values()) {
    if (returned === null || call.node !== node || returned.cause === call.id) continue;
    if (arrivals.has(returned.cause)) calls.push(call);
  }
  return calls;
}

const SHORTEST = 60;

/** Layer 1: what the frame is on each cable it crossed. */
export function Physical({ journey }: { readonly journey: Journey }) {
  const { t } = useTranslation();
  const lab = useGlass((state) => state.lab);
  if (lab === null) return null;
  const cables = new Cables(lab);
  const length = journey.sent.length;
  const frame = Math.max(length, SHORTEST) * 8;
  const bits = frame + 96;
  return (
    <>
      <Facts
        rows={[
          [
            t('layers.bits'),
            `${t('layers.bitsText', { bits, frame })}${length < SHORTEST ? ` (${t('layers.padded')})` : ''}`,
          ],
          [
            t('layers.preamble'),
            <span key="p" className="mono">
              55 55 55 55 55 55 55 d5
            </span>,
          ],
        ]}
      />
      {journey.hops.map(({ sent }) => {
        const end = cables.from(sent.node, sent.port);
        if (end === undefined) return null;
        const far = end.forward ? end.cable.b : end.cable.a;
        const { bandwidth, delay } = end.cable;
        return (
          <div key={sent.id}>
            <h4>
              {t('layers.cable')}:{' '}
              <span className="mono">{`${sent.node}:${sent.port} → ${far.node}:${far.port}`}</span>
            </h4>
            <Facts
              rows={[
                [
                  t('layers.duration'),
                  bandwidth === null
                    ? t('layers.instant')
                    : t('layers.durationText', {
                        time: formatSpan((bits / bandwidth) * 1e9),
                        rate: formatBitRate(bandwidth),
                      }),
                ],
                [t('layers.propagation'), formatSpan(delay)],
              ]}
            />
          </div>
        );
      })}
    </>
  );
}
