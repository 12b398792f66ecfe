import { describe, expect, it } from 'vitest';
import { CANARY_CLASSES } from './canaries.ts';
import { type KernelLeaks, leaksTable } from './document.ts';

const kernel = (memory: number, dump: number): KernelLeaks => {
  const counts = Object.fromEntries(CANARY_CLASSES.map(({ name }) => [name, { memory, dump }]));
  const none = Object.fromEntries(CANARY_CLASSES.map(({ name }) => [name, { memory, dump: 0 }]));
  const bytes = { kcrashBytes: 2 ** 20, makedumpfileBytes: 2 ** 21 };
  return { release: '6.1.0-56-cloud-amd64', kcrash: none, makedumpfile: counts, ...bytes };
};

describe('the table of canaries', () => {
  it('counts every class once', () => {
    const lines = leaksTable([kernel(1, 1)])
      .split('\n')
      .slice(2, -1);
    const pages = lines.map((line) => Number(/\| (\d+) \| \*\*\d+\*\* \| 0 \|$/.exec(line)?.[1]));
    expect(pages.reduce((all, each) => all + each, 0)).toBe(CANARY_CLASSES.length);
  });

  it('has columns for each kernel, and tells what was never there', () => {
    const table = leaksTable([kernel(3, 0), kernel(0, 0)]).split('\n');
    expect(table[0]).toBe(
      '| canaries in | 6.1: memory | makedumpfile | kcrash | 6.1: memory | makedumpfile | kcrash |',
    );
    expect(table[2]).toBe('| anonymous memory | 3 | 0 | 0 | – | – | – |');
    expect(table.at(-1)).toBe('| size of the dump, MiB |  | 2.0 | 1.0 |  | 2.0 | 1.0 |');
  });
});
