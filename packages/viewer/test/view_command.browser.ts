import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBrowser, visit } from './browser.ts';
import { labDump, report } from './lab_dump.ts';

const PROGRAM = join(fileURLToPath(new URL('../../..', import.meta.url)), 'dist/cli/kcrash.cjs');

let browser: Browser;
let server: ChildProcess;

beforeAll(async () => {
  browser = await startBrowser();
});

afterAll(async () => {
  server.kill();
  await browser.close();
});

describe('kcrash view', () => {
  it('shows the dump, of which the browser reads parts from the same origin alone', async () => {
    const dump = labDump();
    server = spawn(process.execPath, [PROGRAM, 'view', '--no-open', dump], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(server.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
    const url = line.toString().trim();
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/[\da-f]{32}\/$/);
    const { page, errors, requests } = await visit(browser, url);
    await page.waitForSelector('#view', { timeout: 60_000 });
    expect(await page.textContent('h1')).toBe(report(dump).title);
    expect(await page.textContent('#view')).toContain(basename(dump));
    expect(requests.filter((request) => !request.startsWith(url))).toEqual([]);
    expect(requests.filter((request) => request.endsWith('/dump/0')).length).toBeGreaterThan(0);
    expect(errors).toEqual([]);
    const ended = once(server, 'exit');
    server.kill('SIGINT');
    expect(await ended).toEqual([0, null]);
    await page.context().close();
  });
});
