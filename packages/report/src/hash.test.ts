import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { abrtFunctions, abrtHash, sha1 } from './hash.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

describe('sha1', () => {
  it.each([
    // NIST's examples for FIPS 180.
    ['abc', 'a9993e364706816aba3e25717850c26c9cd0d89d'],
    ['', 'da39a3ee5e6b4b0d3255bfef95601890afd80709'],
    ['abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq', '84983e441c3bd26ebaae4aa1f95129e5e54670f1'],
    ['a'.repeat(1_000_000), '34aa973cd4c4daa4f61eeb2bdbad27316534016f'],
  ])('of NIST example %#', (text, digest) => {
    expect(sha1(bytes(text))).toBe(digest);
  });

  it('is what Node says for every length around a block', () => {
    for (let length = 0; length < 200; length++) {
      const data = Uint8Array.from({ length }, (_, i) => (i * 7 + length) & 0xff);
      expect(sha1(data)).toBe(createHash('sha1').update(data).digest('hex'));
    }
  });
});

describe('abrtHash', () => {
  it('is the hash that satyr gives these functions', () => {
    // The known answer of satyr's own test, tests/python/koops.py.
    const functions = [
      '__alloc_pages_nodemask',
      'alloc_pages_current',
      '__get_free_pages',
      'kmalloc_order_trace',
      '__kmalloc',
      'pskb_expand_head',
    ];
    expect(abrtHash(functions)).toBe('5718b3a86c64e7bed5e8ead08ae3084e447ddbee');
    expect(abrtHash([...functions, 'more'])).toBe('5718b3a86c64e7bed5e8ead08ae3084e447ddbee');
  });

  it('is null without functions', () => {
    expect(abrtHash([])).toBeNull();
  });
});

describe('abrtFunctions', () => {
  it('takes the first six reliable frames, with their suffixes', () => {
    const log = `[    9.100005] RIP: 0010:widget_oops+0x5/0x10 [widget]
[    9.100010] Call Trace:
[    9.100011]  <TASK>
[    9.100012]  ? __die_body.cold+0x19/0x27
[    9.100013]  widget_init.isra.0+0x15/0x1000 [widget]
[    9.100014]  b+0x1/0x2
[    9.100014]  ? c+0x1/0x2
[    9.100014]  d+0x1/0x2
[    9.100014]  e+0x1/0x2
[    9.100014]  f+0x1/0x2
[    9.100014]  g+0x1/0x2
[    9.100014]  h+0x1/0x2`;
    expect(abrtFunctions(log.split('\n'))).toEqual(['widget_init.isra.0', 'b', 'd', 'e', 'f', 'g']);
  });

  it('puts the instruction pointer of older kernels first', () => {
    const log = `RIP: 0010:[<ffffffff811c6ed5>]  [<ffffffff811c6ed5>] widget_oops+0xa5/0x350
Call Trace:
 [<ffffffff811c6ed5>] widget_init+0x15/0x1000`;
    expect(abrtFunctions(log.split('\n'))).toEqual(['widget_oops', 'widget_init']);
  });
});
