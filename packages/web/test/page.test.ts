import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buildPage, executablePath, firstLoad, Stage } from './browser.ts';

if (executablePath === undefined && process.env.CI === 'true') {
  throw new Error('the tests of the page need Chromium: apt-get install chromium');
}

/** Milliseconds: generous, since machines that test are busy. What is aimed at is printed. */
const PATIENCE = 40_000;

describe.skipIf(executablePath === undefined)('the page', { timeout: 120_000 }, () => {
  let stage: Stage;
  let page: Page;

  beforeAll(async () => {
    buildPage();
    stage = await Stage.open();
  }, 300_000);
  afterAll(async () => stage?.close());

  /** The page, opened for each test, or once for all of them as long as they pass. */
  function visitFor(tests: 'each' | 'all', begin: () => Promise<void> = async () => {}) {
    let open: Page | undefined;
    beforeEach(async () => {
      if (open === undefined) {
        open = await stage.visit();
        page = open;
        if (tests === 'all') await begin();
      }
      page = open;
      stage.complaints.length = 0;
    });
    const leave = async () => {
      await open?.close();
      open = undefined;
    };
    afterEach(async ({ task }) => {
      if (tests === 'each' || task.result?.state === 'fail') await leave();
    });
    afterAll(leave);
  }

  const byId = (id: string) => page.getByTestId(id);
  const frames = async () => Number(await byId('packets').getAttribute('data-count'));
  const ready = () => page.locator('[data-testid=run]:not([disabled])').waitFor();
  /** Waits for a phase of the run; a lab that came to a sudden end fails with what the page says of it. */
  const phase = async (wanted: string) => {
    await page
      .locator(`[data-testid=phase]:is([data-phase=${wanted}], [data-phase=failed])`)
      .waitFor({ timeout: PATIENCE });
    expect(await byId('trouble').allTextContents()).toEqual([]);
  };
  const someFrames = (least = 1) =>
    page.waitForFunction(
      (count) => Number(document.querySelector('[data-testid=packets]')?.getAttribute('data-count')) >= count,
      least,
      { timeout: PATIENCE, polling: 20 },
    );
  const screen = async (node: string) =>
    (await byId(`terminal-${node}`).locator('.xterm-rows > div').allTextContents())
      .map((line) => line.replaceAll('\u00a0', ' ').trimEnd())
      .filter((line) => line !== '');
  /** What a terminal shows in the end: it draws when the browser lets it. */
  const shows = (node: string) => expect.poll(() => screen(node), { timeout: PATIENCE });
  const says = (node: string, text: string) =>
    byId(`terminal-${node}`).filter({ hasText: text }).waitFor({ timeout: PATIENCE });
  const chosenRows = () =>
    page
      .locator('.packet-body .packet-row.selected')
      .evaluateAll((rows) => rows.map((row) => Number((row as HTMLElement).dataset.frame)));
  const tab = (name: string) => page.getByRole('tab', { name, exact: true }).click();

  /** Runs the lab to its end, as fast as it goes. */
  async function runToEnd(): Promise<void> {
    await ready();
    await byId('speed').selectOption({ label: '최대한 빠르게' });
    await byId('run').click();
    await phase('ended');
  }

  /** The echo lab as it was when the page was opened, with nothing run and nothing changed. */
  async function reopen(): Promise<void> {
    await ready();
    await byId('speed').selectOption({ label: '눈으로 보기' });
    await page.getByLabel('시드').fill('1');
    await byId('lab').selectOption('echo/too-early');
    await phase('ready');
    await byId('lab').selectOption('echo');
    await phase('ready');
    await byId('terminal-client').waitFor();
    expect(await frames()).toBe(0);
  }

  /** Replaces the text of a file in its editor. */
  async function write(path: string, text: string): Promise<void> {
    await tab(path.replace('/', ' · '));
    const editor = byId(`code-${path}`).locator('.cm-content');
    await editor.click();
    await page.keyboard.press('Control+A');
    await page.keyboard.insertText(text);
  }

  describe('as it is opened', () => {
    visitFor('each');

    it('runs the echo lab with one click: Korean output on both terminals, frames in the list', async () => {
      await ready();
      await byId('run').click();
      await someFrames();
      await byId('speed').selectOption({ label: '최대한 빠르게' });
      await phase('ended');
      await shows('client').toEqual([
        '$ python3 client.py',
        '클라이언트: 연결되었습니다.',
        '클라이언트: 돌아온 글자: 안녕하세요',
        '클라이언트: 돌아온 글자: 네트워크는 재미있어요',
        '클라이언트: 돌아온 글자: 안녕히 계세요',
      ]);
      await shows('server').toContain('서버: 받은 글자: 안녕하세요');
      expect(await frames()).toBeGreaterThanOrEqual(14);
      expect(await page.locator('.packet-body').textContent()).toContain('Who has 10.0.0.1? Tell 10.0.0.2');
      expect(stage.complaints).toEqual([]);
    });

    it('speaks Korean and English, and is light or dark', async () => {
      await ready();
      expect(await byId('run').textContent()).toBe('실행');
      await byId('language').selectOption('en');
      expect(await byId('run').textContent()).toBe('Run');
      await page.getByRole('tab', { name: 'Seven layers' }).waitFor();
      const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      const light = await background();
      await byId('theme').click();
      expect(await background()).not.toBe(light);
      await page.reload();
      await ready();
      expect(await byId('run').textContent()).toBe('Run');
      expect(await background()).not.toBe(light);
      await byId('theme').click();
      await byId('language').selectOption('ko');

      const english = await stage.visit({ locale: 'en-US', colorScheme: 'dark' });
      expect(await english.getByTestId('run').textContent()).toBe('Run');
      expect(await english.evaluate(() => document.documentElement.className)).toBe('dark');
      await english.context().close();
    });

    it('runs a program that was changed before the first run', async () => {
      await ready();
      await write('client/client.py', 'print("바뀌었다")\n');
      await runToEnd();
      await says('client', '바뀌었다');
      await byId('code-client/client.py').getByRole('button').first().click();
    });

    it('shows the first frame soon after it is opened', async () => {
      const measure = async (visit: () => Promise<Page>) => {
        const start = performance.now();
        page = await visit();
        await ready();
        const usable = performance.now() - start;
        await byId('run').click();
        await someFrames();
        return { usable: Math.round(usable), frame: Math.round(performance.now() - start) };
      };
      await page.close();
      const cold = await measure(() => stage.visit({ locale: 'ko-KR' }));
      await page.context().close();
      const warm: { usable: number; frame: number }[] = [];
      for (let round = 0; round < 3; round++) {
        warm.push(await measure(() => stage.visit()));
        await page.close();
      }
      const best = warm.map(({ frame }) => frame).sort((a, b) => a - b);
      console.log(
        `first frame after opening, ms: cold ${cold.frame}; warm ${best.join(', ')}. Usable: cold ${cold.usable}, warm ${warm.map(({ usable }) => usable).join(', ')}`,
      );
      expect(cold.frame).toBeLessThan(PATIENCE);
    });
  });

  describe('with a run that is over', () => {
    visitFor('all', runToEnd);

    it('leads from a frame to the line that made it, and from a line to its frames', async () => {
      const data = page.locator('.packet-body .packet-row.tone-data').first();
      const number = Number(await data.getAttribute('data-frame'));
      await data.click();
      const line = byId('code-client/client.py').locator('.cm-line.line-direct');
      expect(await line.textContent()).toContain('client.sendall(message.encode())');

      // What the server sent leads to the other file, which comes to the front.
      await page
        .locator('.packet-body .packet-row.tone-data', { hasText: 'server → client' })
        .first()
        .click();
      expect(await byId('code-server/server.py').locator('.cm-line.line-direct').textContent()).toContain(
        'conn.sendall(data)',
      );

      await tab('client · client.py');
      await byId('code-client/client.py').locator('.cm-line', { hasText: 'client.sendall' }).click();
      const three = await chosenRows();
      expect(three).toHaveLength(3);
      expect(three[0]).toBe(number);
      // An answer of the stack leads, less strongly, to the line that began it all.
      await page.locator('.packet-body .packet-row', { hasText: '[SYN, ACK]' }).click();
      expect(await byId('code-client/client.py').locator('.cm-line.line-indirect').textContent()).toContain(
        'client.connect(',
      );
    });

    it('every frame of the lab names its cause, and each step of it can be followed', async () => {
      for (let frame = 1; frame <= (await frames()); frame++) {
        await page.locator(`#frame-${frame}`).click();
        expect(await byId('why').locator('.why-step').count(), `frame ${frame}`).toBeGreaterThan(0);
      }
      await page.locator('.packet-body .packet-row', { hasText: '[SYN, ACK]' }).click();
      await byId('why').getByRole('button', { name: /SYN$/ }).click();
      expect(await page.locator('.packet-body .packet-row.front').textContent()).toContain('[SYN]');
    });

    it('opens a frame in its seven layers, from the bits to the Korean letters', async () => {
      await page.locator('.packet-body .packet-row.tone-data').first().click();
      const layers = byId('layers');
      expect(await layers.locator('.layer-row').count()).toBe(7);
      const fields = byId('fields');
      const open = (layer: number) => layers.locator(`.layer-row[data-layer="${layer}"]`).click();
      await open(7);
      expect(await fields.textContent()).toContain('안녕하세요');
      await open(6);
      expect(await fields.locator('.character').allTextContents()).toEqual([
        '안ec 95 88',
        '녕eb 85 95',
        '하ed 95 98',
        '세ec 84 b8',
        '요ec 9a 94',
      ]);
      await open(5);
      expect(await fields.textContent()).toMatch(/ESTABLISHED.*client\.py.*fd 3/s);
      await open(4);
      expect(await fields.textContent()).toMatch(/Destination Port\s*9000/);
      await open(3);
      expect(await fields.textContent()).toMatch(/Source Address\s*10\.0\.0\.2/);
      await open(2);
      expect(await fields.textContent()).toContain('02:00:00:00:00:0');
      await open(1);
      expect(await fields.textContent()).toMatch(/비트.*100 Mbit\/s.*5 µs/s);

      await layers.getByRole('button', { name: '5계층 (TCP/IP)' }).click();
      expect(await layers.locator('.layer-row').count()).toBe(5);
    });

    it('shows the bytes of a field, and the field of a byte', async () => {
      await page.locator('.packet-body .packet-row.tone-data').first().click();
      await byId('layers').locator('.layer-row[data-layer="3"]').click();
      await byId('fields').locator('.field-text', { hasText: 'Time to Live' }).hover();
      expect(await byId('bytes').locator('.byte.shown').allTextContents()).toEqual(['40']);
      await byId('bytes').locator('.byte[data-byte="22"]').hover();
      expect(await byId('fields').locator('.field.shown').textContent()).toContain('Time to Live');
    });

    it('looks back: tables and terminals show the moment of a chosen frame', async () => {
      await page.locator('.packet-body .packet-row', { hasText: '[SYN]' }).click();
      expect(await page.locator('.machine-host', { hasText: '10.0.0.2' }).textContent()).toContain(
        'SYN_SENT',
      );
      await shows('client').toEqual(['$ python3 client.py']);
      await page.getByRole('button', { name: /실시간/ }).click();
      await says('client', '안녕히 계세요');
    });
  });

  describe('as it goes on', () => {
    visitFor('all');
    beforeEach(reopen);

    it('pauses, goes on step by step, and starts again with the same bytes', async () => {
      await byId('step').click();
      await phase('paused');
      expect(await frames()).toBe(1);
      // Over the second cable, then back as another frame.
      await page.keyboard.press('.');
      await page.keyboard.press('.');
      await someFrames(2);
      await byId('speed').selectOption({ label: '최대한 빠르게' });
      await byId('run').click();
      await phase('ended');
      const first = await page.locator('.packet-body .packet-row').allTextContents();

      await byId('restart').click();
      await phase('ready');
      expect(await frames()).toBe(0);
      await byId('run').click();
      await phase('ended');
      expect(await page.locator('.packet-body .packet-row').allTextContents()).toEqual(first);

      await page.getByLabel('시드').fill('2');
      await byId('restart').click();
      await phase('ready');
      await byId('run').click();
      await phase('ended');
      expect(await page.locator('.packet-body .packet-row').allTextContents()).not.toEqual(first);
    });

    it('pauses while frames are on their way, and the keys lead through frames', async () => {
      await byId('run').click();
      await someFrames(3);
      await page.keyboard.press(' ');
      await phase('paused');
      const count = await frames();
      await page.keyboard.press('ArrowDown');
      expect(await chosenRows()).toEqual([1]);
      await page.keyboard.press('ArrowDown');
      expect(await chosenRows()).toEqual([2]);
      await page.keyboard.press('Escape');
      expect(await chosenRows()).toEqual([]);
      expect(await frames()).toBe(count);
    });

    it('runs a changed program after a restart; a syntax error is said on its terminal, and the page goes on', async () => {
      await write('client/client.py', 'print("안녕"\n');
      await byId('restart').click();
      await runToEnd();
      await says('client', 'SyntaxError');
      await byId('code-client/client.py').getByRole('button').first().click();
      await byId('restart').click();
      await runToEnd();
      await says('client', '안녕히 계세요');
    });

    it('refuses a wrong lab file with its line, and runs it when it is right again', async () => {
      await tab('lab.yaml');
      await write('lab.yaml', 'name: echo\ntopology:\n  nodes:\n    a:\n      kind: hots\n');
      await byId('restart').click();
      expect(await byId('trouble').textContent()).toMatch(/lab\.yaml:5:\d+: .*hots/);
      await tab('lab.yaml');
      await byId('code-lab.yaml').getByRole('button').first().click();
      await byId('restart').click();
      await runToEnd();
      expect(await frames()).toBeGreaterThan(10);
    });

    it('says which command of the lab could not run', async () => {
      await tab('lab.yaml');
      const text = await byId('code-lab.yaml').locator('.cm-content').innerText();
      await write('lab.yaml', text.replace('python3 server.py', 'pyhton3 server.py'));
      await byId('restart').click();
      await runToEnd();
      expect(await byId('not-run').allTextContents()).toEqual([
        'server: pyhton3: command not found',
        expect.stringContaining('server:9000'),
      ]);
    });

    it('goes on without a program that computes for ever, and Ctrl-C ends it', async () => {
      await write('client/client.py', 'while True:\n    pass\n');
      await byId('restart').click();
      await ready();
      await byId('run').click();
      await page.locator('.notice').waitFor();
      await byId('terminal-client').click();
      await page.keyboard.press('Control+C');
      await says('client', 'KeyboardInterrupt');
    });

    it.each([
      ['echo/too-early', 'ConnectionRefusedError', 'tone-reset'],
      ['echo/no-encode', "TypeError: a bytes-like object is required, not 'str'", 'tone-open'],
    ])('the exercise %s fails as on Linux: %s', async (lab, error, tone) => {
      await byId('lab').selectOption(lab);
      await runToEnd();
      await says('client', error);
      expect(await page.locator(`.packet-body .${tone}`).count()).toBeGreaterThan(0);
    });

    it('takes what is typed to the program, and Ctrl-C', async () => {
      await write(
        'client/client.py',
        'name = input("이름? ")\nprint("반가워요", name)\nimport time\ntime.sleep(1000)\n',
      );
      await byId('restart').click();
      await ready();
      await byId('speed').selectOption({ label: '실제 시간' });
      await byId('run').click();
      await says('client', '이름?');
      await byId('terminal-client').click();
      await page.keyboard.type('Ada');
      await page.keyboard.press('Enter');
      await says('client', '반가워요 Ada');
      await page.keyboard.press('Control+C');
      await says('client', 'KeyboardInterrupt');
    });
  });

  it('loads nothing from elsewhere, and less than 1.5 MiB before Python', () => {
    expect(
      stage.requests.filter(
        (url) => !url.startsWith(stage.address) && !url.startsWith('blob:') && !url.startsWith('data:'),
      ),
    ).toEqual([]);
    const size = firstLoad();
    console.log(`first load without Python, compressed: ${(size / 2 ** 20).toFixed(2)} MiB`);
    expect(size).toBeLessThan(1.5 * 2 ** 20);
  });
});

describe.skipIf(executablePath === undefined)('in a browser without JSPI', { timeout: 120_000 }, () => {
  it('the page says which browsers run Python', async () => {
    const stage = await Stage.open();
    try {
      const page = await stage.visit({ locale: 'ko-KR' }, async (context) => {
        // The worker of a lab finds itself in such a browser.
        await context.route(/lab\.worker/, async (route) => {
          const response = await route.fetch();
          await route.fulfill({ response, body: `delete WebAssembly.promising;\n${await response.text()}` });
        });
      });
      expect(await page.getByTestId('no-python').textContent()).toMatch(/Chrome.*137/);
      await page.locator('[data-testid=run]:not([disabled])').waitFor();
    } finally {
      await stage.close();
    }
  });
});
