import { deflateSync, inflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compiledDeflate } from '../../../../scripts/compiled.ts';
import { ZSTD_SAMPLES } from '../../test/zstd_samples.ts';
import { zlibDecompressor } from './inflate.ts';
import { nodePacker } from './packer.node.ts';
import { BATCH_PAGES, type PagePacker, STORED_PAGE, ZERO_PAGE } from './page_packer.ts';

const PAGE = 4096;
const module = compiledDeflate();
const inflate = zlibDecompressor();

function withPacker<T>(pageSize: number, work: (packer: PagePacker) => T, deflate = module): T {
  const packer = nodePacker(pageSize, 1, deflate);
  try {
    return work(packer);
  } finally {
    packer.close();
  }
}

/** What became of pages, each with what is stored of it. */
function pack(packer: PagePacker, pages: readonly Uint8Array[]): (Uint8Array | 'zero' | 'stored')[] {
  const { pageSize } = packer;
  const packed: (Uint8Array | 'zero' | 'stored')[] = [];
  for (let first = 0; first < pages.length; first += BATCH_PAGES) {
    const batch = packer.batches[(first / BATCH_PAGES) % packer.batches.length];
    if (batch === undefined) throw new Error('no batch');
    const some = pages.slice(first, first + BATCH_PAGES);
    for (const [n, page] of some.entries()) batch.pages.set(page, n * pageSize);
    packer.start(batch, some.length);
    const filled = packer.finish(batch);
    let at = 0;
    for (const [n, page] of some.entries()) {
      const size = batch.sizes[n] as number;
      const bytes = batch.packed.slice(at, at + (size === STORED_PAGE ? pageSize : size));
      at += bytes.length;
      if (size === STORED_PAGE) expect(Buffer.compare(bytes, page)).toBe(0);
      packed.push(size === ZERO_PAGE ? 'zero' : size === STORED_PAGE ? 'stored' : bytes);
    }
    expect(at).toBe(filled);
  }
  return packed;
}

/** That Node's zlib, and the library's own, make the pages of what became of them. */
function expectWhole(packed: readonly (Uint8Array | string)[], pages: readonly Uint8Array[]): void {
  for (const [n, page] of pages.entries()) {
    const stream = packed[n];
    if (typeof stream !== 'object') continue;
    expect(Buffer.compare(inflateSync(stream), page)).toBe(0);
    const output = new Uint8Array(page.length);
    expect(inflate(stream, output)).toBe(page.length);
    expect(Buffer.compare(output, page)).toBe(0);
  }
}

/** Numbers below `below`, the same in each run. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function pageOf(size: number, byte: (at: number) => number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, at) => byte(at));
}

/** Pages as a kernel has them: lists of addresses, counters, strings, code, and much that is zero. */
function kernelLike(size: number, seed: number): Uint8Array {
  const random = numbers(seed);
  const page = new Uint8Array(size);
  const view = new DataView(page.buffer);
  const kind = seed % 4;
  for (let at = 0; at + 64 <= size; at += 64) {
    if (random(8) < kind) continue;
    for (let word = at; word < at + 64; word += 8) {
      const which = random(4);
      if (which === 0) view.setBigUint64(word, 0xffff_8880_0000_0000n + BigInt(random(2 ** 20) * 64), true);
      else if (which === 1) view.setUint32(word, random(300), true);
      else if (which === 2 && kind === 3) page.set(Buffer.from(`name${random(99)}`), word);
    }
    if (kind === 0) page.set(page.subarray(random(at + 1), at + 1).slice(0, 40), at);
  }
  return page;
}

/** A page in pieces: random bytes, few kinds of bytes, one byte, or a copy of what came before. */
const piece = fc.tuple(fc.nat(3), fc.integer({ min: 1, max: 700 }), fc.nat(), fc.nat());
function pieced(size: number, pieces: readonly (readonly [number, number, number, number])[]): Uint8Array {
  const page = new Uint8Array(size);
  let at = 0;
  for (const [kind, length, a, b] of pieces) {
    const random = numbers(a);
    const distance = 1 + (b % Math.max(1, at));
    for (const end = Math.min(size, at + length); at < end; at++) {
      if (kind === 0) page[at] = random(256);
      else if (kind === 1) page[at] = random(2 + (b % 30)) * 7;
      else if (kind === 2) page[at] = b;
      else page[at] = page[at - distance] ?? 0;
    }
  }
  return page;
}

