import { expect, it } from 'vitest';
import { printable, printableLines } from './printable.ts';

it('lets nothing through that moves the cursor or turns the text around', () => {
  expect(printable('a\x1b[2J\r\n\x7f\x9b\u202e')).toBe('a\\x1b[2J\\x0d\\x0a\\x7f\\x9b\\u202e');
  expect(printable('größe 中')).toBe('größe 中');
  expect(printableLines('a\nb\x07\n')).toBe('a\nb\\x07\n');
});
