import { describe, expect, it } from 'vitest';
import { dumpNews, withNews } from './dump_news.ts';

const WHOLE = {
  path: '/persist/kcrashes/kdump.dump',
  engine: 'native',
  complete: true,
  codec: 'zstd',
  leftOut: null,
  failed: [],
};

describe('the news of a dump', () => {
  it('are none where it is whole and by the first engine', () => {
    expect(dumpNews(WHOLE)).toBeNull();
  });

  it('tell what was left out', () => {
    expect(dumpNews({ ...WHOLE, complete: false, leftOut: 'slab 12 of 20 pages' })).toBe(
      'Dump cut to the room there was: slab 12 of 20 pages',
    );
  });

  it('tell why another engine wrote it, and that it was cut', () => {
    const dump = { ...WHOLE, engine: 'makedumpfile', complete: false, failed: ['no BTF'] };
    expect(dumpNews(dump)).toBe('Dump by makedumpfile, since no BTF\nDump cut to the room there was');
  });

  it('tell of every engine that failed', () => {
    expect(dumpNews({ path: null, failed: ['no BTF', 'not started'] })).toBe('No dump: no BTF; not started');
  });

  it('end a summary within its limit, and leave most of it to the crash', () => {
    expect(withNews('crashed', 'No dump: no room')).toBe('crashed\nNo dump: no room');
    const both = withNews('s'.repeat(1599), `No dump: ${'w'.repeat(3000)}`);
    expect(both).toHaveLength(1599);
    expect(both).toMatch(/^s{998}\nNo dump: w{591}$/);
  });
});
