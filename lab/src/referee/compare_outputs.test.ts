import { describe, expect, it } from 'vitest';
import { compareOutputs } from './compare_outputs.ts';

const differences = (minimal: string | null, full: string | null) =>
  compareOutputs(minimal, full, 'irq: ').differences;

describe('outputs of a minimal dump and of the whole memory', () => {
  it('agree line by line', () => {
    const { differences: none, notes } = compareOutputs('a\nb\n', 'a\nb\n', 'irq: ');
    expect(none).toEqual([]);
    expect(notes).toEqual(['compared: 2 lines']);
  });

  it('differ by a line that is missing, and by one in its place', () => {
    expect(differences('a\nb: no page\n', 'a\nb: 7\n')).toEqual(['missing: b: 7', 'instead: b: no page']);
  });

  it('differ by how often a line is there, and by the order', () => {
    expect(differences('a\n', 'a\na\n')).toEqual(['missing: a']);
    expect(differences('b\na\n', 'a\nb\n')).toEqual(['the same lines in another order']);
  });

  it('differ where one never came', () => {
    expect(differences(null, 'a\n')).toEqual(['output: found none, wanted some']);
    expect(differences('', 'a\n')).toEqual(['missing: a']);
  });

  it('tell of all lines where many differ', () => {
    const lines = Array.from({ length: 30 }, (_, n) => `line ${n}`).join('\n');
    expect(differences('', lines).at(-1)).toBe('lines missing: 30, lines instead: 0');
  });

  it('name what the tool cannot do on either', () => {
    expect(differences('', '')).toEqual(['whole memory: no output']);
    expect(differences(null, null)).toContain('whole memory: no output');
    const often = [1, 2, 3].map((n) => `irq: -d option not supported or applicable: ${n}\n`).join('');
    expect(differences(often, often)).toEqual([
      'whole memory: irq: -d option not supported or applicable: 1 (3 such lines)',
    ]);
  });
});
