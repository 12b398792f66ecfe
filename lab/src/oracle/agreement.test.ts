import { describe, expect, it } from 'vitest';
import { Checks } from '../checks.ts';
import { Agreement } from './agreement.ts';

describe('Agreement', () => {
  it('says nothing of what is the same, and counts it', () => {
    const agreement = new Agreement();
    expect(agreement.compare('size', 'a', 5, '5')).toBe(true);
    expect(agreement.compare('size', 'b', 6, '6')).toBe(true);
    expect(agreement.compare('name', 'b', 'x', 'x')).toBe(true);
    const checks = new Checks();
    agreement.check(checks);
    expect(checks.failures).toEqual([]);
    expect(agreement.counts()).toEqual({ size: 2, name: 1 });
  });

  it('makes one complaint of a sort, with how many differ and the first of them', () => {
    const agreement = new Agreement();
    for (let i = 0; i < 10; i += 1) agreement.compare('size', `m${i}`, i, i < 2 ? i : 0);
    const checks = new Checks('oracle');
    agreement.check(checks);
    expect(checks.failures).toHaveLength(1);
    expect(checks.failures[0]).toContain(
      'oracle: size: wanted all 10 as the guest says; found 8 that are not',
    );
    expect(checks.failures[0]).toContain('m2: 2, the guest 0 | m3: 3, the guest 0');
    expect(checks.failures[0]).not.toContain('m9');
  });

  it('takes what the product lacks for a difference', () => {
    const agreement = new Agreement();
    expect(agreement.compare('size', 'a', undefined, '5')).toBe(false);
  });
});
