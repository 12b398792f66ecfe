import { describe, expect, it } from 'vitest';
import { emptyReport, HOSTILE, sampleReport } from '../../test/sample_report.ts';
import { htmlReport } from './html_report.ts';
import { escapeHtml, markup } from './markup.ts';

/** Names of elements that a page may have. */
const ELEMENTS =
  /^(html|head|meta|title|style|body|h1|h2|p|table|tr|th|td|pre|code|span|div|ul|li|br|details|summary|footer)$/;

/** Tags of a page, without the content of its style. */
function tags(html: string): string[] {
  const page = html.replace(/<style>[^<]*<\/style>/, '<style></style>');
  return [...page.matchAll(/<([^>]*)>/g)].map(([, tag = '']) => tag);
}

describe('escaping', () => {
  it('leaves nothing that HTML gives a meaning', () => {
    expect(escapeHtml('<img src=x onerror="a()">')).toBe('&lt;img src=x onerror=&quot;a()&quot;&gt;');
    expect(escapeHtml("&'`")).toBe('&amp;&#39;&#96;');
  });

  it('makes visible what turns text around or is no character of a page', () => {
    expect(escapeHtml('\0a\x1b\u202eb\ud800')).toBe('\\x00a\\x1b\\u{202e}b\\u{d800}');
    expect(escapeHtml('two\nlines\tand more: é')).toBe('two\nlines\tand more: é');
  });

  it('leaves markup as it is, in lists too', () => {
    expect(markup`<p>${[markup`<b>${'<'}</b>`, markup`${1}`]}</p>`.html).toBe('<p><b>&lt;</b>1</p>');
  });
});

describe('a report as HTML', () => {
  it('has no tag that came from the dump, and only those of a page to read', () => {
    for (const tag of tags(htmlReport(sampleReport()))) {
      if (tag === '!doctype html') continue;
      expect(tag).toMatch(/^\/?\w+( (class|lang|charset|name|content|http-equiv)="[^"]*")*$/);
      expect(/^\/?(\w+)/.exec(tag)?.[1]).toMatch(ELEMENTS);
    }
    expect(htmlReport(sampleReport())).not.toContain(HOSTILE);
  });

  it('closes what it opens', () => {
    const open: string[] = [];
    for (const tag of tags(htmlReport(sampleReport()))) {
      const [, end = '', name = ''] = /^(\/?)(\w+)/.exec(tag) ?? [];
      if (/^(meta|br)$/.test(name) || tag.startsWith('!')) continue;
      if (end === '') open.push(name);
      else expect(open.pop()).toBe(name);
    }
    expect(open).toEqual([]);
  });

  it('needs nothing from elsewhere and runs nothing', () => {
    const html = htmlReport(sampleReport());
    expect(html).toContain("default-src 'none'");
    expect(html).not.toMatch(/<script|<link|<img|url\(|https?:/);
    expect(html).toContain('prefers-color-scheme: dark');
    expect(html).toContain('@media print');
  });

  it('tells the crash, who waits for whom, and the whole log', () => {
    const html = htmlReport(sampleReport());
    expect(html).toContain('Deadlock: holder (108) waits for waiter (2)');
    expect(html).toContain('mutex lab_mutex [lab], held by holder (108)');
    expect(html).toContain('message 0 ');
    expect(html).toContain('message 59 ');
    expect(html).toContain('41 tasks in <span class="name">do_wait+0x10/0x100</span>');
  });

  it('says what is unknown', () => {
    expect(htmlReport(emptyReport())).toContain('crash without a title: unknown (The log was left out)');
  });
});
