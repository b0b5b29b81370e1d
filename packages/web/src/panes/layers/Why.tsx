import { type WhyStep, whyOf } from '@netarium/osi/trace';
import { callText, dropText, type Journey, type Language, reasonText, stepText } from 'netarium';
import { useTranslation } from 'react-i18next';
import type { Model } from '../../model/model.ts';
import { formatTime } from '../../model/units.ts';
import { selectCall, selectFrame } from '../../selection.ts';

/** How many steps of a long chain are shown. */
const STEPS = 12;

/** The chain of causes of a frame, from what it is for to the line or person that began it; each step leads there. */
export function Why({ model, journey }: { readonly model: Model; readonly journey: Journey }) {
  const { t, i18n } = useTranslation();
  const language = i18n.language as Language;
  const { sent, drops } = journey;
  const steps = whyOf(model.record, sent.id, STEPS + 8)
    .slice(1)
    .filter(({ role }) => role !== 'change')
    .slice(0, STEPS);
  const nearest = steps.find(({ role }) => role === 'system-call')?.event?.id;
  const writers = (model.callsOfFrames[journey.number - 1] ?? []).filter(
    ({ id }) => sent.origins.includes(id) && id !== nearest,
  );
  return (
    <section className="why-chain" data-testid="why" aria-label={t('why.title')}>
      <b>{t('why.title')}</b>
      <span>{reasonText(sent.reason, language)}</span>
      {writers.map((call) => (
        <span key={call.id}>
          ({t('why.bytesFrom')}{' '}
          <button type="button" className="link mono" onClick={() => selectCall(call.id)}>
            {callText(call)}
          </button>
          )
        </span>
      ))}
      {steps.map((step, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the chain of a frame never changes
        <span key={i} className="why-step">
          <span className="muted">←</span> <Step step={step} model={model} language={language} />
        </span>
      ))}
      {drops.map((drop) => (
        <span key={drop.id} className="dropped">
          ✕ {drop.node}: {dropText(drop.reason, language)}
        </span>
      ))}
    </section>
  );
}

function Step({
  step,
  model,
  language,
}: {
  readonly step: WhyStep;
  readonly model: Model;
  readonly language: Language;
}) {
  const { t } = useTranslation();
  const { event } = step;
  if (event === null) return <span className="muted">{t('why.start')}</span>;
  const place = `${event.node} · ${formatTime(event.time)}`;
  const text = stepText(step, model.journeys, language);
  if (event.kind === 'frame-sent') {
    const frame = model.journeys.of(event.id);
    if (frame === undefined) return <span>{text}</span>;
    const { tone, tcp, protocol } = model.packets.packet(frame.sent);
    return (
      <button
        type="button"
        className={`chip tone-${tone}`}
        title={place}
        onClick={() => selectFrame(frame.number)}
      >
        {frame.number} {tcp?.flags ?? protocol}
      </button>
    );
  }
  if (event.kind === 'system-call') {
    return (
      <button type="button" className="link mono" title={place} onClick={() => selectCall(event.id)}>
        {text}
      </button>
    );
  }
  return <span title={place}>{text}</span>;
}
