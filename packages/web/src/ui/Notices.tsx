import { useTranslation } from 'react-i18next';
import { useGlass } from '../store.ts';

/** What a person must know: a lab that cannot be loaded, a crash, a browser without what Python needs. */
export function Notices() {
  const { t } = useTranslation();
  const trouble = useGlass((state) => state.trouble);
  const python = useGlass((state) => state.python);
  const notRun = useGlass((state) => state.notRun);
  const reproducible = useGlass((state) => state.reproducible);
  return (
    <>
      {trouble !== null && (
        <div className="notice bad" role="alert" data-testid="trouble">
          <div>
            <strong>{t(`trouble.${trouble.kind}`)}</strong>
            <pre>{trouble.message}</pre>
            {trouble.kind === 'crash' && <span className="muted">{t('trouble.hint')}</span>}
          </div>
          <button type="button" className="button small" onClick={() => useGlass.setState({ trouble: null })}>
            {t('trouble.dismiss')}
          </button>
        </div>
      )}
      {python.state === 'unsupported' && (
        <div className="notice bad" role="alert" data-testid="no-python">
          {t('python.unsupported')}
        </div>
      )}
      {python.state === 'failed' && (
        <div className="notice bad" role="alert">
          {t('python.failed', { message: python.message ?? '' })}
        </div>
      )}
      {notRun.map(({ node, command, message, waitsFor }) => (
        <div key={`${node} ${command}`} className="notice bad" role="alert" data-testid="not-run">
          {message === null
            ? t('trouble.notStarted', { node, command, place: waitsFor ?? '' })
            : `${node}: ${message}`}
        </div>
      ))}
      {!reproducible && <div className="notice">{t('python.notReproducible')}</div>}
    </>
  );
}
