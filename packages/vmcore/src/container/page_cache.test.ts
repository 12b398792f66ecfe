import { describe, expect, it } from 'vitest';
import { PageCache } from './page_cache.ts';

describe('PageCache', () => {
  it('keeps the pages used last, and never more than it may', () => {
    const cache = new PageCache(8);
    for (let frame = 0; frame < 100; frame++) {
      cache.put(frame, Uint8Array.of(frame));
      // Page 0 is in use all the time.
      expect(cache.get(0)).toEqual(Uint8Array.of(0));
    }
    const kept = Array.from({ length: 100 }, (_, frame) => cache.get(frame)).filter(
      (page) => page !== undefined,
    );
    expect(kept.length).toBeLessThanOrEqual(8);
    expect(cache.get(99)).toEqual(Uint8Array.of(99));
  });
});
