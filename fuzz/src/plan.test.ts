import { describe, expect, it } from 'vitest';
import { parseTarget, partsOf } from './plan.ts';

const SAMPLES = { small: [['small.elf']], large: [['large.dump']], logs: [['console.log']] };
const NUMBERS = Array.from({ length: 12_000 }, (_, n) => n);

describe('a target', () => {
  it('may come with its own number of cases', () => {
    expect(parseTarget('titles')).toEqual({ target: 'titles', cases: undefined });
    expect(parseTarget('device=300')).toEqual({ target: 'device', cases: 300 });
    for (const word of ['', 'all', 'dumps=', 'dumps=x', 'dumps=-1']) {
      expect(() => parseTarget(word)).toThrow(`--target ${word}: wanted dumps, device, pages`);
    }
  });
});

describe('cases', () => {
  it('are all done once, so many in a hundred with large dumps', () => {
    const parts = partsOf('dumps', NUMBERS, SAMPLES, 6);
    expect(parts.flatMap(({ numbers }) => numbers).sort((a, b) => a - b)).toEqual(NUMBERS);
    const large = parts.filter(({ samples }) => samples[0]?.[0] === 'large.dump');
    expect(large.flatMap(({ numbers }) => numbers)).toHaveLength(720);
    expect(Math.max(...parts.map(({ numbers }) => numbers.length))).toBeLessThanOrEqual(5000);
  });

  it('have the samples that their target reads', () => {
    const samples = (...parts: Parameters<typeof partsOf>) =>
      partsOf(...parts).map(({ samples }) => samples.map(([path]) => path));
    const two = [0, 50];
    expect(samples('titles', two, SAMPLES, 6)).toEqual([['console.log']]);
    expect(samples('device', two, SAMPLES, 6)).toEqual([['small.elf']]);
    expect(samples('pages', two, SAMPLES, 6)).toEqual([['large.dump']]);
    expect(samples('device', two, { ...SAMPLES, small: [] }, 6)).toEqual([['large.dump']]);
    expect(samples('programs', two, SAMPLES, 6)).toEqual([
      ['small.elf', 'console.log'],
      ['large.dump', 'console.log'],
    ]);
    expect(samples('dumps', two, { ...SAMPLES, large: [] }, 6)).toEqual([['small.elf']]);
  });
});
