import { describe, expect, it } from 'vitest';
import { Page, printable, wrap } from './page.ts';

const plain = (_role: string, text: string) => text;

describe('a page', () => {
  it('cuts a line that is too long, and says so', () => {
    const page = new Page(plain);
    page.line('a'.repeat(60), ['bad', 'b'.repeat(60)], 'c');
    expect(page.text()).toBe(`${'a'.repeat(60)}${'b'.repeat(37)}...\n`);
  });

  it('leaves a line of just the width whole', () => {
    const page = new Page(plain);
    page.line('a'.repeat(60), ['bad', 'b'.repeat(40)]);
    expect(page.text()).toBe(`${'a'.repeat(60)}${'b'.repeat(40)}\n`);
  });

  it('goes on under a label', () => {
    const page = new Page(plain);
    page.paragraph('Label: ', `${'word '.repeat(20)}end`);
    expect(page.text()).toBe(`Label: ${'word '.repeat(17)}word\n       word word end\n`);
  });
});

describe('text', () => {
  it('is cut at spaces, and in a word that is too long', () => {
    expect(wrap('one two three', 7)).toEqual(['one two', 'three']);
    expect(wrap('abcdefghij kl', 4)).toEqual(['abcd', 'efgh', 'ij', 'kl']);
    expect(wrap('', 4)).toEqual(['']);
  });

  it('is made printable', () => {
    expect(printable('a\tb\x1b[0m\u00e9\u{1f600}')).toBe('a b\\x1b[0m\\xe9\\u{1f600}');
  });
});
