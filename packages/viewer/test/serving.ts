import type { Browser } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';
import { startBrowser } from './browser.ts';
import { type StaticServer, serveStatically } from './static_server.ts';

/** A browser and the page's server, both there while a file's tests run. */
export interface Serving {
  readonly browser: Browser;
  readonly server: StaticServer;
}

/** Starts both before a file's tests and ends them afterwards; `headers` are the server's. */
export function serving(...headers: Parameters<typeof serveStatically>): Serving {
  let browser: Browser | undefined;
  let server: StaticServer | undefined;
  beforeAll(async () => {
    browser = await startBrowser();
    server = await serveStatically(...headers);
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
  });
  return {
    get browser() {
      if (browser === undefined) throw new Error('The browser has not been started yet');
      return browser;
    },
    get server() {
      if (server === undefined) throw new Error('The page is not served yet');
      return server;
    },
  };
}
