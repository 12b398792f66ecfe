import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';

/** The distribution's Chromium; scripts/setup.sh installs it. */
const CHROMIUM = '/usr/bin/chromium';

/** Starts the browser. As root, as in continuous integration, Chromium has no sandbox of its own. */
export async function startBrowser(): Promise<Browser> {
  if (!existsSync(CHROMIUM)) throw new Error(`${CHROMIUM} is missing: scripts/setup.sh installs it`);
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return await chromium.launch({ executablePath: CHROMIUM, args: [...args, '--enable-precise-memory-info'] });
}

/** A page, and all that went wrong on it. */
export interface Visit {
  readonly page: Page;
  /** Uncaught errors, errors on the console, and violations of the page's policy. */
  readonly errors: string[];
  /** Addresses that the page and its worker asked for. */
  readonly requests: string[];
}

/** Opens an address. */
export async function visit(
  browser: Browser,
  url: string,
  viewport = { width: 1280, height: 720 },
): Promise<Visit> {
  const context = await browser.newContext({ viewport });
  const page = await context.newPage();
  const errors: string[] = [];
  const requests: string[] = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') errors.push(message.text());
  });
  context.on('request', (request) => requests.push(request.url()));
  await page.goto(url);
  return { page, errors, requests };
}

/** Gives the page a dump, and waits until it is open. */
export async function openDump(page: Page, ...files: string[]): Promise<void> {
  await page.setInputFiles('input[type=file]', files);
  await page.waitForSelector('#view, [role=alert]', { timeout: 60_000 });
}

/** How long a view may take: sorting out the pages of memory takes seconds on a busy machine. */
const VIEW_MILLISECONDS = 100_000;

/** Goes to a view of an open dump and waits until it has its data. */
export async function go(page: Page, hash: string): Promise<void> {
  await page.evaluate((to) => {
    location.hash = to;
  }, hash);
  await page.waitForFunction(
    (view) => {
      const shown = document.querySelector('#view');
      return (
        shown?.getAttribute('data-view') === view && !/Reading .*…|Searching…/.test(shown.textContent ?? '')
      );
    },
    hash.replace(/[=&].*/, ''),
    { timeout: VIEW_MILLISECONDS },
  );
}
