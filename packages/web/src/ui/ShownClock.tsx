import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { formatTime } from '../model/units.ts';
import { shownTime } from '../store.ts';

/** The virtual time, written anew with each picture: React is not asked. */
export function ShownClock() {
  const { t } = useTranslation();
  const element = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    let frame = 0;
    const draw = () => {
      const text = formatTime(shownTime());
      if (element.current !== null && element.current.textContent !== text)
        element.current.textContent = text;
      frame = requestAnimationFrame(draw);
    };
    draw();
    return () => cancelAnimationFrame(frame);
  }, []);
  return <span className="clock" ref={element} title={t('control.time')} />;
}
