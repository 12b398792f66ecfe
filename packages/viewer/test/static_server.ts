import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The page as the build left it. */
export const PAGE = fileURLToPath(new URL('../../../dist/viewer', import.meta.url));

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};

/** Any static server that serves the page. */
export interface StaticServer {
  readonly url: string;
  /** Paths asked for, in order. */
  readonly asked: string[];
  close(): void;
}

/** Serves the page's folder; `headers` are sent with everything. */
export async function serveStatically(headers: Record<string, string> = {}): Promise<StaticServer> {
  const asked: string[] = [];
  const server = createServer(({ url = '/' }, response) => {
    const path = normalize(new URL(url, 'http://host').pathname);
    asked.push(path);
    const file = join(PAGE, path === '/' ? 'index.html' : path);
    try {
      const body = readFileSync(file);
      response.writeHead(200, { 'Content-Type': TYPES[extname(file)] ?? 'text/plain', ...headers }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/`, asked, close: () => server.close() };
}
