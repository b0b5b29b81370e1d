import type { Language } from 'netarium';

/** What a run says about itself, in both languages. */
export const WORDS = {
  en: {
    number: '#',
    time: 'time (s)',
    what: 'frame',
    why: 'why',
    waits: (call: string) => `waits in ${call} for ever`,
    stillWaits: (call: string) => `still waits in ${call}`,
    stillRuns: 'still runs',
    failed: (status: number) => `ended with status ${status}`,
    killed: (signal: number) => `was ended by signal ${signal}`,
    notStarted: (place: string) => `never started: nothing ever used ${place}`,
    idle: (last: string | null, now: string) =>
      last === null
        ? `no frame was sent; nothing can happen any more at ${now} s`
        : `the last frame was sent at ${last} s, the last timer ran out at ${now} s: nothing can happen any more`,
    eventLimit: (now: string, events: number) =>
      `stopped at ${now} s, after ${events} recorded events: a program goes on and on (see --event-limit, --until)`,
    storm: (now: string, events: number) =>
      `stopped at ${now} s, after ${events} recorded events: a broadcast storm, frames go round in a loop of switches (stp: true on each of them makes it a tree)`,
    until: (time: string) => `the run stopped at ${time} s, as asked`,
    interrupted: (time: string) => `interrupted at ${time} s`,
    notReproducible: 'this run is not reproducible: a program computed while time went on',
    attached: (machine: string) =>
      `this is the terminal of ${machine}; time passes as on a clock; Ctrl-] leaves it, and the lab goes on`,
    left: (machine: string) => `left ${machine}; Ctrl-C ends the run`,
    layers: {
      7: 'application',
      6: 'presentation',
      5: 'session',
      4: 'transport',
      3: 'network',
      2: 'data link',
      1: 'physical',
    },
    nothing: '(nothing in this frame)',
    frame: 'frame',
  },
  ko: {
    number: '번호',
    time: '시각 (초)',
    what: '프레임',
    why: '이유',
    waits: (call: string) => `${call}에서 끝없이 기다린다`,
    stillWaits: (call: string) => `아직 ${call}에서 기다린다`,
    stillRuns: '아직 실행 중이다',
    failed: (status: number) => `상태 ${status}로 끝났다`,
    killed: (signal: number) => `시그널 ${signal}로 끝났다`,
    notStarted: (place: string) => `시작하지 못했다: 아무도 ${place}을(를) 쓰지 않았다`,
    idle: (last: string | null, now: string) =>
      last === null
        ? `프레임이 하나도 없었다; ${now}초에 더 일어날 일이 없다`
        : `마지막 프레임은 ${last}초에 보냈고 마지막 타이머는 ${now}초에 끝났다: 더 일어날 일이 없다`,
    eventLimit: (now: string, events: number) =>
      `기록된 사건 ${events}개 뒤 ${now}초에 멈췄다: 프로그램이 끝나지 않는다 (--event-limit, --until 참고)`,
    storm: (now: string, events: number) =>
      `기록된 사건 ${events}개 뒤 ${now}초에 멈췄다: 브로드캐스트 폭풍이다. 프레임이 스위치 고리를 맴돈다 (스위치마다 stp: true를 쓰면 트리가 된다)`,
    until: (time: string) => `요청한 대로 ${time}초에 멈췄다`,
    interrupted: (time: string) => `${time}초에 중단했다`,
    notReproducible: '이 실행은 재현되지 않는다: 프로그램이 계산하는 동안 시간이 흘렀다',
    attached: (machine: string) =>
      `${machine}의 터미널이다. 시간은 시계대로 흐른다. Ctrl-]로 떠나며 랩은 계속된다`,
    left: (machine: string) => `${machine}을(를) 떠났다. Ctrl-C로 실행을 끝낸다`,
    layers: {
      7: '응용',
      6: '표현',
      5: '세션',
      4: '전송',
      3: '네트워크',
      2: '데이터 링크',
      1: '물리',
    },
    nothing: '(이 프레임에는 없음)',
    frame: '프레임',
  },
} satisfies Record<Language, unknown>;

export type Words = (typeof WORDS)[Language];

/** The language asked for, or the environment's (LC_ALL, LC_MESSAGES, LANG); English when it is neither. */
export function languageFor(
  asked: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Language | null {
  if (asked !== undefined) return asked === 'en' || asked === 'ko' ? asked : null;
  const locale = env.LC_ALL || env.LC_MESSAGES || env.LANG || '';
  return locale.startsWith('ko') ? 'ko' : 'en';
}
