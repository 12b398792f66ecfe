import { readFileSync } from 'node:fs';
import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compiledLoops } from '../../../../scripts/compiled.ts';
import { ZSTD_SAMPLES } from '../../test/zstd_samples.ts';
import { DumpError } from '../bytes/errors.ts';
import type { Decompress } from '../codecs/codec.ts';
import { codecsWith } from '../codecs/codecs.ts';
import { compiledCodecs } from './codecs.ts';
import { instancesOf } from './wasm.ts';

const ROOM = 4096;
const plain = codecsWith({});
const refuse: Decompress = () => {
  throw new DumpError('bad-format', 'refused');
};
const wasm = compiledCodecs(instancesOf(compiledLoops)(), {
  zlib: refuse,
  lzo: refuse,
  snappy: refuse,
  zstd: refuse,
});

/** What a decompressor makes of input, `refused` for damage. */
function outcome(decompress: Decompress, input: Uint8Array): Uint8Array | 'refused' {
  const output = new Uint8Array(ROOM);
  try {
    return output.subarray(0, decompress(input, output));
  } catch (error) {
    expect(error).toBeInstanceOf(DumpError);
    return 'refused';
  }
}

function expectSame(name: 'zlib' | 'lzo' | 'zstd', input: Uint8Array): void {
  const wanted = outcome(plain[name], input);
  const found = outcome(wasm[name], input);
  if (typeof wanted === 'string' || typeof found === 'string') expect(found).toBe(wanted);
  else expect(Buffer.compare(found, wanted)).toBe(0);
}

const samples = Object.values(ZSTD_SAMPLES).map((make) => make());
const zstdFrames = Object.keys(ZSTD_SAMPLES).map(
  (name) => new Uint8Array(readFileSync(new URL(`../../test/fixtures/zstd/${name}.zst`, import.meta.url))),
);
const zlibStreams = [0, 1, 6, 9].flatMap((level) =>
  samples.map((sample) => new Uint8Array(deflateSync(sample.subarray(0, ROOM), { level }))),
);
const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 });

describe('compiledCodecs', () => {
  it.each([
    ['zlib', zlibStreams],
    ['zstd', zstdFrames],
  ] as const)('reads and refuses what the library does: %s, whole and damaged', (name, streams) => {
    for (const stream of streams) expectSame(name, stream);
    fc.assert(
      fc.property(fc.constantFrom(...streams), damage, fc.nat(), (stream, changes, cut) => {
        const input = stream.slice(0, changes.length % 2 === 0 ? stream.length : cut % (stream.length + 1));
        for (const [at, value] of changes) if (input.length > 0) input[at % input.length] = value;
        expectSame(name, input);
      }),
      { numRuns: 1500 },
    );
  });

  it('refuses a number of sequences that goes on past its block', () => {
    const block = [4 << 3, 1, 2, 3, 4, 0x80];
    const frame = [0x28, 0xb5, 0x2f, 0xfd, 0x20, 4, (block.length << 3) | 5, 0, 0, ...block];
    for (const before of [zstdFrames[0] as Uint8Array, new Uint8Array(100), new Uint8Array(100).fill(1)]) {
      outcome(wasm.zstd, before);
      expect(outcome(wasm.zstd, Uint8Array.from(frame))).toBe('refused');
    }
  });

  it('reads and refuses what the library does: LZO, from instructions at random', () => {
    // Long runs of literals first, so that copies have something to copy; small distances among others.
    const instruction = fc.oneof(
      fc.tuple(fc.integer({ min: 0, max: 15 }), fc.uint8Array({ minLength: 1, maxLength: 20 })),
      fc.tuple(fc.integer({ min: 64, max: 255 }), fc.uint8Array({ minLength: 1, maxLength: 4 })),
      fc.tuple(
        fc.integer({ min: 32, max: 63 }),
        fc.tuple(fc.nat(255), fc.nat(3)).map((pair) => Uint8Array.from(pair)),
      ),
      fc.tuple(fc.integer({ min: 16, max: 31 }), fc.uint8Array({ minLength: 2, maxLength: 3 })),
    );
    const start = fc.uint8Array({ minLength: 200, maxLength: 230 });
    fc.assert(
      fc.property(start, fc.array(instruction, { maxLength: 12 }), fc.boolean(), (literals, list, ends) => {
        const bytes = [literals.length + 17, ...literals];
        for (const [code, operands] of list) bytes.push(code, ...operands);
        if (ends) bytes.push(17, 0, 0);
        expectSame('lzo', Uint8Array.from(bytes));
      }),
      { numRuns: 3000 },
    );
  });

  it('leaves pages larger than its memory to the library', () => {
    const page = new Uint8Array(1 << 17).fill(7);
    const output = new Uint8Array(page.length);
    const both = compiledCodecs(instancesOf(compiledLoops)(), plain);
    expect(both.zlib(new Uint8Array(deflateSync(page)), output)).toBe(page.length);
    expect(Buffer.compare(output, page)).toBe(0);
  });
});
