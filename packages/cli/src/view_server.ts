import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import type { ByteSource } from '@kcrash/vmcore/bytes/byte_source';
import { DumpError } from '@kcrash/vmcore/bytes/errors';

/** A dump that is served: one of the files of a split set, or the only one. */
export interface ServedFile {
  readonly name: string;
  readonly source: ByteSource;
}

/** The page with its dump, served. */
export interface ViewServer {
  /** Where it is: loopback, with 128 random bits in the path. */
  readonly url: string;
  /** An address that leads there once: other users of the machine see the words a browser is started with. */
  readonly ticketUrl: string;
  close(): Promise<void>;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Most bytes that one answer holds; the page asks for far less. */
const MOST_BYTES = 32 * 1024 * 1024;

/** Serves the files of a page and a dump on 127.0.0.1. Rejects where the port is taken. */
export async function serveView(
  page: string,
  files: readonly ServedFile[],
  port: number,
): Promise<ViewServer> {
  const token = randomBytes(16).toString('hex');
  let ticket: string | undefined = randomBytes(16).toString('hex');
  const pages = pageFiles(page, files);
  const server = createServer((request, response) => {
    const path = (request.url ?? '').replace(/[?#].*$/, '');
    if (!fromHere(request) || (request.method !== 'GET' && request.method !== 'HEAD')) end(response, 403);
    else if (ticket !== undefined && path === `/${ticket}`) {
      ticket = undefined;
      response.writeHead(302, { Location: `/${token}/`, 'Cache-Control': 'no-store' }).end();
    } else if (!path.startsWith(`/${token}/`)) end(response, 404);
    else answer(path.slice(token.length + 2), request, response, pages, files);
  });
  await new Promise<void>((listening, failed) => {
    server.once('error', failed);
    server.listen(port, '127.0.0.1', listening);
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `${origin}/${token}/`,
    ticketUrl: `${origin}/${ticket}`,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}

/** Whether a request names this machine: a page elsewhere may have its own name lead to 127.0.0.1. */
function fromHere({ headers: { host = '' } }: IncomingMessage): boolean {
  return /^(?:127\.0\.0\.1|localhost)(?::\d+)?$/.test(host);
}

interface PageFile {
  readonly type: string;
  readonly body: Buffer;
}

function pageFiles(
  folder: string,
  files: readonly ServedFile[],
): { policy: string; files: Map<string, PageFile> } {
  const found = new Map<string, PageFile>();
  for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const type = TYPES[extname(path)];
    if (type !== undefined) found.set(path, { type, body: readFileSync(join(folder, path)) });
  }
  const html = found.get('index.html')?.body.toString() ?? '';
  const written = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html)?.[1];
  const policy = (written ?? "default-src 'none'").replaceAll('&#39;', "'");
  const served = files.map(({ name, source }, n) => ({ name, bytes: source.size, path: `dump/${n}` }));
  const meta = `<meta name="kcrash-dump" content="${escaped(JSON.stringify(served))}">`;
  found.set('', {
    type: TYPES['.html'] ?? '',
    body: Buffer.from(html.replace('</head>', () => `${meta}</head>`)),
  });
  return { policy: `${policy}; frame-ancestors 'none'`, files: found };
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function answer(
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
  { policy, files }: ReturnType<typeof pageFiles>,
  dump: readonly ServedFile[],
): void {
  response.setHeader('Content-Security-Policy', policy);
  response.setHeader('Referrer-Policy', 'no-referrer');
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('Cross-Origin-Resource-Policy', 'same-origin');
  response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
  response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
  response.setHeader('Cache-Control', 'no-store');
  const number = /^dump\/(\d{1,3})$/.exec(path)?.[1];
  const file = number === undefined ? undefined : dump[Number(number)];
  if (file !== undefined) sendRange(file.source, request, response);
  else {
    const found = files.get(path);
    if (found === undefined) end(response, 404);
    else
      response
        .writeHead(200, { 'Content-Type': found.type, 'Content-Length': found.body.length })
        .end(found.body);
  }
}

/** One range of bytes, which the request must name: nobody wants a whole dump. */
function sendRange(source: ByteSource, { headers }: IncomingMessage, response: ServerResponse): void {
  const [, from = '', to = ''] = /^bytes=(\d{1,15})-(\d{1,15})$/.exec(headers.range ?? '') ?? [];
  const start = Number(from);
  const last = Math.min(Number(to), source.size - 1);
  const length = last - start + 1;
  if (from === '' || length <= 0 || length > MOST_BYTES) {
    response.setHeader('Content-Range', `bytes */${source.size}`);
    end(response, 416);
    return;
  }
  try {
    const bytes = source.read(start, length);
    response
      .writeHead(206, {
        'Content-Type': 'application/octet-stream',
        'Content-Length': length,
        'Content-Range': `bytes ${start}-${last}/${source.size}`,
      })
      .end(bytes);
  } catch (error) {
    if (!(error instanceof DumpError)) throw error;
    end(response, 500);
  }
}

function end(response: ServerResponse, status: number): void {
  response.writeHead(status).end();
}
