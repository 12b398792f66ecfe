import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serveView, type ViewServer } from './view_server.ts';

const POLICY = '<meta http-equiv="Content-Security-Policy" content="default-src &#39;none&#39;">';
const DUMP = Uint8Array.from({ length: 1000 }, (_, n) => n & 0xff);

let folder: string;
let server: ViewServer;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kcrash-view-'));
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'index.html'), `<!doctype html><head>${POLICY}</head>`);
  writeFileSync(join(folder, 'assets/page.js'), 'start()');
  const source = {
    size: DUMP.length,
    read: (offset: number, length: number) => DUMP.slice(offset, offset + length),
  };
  server = await serveView(folder, [{ name: 'a "dump" <b>$&', source }], 0);
});

afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

function get(url: string, headers: Record<string, string> = {}) {
  return fetch(url, { headers, redirect: 'manual' });
}

/** `fetch` sets `Host` itself. */
function statusWithHost(host: string): Promise<number | undefined> {
  return new Promise((done, failed) => {
    request(server.url, { headers: { host } }, (response) => done(response.resume().statusCode))
      .on('error', failed)
      .end();
  });
}

describe('the server of a dump', () => {
  it('listens on loopback, and answers nothing without its token', async () => {
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/[\da-f]{32}\/$/);
    const { origin } = new URL(server.url);
    for (const path of ['/', '/index.html', '/dump/0', `/${'0'.repeat(32)}/dump/0`]) {
      expect((await get(origin + path)).status).toBe(404);
    }
  });

  it('answers only who calls the machine by its own name', async () => {
    const { port } = new URL(server.url);
    expect(await statusWithHost(`127.0.0.1:${port}`)).toBe(200);
    expect(await statusWithHost(`evil.example:${port}`)).toBe(403);
    expect(await statusWithHost(`127.0.0.1.evil.example`)).toBe(403);
  });

  it('gives the page with its policy, and with the name of the dump as text alone', async () => {
    const response = await get(server.url);
    expect(response.headers.get('content-security-policy')).toBe(
      "default-src 'none'; frame-ancestors 'none'",
    );
    const html = await response.text();
    expect(html).not.toContain('<b>');
    expect(html).toContain('a \\&#34;dump\\&#34; &#60;b&#62;$&#38;');
    expect(await (await get(`${server.url}assets/page.js`)).text()).toBe('start()');
  });

  it('gives the bytes that are asked for, and no whole dump', async () => {
    const part = await get(`${server.url}dump/0`, { Range: 'bytes=10-19' });
    expect(part.status).toBe(206);
    expect(part.headers.get('content-range')).toBe('bytes 10-19/1000');
    expect(new Uint8Array(await part.arrayBuffer())).toEqual(DUMP.slice(10, 20));
    const end = await get(`${server.url}dump/0`, { Range: 'bytes=990-2000' });
    expect(new Uint8Array(await end.arrayBuffer())).toEqual(DUMP.slice(990));
    for (const headers of [{}, { Range: 'bytes=5-4' }, { Range: 'bytes=1000-1001' }, { Range: 'bytes=-5' }]) {
      expect((await get(`${server.url}dump/0`, headers as Record<string, string>)).status).toBe(416);
    }
  });

  it('gives nothing outside of the page', async () => {
    for (const path of ['../index.html', '..%2findex.html', 'dump/1', 'assets', '/etc/passwd']) {
      expect((await get(server.url + path)).status).toBe(404);
    }
  });

  it('lets a ticket in once', async () => {
    const first = await get(server.ticketUrl);
    expect(first.status).toBe(302);
    expect(first.headers.get('location')).toBe(new URL(server.url).pathname);
    expect((await get(server.ticketUrl)).status).toBe(404);
  });
});
