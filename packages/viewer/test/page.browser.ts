import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { go, openDump, visit } from './browser.ts';
import { labDump, reportJson } from './lab_dump.ts';
import { serving } from './serving.ts';
import { PAGE } from './static_server.ts';

/** What one visit may load, compressed. */
const FIRST_LOAD_BYTES = 250_000;
const VIEWS = [
  'summary',
  'log',
  'cpus',
  'tasks',
  'tree',
  'stacks',
  'task=1',
  'waits',
  'memory',
  'slab',
  'modules',
  'mounts',
  'devices',
  'sysctls',
  'value=init_uts_ns.name',
  'type=task_struct',
  'address=init_task',
  'symbols&q=schedule',
];

const site = serving();
let dump: string;

beforeAll(async () => {
  dump = labDump();
});

/** What axe finds that is serious. */
async function seriousFindings(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  return await page.evaluate(async () => {
    type Results = {
      violations: { id: string; impact: string; nodes: { html: string; failureSummary: string }[] }[];
    };
    const run = (globalThis as unknown as { axe: { run(): Promise<Results> } }).axe.run;
    const { violations } = await run();
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, nodes }) => nodes.slice(0, 3).map(({ html }) => `${id}: ${html}`));
  });
}

describe('the page', () => {
  it('loads less than 250 KB, compressed', () => {
    const files = readdirSync(PAGE, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    const sizes = files.map(({ parentPath, name }) => gzipSync(readFileSync(join(parentPath, name))).length);
    const total = sizes.reduce((sum, size) => sum + size, 0);
    console.log(`first load: ${total} bytes compressed, ${files.length} files`);
    expect(total).toBeLessThan(FIRST_LOAD_BYTES);
  });

  it('asks for its own files once, and for nothing else, whatever is looked at', async () => {
    const { page, errors, requests } = await visit(site.browser, site.server.url);
    await openDump(page, dump);
    for (const view of VIEWS) await go(page, view);
    const wanted = readdirSync(PAGE, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    expect(requests.filter((url) => !url.startsWith(site.server.url))).toEqual([]);
    // The browser looks for the icon at each new address; the pages of memory have a worker of their own.
    const asked = requests.filter((url) => !url.endsWith('.svg'));
    expect(new Set(asked).size).toBe(wanted.length - 1);
    expect(asked.length).toBe(wanted.length);
    expect(asked.filter((url) => url.includes('/worker-')).length).toBe(2);
    expect(errors).toEqual([]);
    await page.context().close();
  });

  it('lets its policy stop what a fault might ask for', async () => {
    const { page } = await visit(site.browser, site.server.url);
    const outcome = await page.evaluate(async () => {
      const outside = await fetch('https://example.org/').then(
        () => 'sent',
        () => 'stopped',
      );
      const text = document.createElement('p');
      let markup = 'taken';
      try {
        text.innerHTML = '<b>bold</b>';
      } catch {
        markup = 'stopped';
      }
      return { outside, markup };
    });
    expect(outcome).toEqual({ outside: 'stopped', markup: 'stopped' });
    await page.context().close();
  });

  for (const colorScheme of ['light', 'dark'] as const) {
    it(`has nothing that axe calls serious, ${colorScheme}`, async () => {
      const { page } = await visit(site.browser, site.server.url);
      await page.emulateMedia({ colorScheme });
      expect(await seriousFindings(page)).toEqual([]);
      await openDump(page, dump);
      for (const view of VIEWS) {
        await go(page, view);
        expect({ view, found: await seriousFindings(page) }).toEqual({ view, found: [] });
      }
      await page.context().close();
    });
  }

  it('answers while it sorts out the pages of memory', async () => {
    const { page, errors } = await visit(site.browser, site.server.url);
    await openDump(page, dump);
    await page.evaluate(() => {
      location.hash = 'memory';
    });
    await page.waitForSelector('progress[aria-label="Sorting out the pages of memory"]');
    const from = await page.evaluate(() => performance.now());
    for (const [hash, shown] of [
      ['log', '.log .line'],
      ['value=init_uts_ns.name', '.parts'],
    ] as const) {
      await page.evaluate((to) => {
        location.hash = to;
      }, hash);
      await page.waitForSelector(shown);
    }
    const answered = await page.evaluate(() => performance.now());
    await page.waitForFunction(() => performance.getEntriesByName('kcrash-sorted').length > 0);
    const to = await page.evaluate(() => performance.getEntriesByName('kcrash-sorted')[0]?.startTime ?? 0);
    console.log(
      `pages sorted out in ${(to - from).toFixed(0)} ms, other views after ${(answered - from).toFixed(0)} ms`,
    );
    expect(answered).toBeLessThan(to);
    expect(errors).toEqual([]);
    await page.context().close();
  });

  it('gives the report as kcrash writes it', async () => {
    const { page } = await visit(site.browser, site.server.url);
    await openDump(page, dump);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.click('button:text-is("JSON")'),
    ]);
    expect(readFileSync((await download.path()) ?? '', 'utf8')).toBe(reportJson(dump));
    const [html] = await Promise.all([page.waitForEvent('download'), page.click('button:text-is("HTML")')]);
    expect(readFileSync((await html.path()) ?? '', 'utf8')).toContain('<!doctype html>');
    await page.context().close();
  });

  it('has a place for each view in the address, and the back button', async () => {
    const { page } = await visit(site.browser, `${site.server.url}#task=1`);
    await openDump(page, dump);
    await page.waitForSelector('text=init');
    await page.keyboard.press('l');
    await page.waitForSelector('.log .line');
    await page.keyboard.press('/');
    await page.keyboard.type('panic');
    await page.waitForFunction(() => location.hash === '#log&q=panic');
    await page.goBack();
    await page.waitForFunction(() => document.querySelector('#view')?.getAttribute('data-view') === 'task');
    await page.keyboard.press('?');
    await page.waitForSelector('dialog[open]');
    await page.keyboard.press('Escape');
    await page.waitForSelector('dialog', { state: 'detached' });
    await page.context().close();
  });
});
