import { describe, expect, it } from 'vitest';
import { Checks } from './checks.ts';

describe('Checks', () => {
  it('says where, what was wanted and what was found', () => {
    const checks = new Checks();
    const at = checks.at('cycle 1').at('/boot-reason');
    expect(at.equal('a\n', 'b\n')).toBe(false);
    expect(at.between(7, 1, 3)).toBe(false);
    expect(at.matches('text', /^T/)).toBe(false);
    expect(at.equal('same', 'same')).toBe(true);
    expect(checks.failures).toEqual([
      'cycle 1: /boot-reason: wanted "b\\n"; found "a\\n"',
      'cycle 1: /boot-reason: wanted a number from 1 to 3; found 7',
      'cycle 1: /boot-reason: wanted text that matches /^T/; found "text"',
    ]);
  });

  it('takes a number that is none for a failure', () => {
    expect(new Checks().between(Number.NaN, 0, 1)).toBe(false);
  });
});
