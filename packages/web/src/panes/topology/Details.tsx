import { useTranslation } from 'react-i18next';
import { formatTime } from '../../model/units.ts';
import type { LabDescription } from '../../protocol.ts';
import { useGlass } from '../../store.ts';
import { CloseIcon } from '../../ui/icons.tsx';
import { useMoment } from '../moment.ts';

const TABLES = ['arp', 'mac', 'route', 'address', 'link'] as const;

/** The tables of one machine or device at the moment that is looked at. */
export function Details({
  lab,
  name,
  close,
}: {
  readonly lab: LabDescription;
  readonly name: string;
  readonly close: () => void;
}) {
  const { t } = useTranslation();
  const { moment } = useMoment();
  const view = useGlass((state) => state.view);
  const description = lab.nodes.find((node) => node.name === name);
  const state = moment.node(name);
  const device = description?.kind === 'switch' || description?.kind === 'hub';
  return (
    <aside className="popover details" aria-label={name}>
      <header>
        <strong>{name}</strong>
        {view !== null && <span className="muted">{t('topology.moment', { time: formatTime(view) })}</span>}
        <button
          type="button"
          className="button icon ghost small"
          aria-label={t('topology.close')}
          onClick={close}
        >
          <CloseIcon />
        </button>
      </header>
      {!device && (
        <Table
          title={t('topology.sockets')}
          rows={[...state.sockets.values()].map(({ local, remote, state: name }) => [
            local,
            `${remote || '*'}  ${name}`,
          ])}
        />
      )}
      {TABLES.map((table) => {
        const rows = [...(state.tables.get(table) ?? [])];
        const always = device ? table === 'mac' : table === 'arp';
        return (
          (rows.length > 0 || always) && <Table key={table} title={t(`topology.${table}`)} rows={rows} />
        );
      })}
    </aside>
  );
}

function Table({
  title,
  rows,
}: {
  readonly title: string;
  readonly rows: readonly (readonly [string, string])[];
}) {
  const { t } = useTranslation();
  return (
    <section>
      <h4>{title}</h4>
      {rows.length === 0 && <span className="muted">{t('topology.empty')}</span>}
      <table className="mono">
        <tbody>
          {rows.map(([key, value]) => (
            <tr key={key + value}>
              <td>{key}</td>
              <td>{value}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
