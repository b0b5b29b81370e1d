import type { TraceEvent } from '@netarium/osi/trace';
import { FitAddon } from '@xterm/addon-fit';
import { type ITheme, Terminal as XTerm } from '@xterm/xterm';
import type { IDockviewPanelProps } from 'dockview-react';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { resizeWindow, typeOn } from '../connection.ts';
import { useGlass } from '../store.ts';

const SIZE = 13;

const LIGHT: ITheme = {
  background: '#ffffff',
  foreground: '#1a2130',
  cursor: '#3b5bdb',
  selectionBackground: '#cfd9ff',
  brightBlack: '#8a94a8',
  green: '#188a50',
  red: '#d0343f',
};
const DARK: ITheme = {
  background: '#12161f',
  foreground: '#e7ebf3',
  cursor: '#7d97ff',
  selectionBackground: '#2c3a6e',
  brightBlack: '#76839b',
  green: '#4ecb8a',
  red: '#ff6b74',
};

/** The screen of one machine: what its programs wrote, up to the moment that is looked at. Typing goes to the program. */
export function Terminal({ params: { node } }: IDockviewPanelProps<{ readonly node: string }>) {
  const { t } = useTranslation();
  const holder = useRef<HTMLDivElement>(null);
  const screen = useRef<XTerm | null>(null);
  const dark = useGlass((state) => state.dark);

  useEffect(() => {
    const element = holder.current;
    if (element === null) return;
    const family = getComputedStyle(document.documentElement).getPropertyValue('--terminal');
    const terminal = new XTerm({
      fontFamily: family,
      fontSize: SIZE,
      letterSpacing: spacingOf(family),
      lineHeight: 1.2,
      cursorBlink: false,
      scrollback: 5000,
      theme: useGlass.getState().dark ? DARK : LIGHT,
    });
    const fit = new FitAddon();
    terminal.loadAddon(fit);
    terminal.open(element);
    screen.current = terminal;
    const resize = new ResizeObserver(() => {
      if (element.clientWidth > 0 && element.clientHeight > 0) fit.fit();
    });
    resize.observe(element);
    const resized = terminal.onResize(({ rows, cols }) => resizeWindow(node, { rows, columns: cols }));
    const typed = terminal.onData((text) => typeOn(node, text));

    // What stands on the screen: events of `model` before number `next`.
    let model = useGlass.getState().model;
    let next = 0;
    const draw = () => {
      const state = useGlass.getState();
      const limit = state.view === null ? state.model.record.size : state.model.eventsUntil(state.view);
      if (state.model !== model || limit < next) {
        model = state.model;
        next = 0;
        terminal.reset();
      }
      let text = '';
      for (; next < limit; next++) {
        const event = model.record.events[next];
        if (event?.node === node) text += shown(event);
      }
      if (text !== '') terminal.write(text);
    };
    draw();
    const unsubscribe = useGlass.subscribe(draw);
    return () => {
      unsubscribe();
      typed.dispose();
      resized.dispose();
      resize.disconnect();
      terminal.dispose();
      screen.current = null;
    };
  }, [node]);

  useEffect(() => {
    if (screen.current !== null) screen.current.options.theme = dark ? DARK : LIGHT;
  }, [dark]);

  return (
    <section
      className="pane terminal"
      ref={holder}
      data-testid={`terminal-${node}`}
      aria-label={t('terminal.label', { node })}
    />
  );
}

/**
 * A Hangul syllable takes two cells of a terminal. Where the font's Latin letters are wider than half a syllable, words
 * would fall apart into syllables: cells are then made narrower.
 */
function spacingOf(family: string): number {
  const context = document.createElement('canvas').getContext('2d');
  if (context === null) return 0;
  context.font = `${SIZE}px ${family}`;
  const tooWide = context.measureText('M').width - context.measureText('가').width / 2;
  return tooWide > 0.75 ? -1 : 0;
}

const DIM = '\x1b[90m';
const RED = '\x1b[31m';
const PLAIN = '\x1b[0m';

/** What an event puts on its machine's screen. */
function shown(event: TraceEvent): string {
  if (event.kind === 'terminal') return event.shown ?? event.text.replaceAll('\n', '\r\n');
  if (event.kind !== 'process') return '';
  if (event.change === 'start') return `${DIM}$ ${event.argv.join(' ')}${PLAIN}\r\n`;
  return event.status === 0 ? '' : `${RED}[${event.status}]${PLAIN}\r\n`;
}
