import { useTranslation } from 'react-i18next';
import { CloseIcon } from './icons.tsx';

export function Help({ close }: { readonly close: () => void }) {
  const { t } = useTranslation();
  const keys: readonly (readonly [string, string])[] = [
    ['Space', t('help.run')],
    ['.', t('help.step')],
    ['↑ ↓', t('help.frames')],
    ['R', t('help.restart')],
    ['Esc', t('help.clear')],
  ];
  return (
    <div
      className="popover help"
      style={{ top: 50, right: 110 }}
      role="dialog"
      aria-label={t('control.help')}
    >
      <dl>
        {keys.map(([key, what]) => (
          <div key={key} style={{ display: 'contents' }}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <button type="button" className="button small" style={{ marginTop: 10 }} onClick={close}>
        <CloseIcon /> {t('help.close')}
      </button>
    </div>
  );
}
