import { type FrameSent, type TraceRecord, type WhyStep, whyOf } from '@netarium/osi/trace';
import type { Journeys } from '../ladder/journeys.ts';
import { callText } from '../results.ts';
import { DROPS } from './drops.ts';
import { REASONS } from './reasons.ts';
import type { Language, Text } from './text.ts';
import { TIMERS } from './timers.ts';

const WORDS = {
  frame: { en: 'frame', ko: '프레임' },
  start: { en: 'starts', ko: '시작' },
  exit: { en: 'ends', ko: '종료' },
  typed: { en: 'someone typed', ko: '누군가 입력함' },
  of: { en: 'bytes of', ko: '바이트의 출처:' },
  segments: {
    en: 'segments in one frame, by segmentation offload',
    ko: '개 세그먼트를 한 프레임에, 세그먼트 분할 오프로드',
  },
} satisfies Record<string, Text>;

/** How many links a line shows; a bulk transfer's chain goes back to its first segment. */
const LINKS = 4;

/**
 * A frame's why on one line, from what it is for to what began it: `opens a connection … ← frame 2 ← frame 1 ←
 * client.py:8 connect()`. @param journeys of the same record: they give frames their numbers.
 */
export function whyText(
  record: TraceRecord,
  journeys: Journeys,
  sent: FrameSent,
  language: Language,
): string {
  // Changes that a step passes through do not count as links, so more steps are asked for than are shown.
  const [frame, ...causes] = whyOf(record, sent.id, 4 * LINKS);
  const links = causes.filter(({ role }) => role !== 'change' && role !== 'start');
  const [nearest] = links;
  const caller = nearest?.role === 'system-call' ? nearest.event?.id : undefined;
  const writers = new Set((frame?.origins ?? []).filter(({ id }) => id !== caller).map(callText));
  const origin = writers.size === 0 ? '' : ` (${WORDS.of[language]} ${[...writers].join(', ')})`;
  const shown = links.slice(0, LINKS).map((step) => stepText(step, journeys, language));
  if (links.length > LINKS) shown.push('…');
  return [`${reasonText(sent.reason, language)}${segmentsText(sent, language)}${origin}`, ...shown].join(
    ' ← ',
  );
}

/** How many segments a frame stands for on a cable with offload. */
function segmentsText({ offload }: FrameSent, language: Language): string {
  if (offload === undefined || offload.segments === 1) return '';
  return ` (${offload.segments}${language === 'en' ? ' ' : ''}${WORDS.segments[language]})`;
}

/** One link of a chain of causes in words. */
export function stepText({ role, event }: WhyStep, journeys: Journeys, language: Language): string {
  switch (event?.kind) {
    case 'system-call':
      return callText(event);
    case 'frame-sent':
      return `${WORDS.frame[language]} ${journeys.of(event.id)?.number ?? '?'}`;
    case 'timer':
      return TIMERS[event.name]?.[language] ?? event.name;
    case 'process':
      return `${event.argv.join(' ')} ${WORDS[event.change][language]}`;
    case 'terminal':
      return WORDS.typed[language];
    default:
      return event?.kind ?? role;
  }
}

/** What a frame is for; a reason without a text (of someone's own stack) is shown as it is. */
export function reasonText(reason: string, language: Language): string {
  return REASONS[reason]?.[language] ?? reason;
}

/** Why a frame went no further. */
export function dropText(reason: string, language: Language): string {
  return DROPS[reason]?.[language] ?? reason;
}
