import { describe, expect, it } from 'vitest';
import type { Verdict } from './run.ts';
import type { Scenario } from './scenario.ts';
import { columns, listing, markdownDocument, textTable } from './table.ts';

const verdicts: Verdict[] = [
  { scenario: 'a', kernel: '6.1.0', passed: true, seconds: 20.4, accidents: [], failures: [] },
  { scenario: 'long', kernel: '6.1.0', passed: false, seconds: 7, accidents: ['x', 'y'], failures: ['f: g'] },
];
const scenarios: Scenario[] = [
  { name: 'a', group: 'arm', shows: 'it works', core: true, cycles: [], check() {} },
  { name: 'long', group: 'log', shows: 'it is long', core: false, cycles: [], check() {} },
];

describe('tables', () => {
  it('are as wide as their widest cells', () => {
    expect(
      columns([
        ['a', 'bb'],
        ['ccc', 'd'],
      ]),
    ).toBe('a    bb\nccc  d');
    expect(listing(scenarios)).toBe('a     arm  core  it works\nlong  log        it is long');
  });

  it('tell verdicts, repeated boots and every failure', () => {
    const text = textTable(verdicts);
    expect(text).toContain('a         6.1.0   pass     20');
    expect(text).toContain('long      6.1.0   FAIL     7        2 emulation accidents');
    expect(text).toContain('long: f: g');
    expect(text.endsWith('1 passed, 1 failed')).toBe(true);
  });

  it('have a row in Markdown for each scenario', () => {
    expect(markdownDocument(verdicts, scenarios, 'today')).toContain(
      '| `a` | it works | 6.1.0 | pass | 20 |  |',
    );
    expect(markdownDocument(verdicts, scenarios, 'today')).toContain(
      '| **fail** | 7 | 2 emulation accidents |',
    );
  });
});
