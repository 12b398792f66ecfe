import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { go, openDump, visit } from './browser.ts';
import { labDump, report } from './lab_dump.ts';
import { palettePng } from './palette_png.ts';
import { serving } from './serving.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
/** The pictures of docs/viewer.md are written where that is asked for; else they are to be looked at. */
const LOOKED_AT = join(ROOT, 'out/viewer');
const FOLDER = process.env.KCRASH_SCREENSHOTS === '1' ? join(ROOT, 'docs/viewer') : LOOKED_AT;
const DOCUMENTED = [
  ...readFileSync(join(ROOT, 'docs/viewer.md'), 'utf8').matchAll(/\(viewer\/([\w-]+)\.png\)/g),
].map(([, name]) => name ?? '');

const site = serving();

beforeAll(async () => {
  for (const folder of [FOLDER, LOOKED_AT]) mkdirSync(folder, { recursive: true });
});

async function picture(page: Page, hash: string, name: string): Promise<void> {
  await go(page, hash);
  await page.waitForTimeout(300);
  // A page of its own width: nothing sticks out.
  const { scroll, width } = await page.evaluate(() => ({
    scroll: document.documentElement.scrollWidth,
    width: document.documentElement.clientWidth,
  }));
  expect({ name, scroll }).toEqual({ name, scroll: width });
  const bytes = palettePng(await page.screenshot());
  expect(bytes.length).toBeGreaterThan(3000);
  const wanted = DOCUMENTED.includes(name) ? FOLDER : LOOKED_AT;
  writeFileSync(join(wanted, `${name}.png`), bytes);
}

describe('pictures', () => {
  it('of each view at 1280 by 720', async () => {
    const dump = labDump();
    const { page } = await visit(site.browser, site.server.url);
    await openDump(page, dump);
    const { tasks } = report(dump);
    const waiting = tasks.find(({ waits }) => waits.length > 0) ?? tasks.find(({ pid }) => pid === 1);
    for (const [hash, name] of [
      ['summary', 'summary'],
      ['log', 'log'],
      ['cpus', 'cpus'],
      ['tasks', 'tasks'],
      ['tree', 'tree'],
      ['stacks', 'stacks'],
      [`task=${waiting?.pid ?? 1}`, 'task'],
      ['waits', 'waits'],
      ['slab', 'slab'],
      ['modules', 'modules'],
      ['mounts', 'mounts'],
      ['devices', 'devices'],
      ['sysctls', 'sysctls'],
      ['value=*(struct task_struct *)%26init_task', 'value'],
      ['type=struct page&q=page', 'type'],
      ['address=init_task', 'address'],
      ['symbols&q=schedule', 'symbols'],
      ['memory', 'memory'],
    ] as const) {
      await picture(page, hash, name);
    }
    await page.context().close();
  });

  it('at 390 wide, and in the dark', async () => {
    const { page } = await visit(site.browser, site.server.url, { width: 390, height: 720 });
    await openDump(page, labDump());
    for (const view of ['summary', 'log', 'tasks', 'cpus', 'waits', 'value', 'types', 'modules']) {
      await picture(page, view, `${view}-narrow`);
    }
    await page.emulateMedia({ colorScheme: 'dark' });
    for (const view of ['summary', 'log']) await picture(page, view, `${view}-dark`);
    await page.context().close();
  });
});
