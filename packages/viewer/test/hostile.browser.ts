import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeSmallDumps } from '../../../fuzz/src/small_dumps.ts';
import { smallDump } from '../../cli/test/small_dump.ts';
import { openDump, visit } from './browser.ts';
import { serving } from './serving.ts';

const MARKUP = '<img src=x onerror=';
const VIEWS = [
  'summary',
  'log',
  'cpus',
  'tasks',
  'tree',
  'stacks',
  'waits',
  'memory',
  'slab',
  'modules',
  'mounts',
  'devices',
  'sysctls',
  'value=init_uts_ns',
  'types',
  'address=0xffffffff81000000',
  'symbols&q=s',
];

const site = serving();
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kcrash-viewer-'));
});

afterAll(async () => {
  rmSync(folder, { recursive: true });
});

/** A dump whose tasks and log are markup, and worse. */
function markupDump(): string {
  const text = (line: string) => new TextEncoder().encode(line);
  const lines = [
    `${MARKUP}alert(1)> <script>alert(2)</script>`,
    'turned \u202egnp.exe\u202c around, \x1b[31mred, \0 and \ud800',
    `Kernel panic - not syncing: ${MARKUP}alert(3)>`,
  ];
  const small = smallDump(lines.map((line, n) => ({ text: text(line), level: n, nanoseconds: n * 1e9 })));
  // `comm` has room for 15 bytes.
  const file = Buffer.from(small.elf);
  for (const [name, other] of [
    ['kthreadd\0', '<img src=x o>\0'],
    ['worker\x1b[31m\0', '<b id=q>"\x1b[1m\0'],
    ['edge-7\0', '<script>1</script>\0'],
  ] as const) {
    const at = file.indexOf(name);
    expect(at).toBeGreaterThan(0);
    file.write(other, at, 'latin1');
  }
  const path = join(folder, 'markup.elf');
  writeFileSync(path, file);
  return path;
}

/** Elements that the page itself never makes. */
async function strangers(page: Page): Promise<string[]> {
  return await page.evaluate(() =>
    [...document.body.querySelectorAll('img, b[id], iframe, object, embed, body script:not([src])')].map(
      (e) => e.outerHTML,
    ),
  );
}

async function lookAround(page: Page, also: readonly string[] = []): Promise<void> {
  for (const hash of [...VIEWS, ...also]) {
    await page.evaluate((to) => {
      location.hash = to;
    }, hash);
    await page.waitForFunction(
      (view) => document.querySelector('#view')?.getAttribute('data-view') === view,
      decodeURIComponent(hash.replace(/[=&].*/, '')),
    );
    await page.waitForTimeout(100);
    expect(await strangers(page)).toEqual([]);
  }
}

describe('a hostile dump', () => {
  it('is text, whatever its names and its log say', async () => {
    const { page, errors } = await visit(site.browser, site.server.url);
    const dialogs: string[] = [];
    page.on('dialog', (dialog) => {
      dialogs.push(dialog.message());
      void dialog.dismiss();
    });
    await openDump(page, markupDump());
    await lookAround(page, [
      'task=2',
      'task=8',
      'task=%3Cimg%20src%3Dx%3E',
      '%3Cimg%20src%3Dx%20onerror%3Dalert(4)%3E',
    ]);
    await page.evaluate(() => {
      location.hash = 'log';
    });
    await page.waitForSelector('.log .line');
    const log = (await page.textContent('.log')) ?? '';
    expect(log).toContain(`${MARKUP}alert(1)> <script>alert(2)</script>`);
    expect(log).toContain('\\u{202e}');
    for (const character of ['\u202e', '\u001b', '\0']) expect(log).not.toContain(character);
    await page.evaluate(() => {
      location.hash = 'tasks';
    });
    await page.waitForSelector('.table .row a');
    expect(await page.textContent('.table')).toContain('<img src=x o>');
    expect(dialogs).toEqual([]);
    expect(errors).toEqual([]);
    await page.context().close();
  });

  it('of any format leaves the page usable', async () => {
    const small = join(folder, 'small');
    mkdirSync(small);
    for (const files of writeSmallDumps(small)) {
      const { page, errors } = await visit(site.browser, site.server.url);
      await openDump(page, ...files);
      expect(await page.$('#view'), files[0]).not.toBeNull();
      await lookAround(page);
      expect({ files, errors }).toEqual({ files, errors: [] });
      await page.context().close();
    }
  });

  it('that is damaged is told of, or shown as far as it goes', async () => {
    const [whole = ''] = writeSmallDumps(folder)
      .flat()
      .filter((path) => path.endsWith('ring.kdump'));
    const bytes = readFileSync(whole);
    const { page, errors } = await visit(site.browser, site.server.url);
    for (let n = 1; n < 16; n++) {
      const damaged = Buffer.from(bytes.subarray(0, Math.floor((bytes.length * n) / 16)));
      for (let at = n * 977; at < damaged.length; at += 4099)
        damaged[at] = (damaged[at] ?? 0) ^ (1 << (n & 7));
      const path = join(folder, `damaged-${n}.kdump`);
      writeFileSync(path, damaged);
      await openDump(page, path);
      expect(await strangers(page)).toEqual([]);
      await page.reload();
    }
    expect(errors).toEqual([]);
    await page.context().close();
  });
});

describe('a file that is no dump', () => {
  for (const [name, bytes, said] of [
    ['log.txt', Buffer.from('[    0.000000] Linux version 6.1\n'), 'This is text'],
    ['dump.gz', gzipSync('dump'), 'This is a gzip file'],
    ['nothing', Buffer.alloc(0), 'The file is empty'],
    ['vmlinux', readFileSync(process.execPath).subarray(0, 4096), 'This is an ELF program'],
    ['cut.kdump', Buffer.from('KDUMP   \x06\0\0\0Linux'), 'it may have been cut off'],
  ] as const) {
    it(`is said to be what it is: ${name}`, async () => {
      const path = join(folder, name);
      writeFileSync(path, bytes);
      const { page, errors } = await visit(site.browser, site.server.url);
      await openDump(page, path);
      const alert = (await page.textContent('[role=alert]')) ?? '';
      expect(alert).toContain(`${name} cannot be opened`);
      expect(alert).toContain(said);
      expect(errors).toEqual([]);
      await page.context().close();
    });
  }
});
