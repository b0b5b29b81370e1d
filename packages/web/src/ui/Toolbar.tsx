import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { chooseLab, pauseLab, restart, runLab, setSeed, setSpeed, stepLab } from '../connection.ts';
import { type Language, setLanguage } from '../i18n.ts';
import { bundledLabs, labTitle } from '../labs.ts';
import type { Speed, StepKind } from '../protocol.ts';
import { useGlass } from '../store.ts';
import { setTheme } from '../theme.ts';
import { Help } from './Help.tsx';
import {
  HelpIcon,
  LayoutIcon,
  Mark,
  MoonIcon,
  PauseIcon,
  PlayIcon,
  RestartIcon,
  StepIcon,
  SunIcon,
} from './icons.tsx';
import { resetLayout } from './layout.ts';
import { ShownClock } from './ShownClock.tsx';
import { useStepKind } from './step-kind.ts';

/** The speeds to choose from, by the key of their name. */
const SPEEDS: readonly (readonly [key: string, speed: Speed])[] = [
  ['speed.watchSlow', { mode: 'watch', factor: 0.4 }],
  ['speed.watch', { mode: 'watch', factor: 1 }],
  ['speed.watchFast', { mode: 'watch', factor: 4 }],
  ['0.001', { mode: 'scaled', factor: 0.001 }],
  ['0.01', { mode: 'scaled', factor: 0.01 }],
  ['0.1', { mode: 'scaled', factor: 0.1 }],
  ['speed.real', { mode: 'scaled', factor: 1 }],
  ['10', { mode: 'scaled', factor: 10 }],
  ['speed.max', { mode: 'max' }],
];
const sameSpeed = (a: Speed, b: Speed) => JSON.stringify(a) === JSON.stringify(b);

export function Toolbar() {
  const { t, i18n } = useTranslation();
  const phase = useGlass((state) => state.phase);
  const labId = useGlass((state) => state.labId);
  const dark = useGlass((state) => state.dark);
  const python = useGlass((state) => state.python.state);
  const [help, setHelp] = useState(false);
  const running = phase === 'running';
  return (
    <header className="toolbar">
      <div className="brand">
        <Mark />
        {t('app.title')} <span className="tagline">{t('app.tagline')}</span>
      </div>
      <span className="divider" />
      <label>
        <span>{t('control.lab')}</span>
        <select
          data-testid="lab"
          aria-label={t('control.lab')}
          value={labId}
          onChange={(event) => chooseLab(event.target.value)}
        >
          {bundledLabs.map((lab) => (
            <option key={lab.id} value={lab.id}>
              {lab.id.includes('/') ? '· ' : ''}
              {labTitle(lab, i18n.language)}
            </option>
          ))}
        </select>
      </label>
      <button
        type="button"
        className="button primary"
        data-testid="run"
        onClick={running ? pauseLab : runLab}
        disabled={phase === 'failed' || phase === 'loading'}
        title={`${running ? t('control.pause') : t('control.run')} (Space)`}
      >
        {running ? <PauseIcon /> : <PlayIcon />}
        {running ? t('control.pause') : t('control.run')}
      </button>
      <StepButton />
      <button
        type="button"
        className="button"
        data-testid="restart"
        onClick={restart}
        title={`${t('control.restart')} (R)`}
      >
        <RestartIcon />
        {t('control.restart')}
      </button>
      <SpeedChoice />
      <SeedField />
      <span className="spacer" />
      <span className="phase" data-phase={phase} data-testid="phase" role="status">
        {python === 'preparing' && phase !== 'failed' ? t('python.preparing') : t(`phase.${phase}`)}
      </span>
      <ShownClock />
      <span className="divider" />
      <button
        type="button"
        className="button icon ghost"
        title={t('control.layout')}
        aria-label={t('control.layout')}
        onClick={resetLayout}
      >
        <LayoutIcon />
      </button>
      <button
        type="button"
        className="button icon ghost"
        title={t('control.help')}
        aria-label={t('control.help')}
        aria-expanded={help}
        onClick={() => setHelp(!help)}
      >
        <HelpIcon />
      </button>
      <button
        type="button"
        className="button icon ghost"
        data-testid="theme"
        title={`${t('control.theme')}: ${dark ? t('control.themeLight') : t('control.themeDark')}`}
        aria-label={t('control.theme')}
        onClick={() => setTheme(dark ? 'light' : 'dark')}
      >
        {dark ? <SunIcon /> : <MoonIcon />}
      </button>
      <select
        data-testid="language"
        aria-label={t('control.language')}
        value={i18n.language}
        onChange={(event) => void setLanguage(event.target.value as Language)}
      >
        <option value="ko">한국어</option>
        <option value="en">English</option>
      </select>
      {help && <Help close={() => setHelp(false)} />}
    </header>
  );
}

const STEPS: readonly (readonly [
  StepKind,
  'control.stepEvent' | 'control.stepFrame' | 'control.stepCall' | 'control.stepLine',
])[] = [
  ['frame', 'control.stepFrame'],
  ['call', 'control.stepCall'],
  ['line', 'control.stepLine'],
  ['event', 'control.stepEvent'],
];

function StepButton() {
  const { t } = useTranslation();
  const phase = useGlass((state) => state.phase);
  const { kind, setKind } = useStepKind();
  return (
    <span className="joined">
      <button
        type="button"
        className="button"
        data-testid="step"
        onClick={() => stepLab(kind)}
        disabled={phase === 'failed' || phase === 'loading' || phase === 'ended'}
        title={`${t('control.step')} (.)`}
      >
        <StepIcon />
        {t('control.step')}
      </button>
      <select
        aria-label={t('control.stepBy')}
        title={t('control.stepBy')}
        value={kind}
        onChange={(event) => setKind(event.target.value as StepKind)}
      >
        {STEPS.map(([step, key]) => (
          <option key={step} value={step}>
            {t(key)}
          </option>
        ))}
      </select>
    </span>
  );
}

function SpeedChoice() {
  const { t } = useTranslation();
  const speed = useGlass((state) => state.speed);
  const index = SPEEDS.findIndex(([, known]) => sameSpeed(known, speed));
  const name = (key: string) =>
    key.startsWith('speed.') ? t(key as 'speed.watch') : t('speed.scaled', { factor: key });
  return (
    <label title={t('speed.watchHelp')}>
      <span>{t('control.speed')}</span>
      <select
        data-testid="speed"
        aria-label={t('control.speed')}
        value={index}
        onChange={(event) => {
          const chosen = SPEEDS[Number(event.target.value)];
          if (chosen !== undefined) setSpeed(chosen[1]);
        }}
      >
        {SPEEDS.map(([key], i) => (
          <option key={key} value={i}>
            {name(key)}
          </option>
        ))}
      </select>
    </label>
  );
}

function SeedField() {
  const { t } = useTranslation();
  const seed = useGlass((state) => state.seed);
  return (
    <label title={t('control.seedHelp')}>
      <span>{t('control.seed')}</span>
      <input
        className="seed"
        type="number"
        min={0}
        step={1}
        aria-label={t('control.seed')}
        value={seed}
        onChange={(event) => setSeed(Math.max(0, Math.trunc(event.target.valueAsNumber || 0)))}
      />
    </label>
  );
}
