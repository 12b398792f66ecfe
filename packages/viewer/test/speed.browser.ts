import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDump, visit } from './browser.ts';
import { writeFullCore } from './full_core.ts';
import { dumpOf, labDump, wholeMemory } from './lab_dump.ts';
import { serving } from './serving.ts';
import { traced } from './trace.ts';

const OPEN_MILLISECONDS = 1500;
/** A dump is opened so often, and more often where the machine is busy. */
const TIMES = 3;
const MOST_TIMES = 9;
const WORKER_BYTES = 250e6;
/** 50 frames a second leave so long for one. */
const FRAME_MILLISECONDS = 20;
const FRAMES = 150;

/** Without these a page may not ask how much memory it takes. */
const ISOLATED = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

const site = serving(ISOLATED);
let folder: string;
let dump: string;

beforeAll(async () => {
  dump = labDump();
  folder = mkdtempSync(join(tmpdir(), 'kcrash-viewer-'));
});

afterAll(async () => {
  rmSync(folder, { recursive: true });
});

/** Milliseconds from the dump given to the summary shown. */
async function openedIn(page: Page): Promise<number> {
  await page.waitForFunction(() => performance.getEntriesByName('kcrash-shown').length > 0);
  return await page.evaluate(() => {
    const at = (name: string) => performance.getEntriesByName(name).at(-1)?.startTime ?? 0;
    return at('kcrash-shown') - at('kcrash-given');
  });
}

/** Bytes that workers of the page have, after the garbage is collected. */
async function workerBytes(page: Page): Promise<number> {
  return await page.evaluate(async () => {
    type Breakdown = { breakdown: { bytes: number; attribution: { scope: string }[] }[] };
    const measure = (performance as unknown as { measureUserAgentSpecificMemory(): Promise<Breakdown> })
      .measureUserAgentSpecificMemory;
    const { breakdown } = await measure.call(performance);
    return breakdown
      .filter(({ attribution }) => attribution.some(({ scope }) => scope === 'DedicatedWorkerGlobalScope'))
      .reduce((sum, { bytes }) => sum + bytes, 0);
  });
}

/**
 * Opens a dump some times; the best counts, by the clock: a browser's first page is slower, and so is any page beside
 * other work of the machine.
 */
async function measureOpening(path: string): Promise<void> {
  const times: number[] = [];
  const best = () => Math.min(...times);
  let bytes = 0;
  // What was written before is not to be written to disk meanwhile.
  execFileSync('sync');
  while (times.length < TIMES || (best() >= OPEN_MILLISECONDS && times.length < MOST_TIMES)) {
    const { page } = await visit(site.browser, site.server.url);
    await openDump(page, path);
    const alerts = await page.$$eval('[role=alert]', (found) => found.map((alert) => alert.textContent));
    expect(alerts).toEqual([]);
    times.push(Math.round(await openedIn(page)));
    if (times.length === 1) bytes = await workerBytes(page);
    await page.context().close();
  }
  console.log(
    `${(statSync(path).size / 1e6).toFixed(0)} MB: summary after ${times.join(', ')} ms (the best counts), ` +
      `worker ${(bytes / 1e6).toFixed(0)} MB`,
  );
  expect(best()).toBeLessThan(OPEN_MILLISECONDS);
  expect(bytes).toBeLessThan(WORKER_BYTES);
}

describe('from the dump given to the summary', () => {
  it('it takes less than 1.5 s, and the worker less than 250 MB', () => measureOpening(dump));

  it('it takes no more for the whole memory of that machine, more than ten times the size', async () => {
    const core = join(folder, 'full.core');
    expect(writeFullCore(dump, core)).toBeGreaterThan(10 * statSync(dump).size);
    await measureOpening(core);
  });

  it('it takes no more for a whole memory that the lab kept', async () => {
    const whole = wholeMemory();
    if (whole === undefined)
      console.log('out/lab has no whole memory: `npm run lab -- run canaries --keep-files` keeps one');
    else await measureOpening(whole);
  });
});

/** Repeats what the worker answers, so that the log has 100,000 lines and the table 10,000 tasks. */
function growAnswers(): void {
  type Answer = { kind: string; value?: unknown };
  const grow = (value: unknown): unknown => {
    const repeat = <T>(items: readonly T[], most: number) =>
      Array.from({ length: most }, (_, n) => items[n % items.length] as T);
    if (Array.isArray(value) && (value[0] as { level?: number })?.level !== undefined)
      return repeat(value, 100_000);
    const table = value as { rows?: { address: string }[] } | null;
    if (table?.rows === undefined) return value;
    return {
      ...table,
      rows: repeat(table.rows, 10_000).map((row, n) => ({ ...row, address: `${row.address}.${n}` })),
    };
  };
  const own = Object.getOwnPropertyDescriptor(Worker.prototype, 'onmessage');
  Object.defineProperty(Worker.prototype, 'onmessage', {
    set(listener: (event: { data: Answer }) => void) {
      own?.set?.call(this, ({ data }: { data: Answer }) =>
        listener({ data: data.kind === 'answer' ? { ...data, value: grow(data.value) } : data }),
      );
    },
  });
}

/** Pixels that a notch of a mouse's wheel scrolls. */
const NOTCH_PIXELS = 120;

/** Scrolls a list a notch a frame, 270 rows a second; how many frames a second came of it. */
async function scroll(page: Page, list: string): Promise<number> {
  return await page.evaluate(
    async ({ list: selector, frames, notch }) => {
      const element = document.querySelector(selector);
      if (element === null) throw new Error(`no ${selector}`);
      element.scrollTo(0, 0);
      const frame = () => new Promise((next) => requestAnimationFrame(next));
      await frame();
      const start = performance.now();
      for (let n = 0; n < frames; n++) {
        element.scrollBy(0, notch);
        await frame();
      }
      return (frames * 1000) / (performance.now() - start);
    },
    { list, frames: FRAMES, notch: NOTCH_PIXELS },
  );
}

describe('scrolling', () => {
  for (const [view, list, rows, real] of [
    ['log', '.log', 100_000, process.env.KCRASH_VIEWER_LOG],
    ['tasks', '.table', 10_000, dumpOf('threads-10000')],
  ] as const) {
    it(`${rows} rows of ${view} stays above 50 frames a second`, async () => {
      const { page } = await visit(site.browser, site.server.url);
      if (real === undefined) {
        await page.addInitScript(growAnswers);
        await page.reload();
      }
      await openDump(page, real ?? dump);
      await page.evaluate((to) => {
        location.hash = to;
      }, view);
      await page.waitForSelector(`${list} a`);
      expect(await page.evaluate((of) => document.querySelector(of)?.scrollHeight, list)).toBeGreaterThan(
        rows * 20,
      );
      const { result, pageMilliseconds } = await traced(site.browser, page, () => scroll(page, list));
      const inFrame = pageMilliseconds / FRAMES;
      console.log(
        `${view} of ${real ?? 'repeated answers'}: ${result.toFixed(0)} frames a second, ${inFrame.toFixed(1)} ms of CPU in a frame`,
      );
      expect(pageMilliseconds).toBeGreaterThan(0);
      // Where the machine is busy, what a frame takes of the page's own thread counts.
      expect(result >= 50 || inFrame < FRAME_MILLISECONDS).toBe(true);
      await page.context().close();
    });
  }
});