describe('nodePacker', () => {
  it('packs anything so that zlib has it again', () => {
    for (const size of [64, PAGE, 1 << 14, 1 << 16]) {
      withPacker(size, (packer) => {
        fc.assert(
          fc.property(
            fc.array(fc.array(piece, { maxLength: 30 }), { minLength: 1, maxLength: 70 }),
            (all) => {
              const pages = all.map((pieces) => pieced(size, pieces));
              const packed = pack(packer, pages);
              expectWhole(packed, pages);
              for (const [n, page] of pages.entries())
                expect(packed[n] === 'zero').toBe(page.every((byte) => byte === 0));
            },
          ),
          { numRuns: size === PAGE ? 60 : 12 },
        );
      });
    }
  });

  it('packs pages that are far apart in what they need', () => {
    const random = numbers(1);
    // Each byte as often as a Fibonacci number says: the tree is deeper than a code may be.
    const often = [1, 1];
    for (let n = 2; n < 22; n++) often.push((often[n - 1] as number) + (often[n - 2] as number));
    const unequal = often.flatMap((count, byte) => Array<number>(count).fill(byte));
    for (let n = unequal.length - 1; n > 0; n--) {
      const other = random(n + 1);
      [unequal[n], unequal[other]] = [unequal[other] as number, unequal[n] as number];
    }
    const size = 1 << 16;
    const noise = pageOf(size, () => random(256));
    const pages = [
      noise,
      // Comes again from further away than a copy may be.
      pageOf(size, (at) => noise[at % 40_000] as number),
      pageOf(size, (at) => noise[at % (1 << 14)] as number),
      pageOf(size, (at) => unequal[at] ?? at),
      pageOf(size, (at) => (at === size - 1 ? 1 : 0)),
      pageOf(size, (at) => at >> 8),
      ...[1, 2, 3, 4, 5, 7, 8, 9, 255, 258, 259].map((period) =>
        pageOf(size, (at) => noise[at % period] || 1),
      ),
    ];
    const packed = withPacker(size, (packer) => pack(packer, pages));
    expectWhole(packed, pages);
    expect(packed.slice(0, 2)).toEqual(['stored', 'stored']);
    expect(packed.slice(2).filter((each) => typeof each === 'string')).toEqual([]);
  });

  it('makes no more of pages like a kernel’s than zlib at level 1', () => {
    const samples = Object.values(ZSTD_SAMPLES).map((make) => make());
    const pages = [
      ...Array.from({ length: 200 }, (_, seed) => kernelLike(PAGE, seed)),
      ...samples.filter(({ length }) => length >= PAGE).map((sample) => sample.slice(0, PAGE)),
    ];
    const packed = withPacker(PAGE, (packer) => pack(packer, pages));
    expectWhole(packed, pages);
    const sum = (sizes: readonly number[]) => sizes.reduce((a, b) => a + b, 0);
    const ours = packed.map((each) => (each === 'zero' ? 0 : each === 'stored' ? PAGE : each.length));
    const zlib = pages.map((page, n) =>
      packed[n] === 'zero' ? 0 : Math.min(PAGE, deflateSync(page, { level: 1 }).length),
    );
    expect(sum(ours)).toBeLessThanOrEqual(sum(zlib));
  });

  it('makes no more of a page with little on it than zlib at level 6', () => {
    const pages = [0, 1, 8, 100, 300].flatMap((last) => [
      pageOf(PAGE, (at) => (at <= last ? 0xa5 : 0)),
      pageOf(PAGE, (at) => (at <= last ? at * 37 + 1 : 0)),
    ]);
    const packed = withPacker(PAGE, (packer) => pack(packer, pages));
    expectWhole(packed, pages);
    for (const [n, page] of pages.entries()) {
      expect((packed[n] as Uint8Array).length).toBeLessThanOrEqual(deflateSync(page, { level: 6 }).length);
    }
  });

  it('makes the same of a page whatever came before it', () => {
    const page = kernelLike(PAGE, 7);
    const others = [1, 2, 3].map((seed) => pageOf(PAGE, () => numbers(seed)(256)));
    withPacker(PAGE, (packer) => {
      const [alone] = pack(packer, [page]);
      expect(pack(packer, [...others, page, page]).slice(3)).toEqual([alone, alone]);
    });
  });

  it.each([
    ['the module', PAGE],
    ['Node’s zlib', 1 << 17],
  ])('packs in its threads by %s while nobody waits', (_, size) => {
    const page = kernelLike(size, 5);
    withPacker(size, (packer) => {
      const [batch] = packer.batches;
      if (batch === undefined) throw new Error('no batch');
      batch.pages.set(page);
      const none = 1;
      batch.sizes.fill(none);
      packer.start(batch, 1);
      const slept = new Int32Array(new SharedArrayBuffer(4));
      for (let n = 0; n < 2000 && batch.sizes[0] === none; n++) Atomics.wait(slept, 0, 0, 5);
      expect(batch.sizes[0]).toBeGreaterThan(none);
      expect(packer.finish(batch)).toBe(batch.sizes[0]);
      expectWhole([batch.packed.slice(0, batch.sizes[0])], [page]);
    });
  });

  it('leaves pages that the module has no room for to Node’s zlib', () => {
    const size = 1 << 17;
    const pages = [kernelLike(size, 5), new Uint8Array(size)];
    const packed = withPacker(size, (packer) => pack(packer, pages));
    expectWhole(packed, pages);
    expect(packed[1]).toBe('zero');
  });
});
