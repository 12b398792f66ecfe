import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compiledLoops } from '../../../../scripts/compiled.ts';
import { BtfWriter } from '../../test/btf_writer.ts';
import { writeKallsyms } from '../../test/kallsyms_writer.ts';
import { flagOf, pageLayoutWith, TYPES_BY_BYTE } from '../../test/page_layouts.ts';
import { DumpError } from '../bytes/errors.ts';
import { Btf } from '../describe/btf.ts';
import type { NamedKind } from '../describe/btf_type.ts';
import { Kallsyms } from '../describe/kallsyms.ts';
import type { KernelMemory } from '../describe/kernel_memory.ts';
import { bytesSource, PagedBytes } from '../describe/paged_bytes.ts';
import { BLOCK_HEAD, BLOCK_PAGE, type PageSearchTables, type TableLoops } from '../describe/table_loops.ts';
import { ClassMap } from '../pages/class_map.ts';
import { FlagPass } from '../pages/flag_pass.ts';
import { PAGE_TYPES, type PageLayout } from '../pages/page_layout.ts';
import { searchWith } from '../pages/page_search.ts';
import { compiledTables } from './tables.ts';
import { instancesOf } from './wasm.ts';

const instance = instancesOf(compiledLoops);
const loops = () => compiledTables(instance());

/** What comes of work, or with which code it was refused. */
function outcome<T>(work: () => T): T | string {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof DumpError)) throw error;
    return error.code;
  }
}

/** A copy with some bytes changed. */
function damaged(bytes: Uint8Array, changes: readonly (readonly [number, number])[]): Uint8Array {
  const copy = bytes.slice();
  for (const [at, value] of changes) copy[at % copy.length] = value;
  return copy;
}

const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 });
const NAMES = Array.from({ length: 900 }, (_, n) => `name_${(n * 7919) % 641}_${n % 3}`);

describe('compiledTables', () => {
  it('finds the types that the library finds, in damaged blobs too', () => {
    const w = new BtfWriter();
    for (const [n, name] of NAMES.entries()) {
      if (n % 3 === 0) w.int(name, 4, 0);
      else if (n % 3 === 1) w.struct(name, 8, [{ name: 'a', type: 1, value: 0 }]);
      else w.typedef(name, 1);
    }
    const whole = w.bytes();
    const all = (bytes: Uint8Array, with_: TableLoops | undefined) => {
      const btf = new Btf(new PagedBytes(bytesSource(bytes), 'BTF', 0, with_));
      const kinds: NamedKind[] = ['int', 'struct', 'typedef'];
      return [...NAMES, 'none'].map((name) => kinds.map((kind) => outcome(() => btf.findAll(kind, name))));
    };
    expect(all(whole, loops()).flat(2)).toContain(1);
    fc.assert(
      fc.property(damage, (changes) => {
        const bytes = damaged(whole, changes);
        expect(outcome(() => all(bytes, loops()))).toEqual(outcome(() => all(bytes, undefined)));
      }),
      { numRuns: 60 },
    );
  });

  it('finds the symbols that the library finds, in damaged tables too', () => {
    const symbols = NAMES.map((name, n) => ({ name, type: n < 800 ? 't' : 'd', offset: 0x1000 + n * 16 }));
    const image = 0xffff_ffff_8100_0000n;
    const { at, memory } = writeKallsyms({ image, symbols, encoding: 'base', tablesAt: 0x80_0000 });
    const all = (changes: readonly (readonly [number, number])[], with_: TableLoops | undefined) => {
      const changed: KernelMemory = {
        read: (address, length) => {
          const bytes = memory.read(address, length);
          return address >= at.names && address < at.names + 0x1000n ? damaged(bytes, changes) : bytes;
        },
      };
      const kallsyms = Kallsyms.at(changed, at, { loops: with_ });
      return [...NAMES, 'none'].map((name) =>
        outcome(() => kallsyms.find(name).map(({ address }) => address)),
      );
    };
    expect(all([], loops()).flat()).toContain(image + 0x1000n);
    fc.assert(
      fc.property(damage, (changes) => {
        expect(outcome(() => all(changes, loops()))).toEqual(outcome(() => all(changes, undefined)));
      }),
      { numRuns: 40 },
    );
  });
});

const BY_BIT: PageLayout['types'] = {
  base: 0xf000_0000,
  bits: [
    [0x80, PAGE_TYPES.indexOf('buddy')],
    [0x100, PAGE_TYPES.indexOf('offline')],
    [0x200, PAGE_TYPES.indexOf('table')],
  ],
};
const FLAGS = ['PG_lru', 'PG_head', 'PG_slab', 'PG_reserved', 'PG_private', 'PG_swapbacked', 'PG_hwpoison'];
const LOW = 0x8000;
const struct = fc.record({
  flags: fc.constantFrom(0, 0, ...FLAGS.map(flagOf), flagOf('PG_lru') | flagOf('PG_swapbacked'), 3),
  compound: fc.constantFrom(0, 0, 0, LOW + 1, LOW + 8 * 64 + 1, LOW + 16 * 64 + 1, 0x99),
  high: fc.constantFrom(0, 0xffff_ffff, 0xdead_0000),
  pool: fc.constantFrom(0, 0x40, 0x41),
  mapping: fc.constantFrom(0, 0, 1, 2, 0x1000),
  order: fc.constantFrom(0, 1, 3, 9, 40),
  mapcount: fc.constantFrom(0xffff_ffff, 0xffff_ffff, 0, 0xf0ff_ffff, 0xf1ff_ffff, 0xf4ff_ffff, 0xffff_ff7f),
  refcount: fc.constantFrom(0, 1, 2),
});

describe('FlagPass', () => {
  it.each([
    ['highest byte', TYPES_BY_BYTE],
    ['cleared bit', BY_BIT],
  ])('says the same with compiled loops, where the type is a %s', (_, types) => {
    const classified = (words: Uint32Array, with_: TableLoops | undefined) => {
      const classes = new ClassMap(with_);
      const findings: string[] = [];
      classes.cover(0);
      const pass = new FlagPass(pageLayoutWith(types, 4), classes, findings, with_);
      for (let first = 0; first * 16 < words.length; first += 32)
        pass.take(words.subarray(first * 16, (first + 32) * 16), first, 32, LOW + first * 64, 64);
      pass.finish();
      const found = Array.from({ length: 64 }, (__, frame) => classes.get(frame));
      return { found, findings, slabs: pass.slabs, unnamed: pass.unnamed };
    };
    const compiled = loops();
    fc.assert(
      fc.property(fc.array(struct, { minLength: 64, maxLength: 64 }), (structs) => {
        const words = new Uint32Array(64 * 16);
        for (const [n, page] of structs.entries()) {
          words.set([page.flags, 0, page.compound, page.high, page.pool, page.high, page.mapping, 0], n * 16);
          words.set([page.order, 0, page.mapcount, page.refcount], n * 16 + 10);
        }
        expect(classified(words, compiled)).toEqual(classified(words, undefined));
      }),
      { numRuns: 300 },
    );
  });
});

describe('the search for addresses of pages', () => {
  const direct = { base: 0xffff_9c00_0000_0000n, length: 64 * 4096 };
  const parts = [
    { base: 0xffff_ea00_ffff_f000n, length: 32 * 64, first: 0 },
    { base: 0xffff_ea01_1000_0000n, length: 32 * 64, first: 32 },
  ];
  const tables = (kinds: Uint8Array): PageSearchTables => {
    for (const frame of [3, 17, 40]) kinds.fill(BLOCK_PAGE, frame, frame + 4);
    for (const frame of [3, 17, 40]) kinds[frame] = BLOCK_HEAD | BLOCK_PAGE;
    return { direct, pageSize: 4096, structBytes: 64, parts, kinds };
  };
  const word = fc.oneof(
    fc.nat(70).map((frame) => direct.base + BigInt(frame * 4096)),
    fc.nat(70 * 4096).map((at) => direct.base + BigInt(at)),
    fc.tuple(fc.nat(1), fc.nat(34), fc.nat(5)).map(([part, n, bits]) => {
      return (parts[part]?.base ?? 0n) + BigInt(n * 64 + bits);
    }),
    fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
  );

  it('finds the same compiled', () => {
    const compiled = loops();
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 64 }), (words) => {
        const seen = compiled.room(64) ?? new Uint8Array(0);
        seen.fill(0);
        const plain = new Uint8Array(64);
        const bytes = compiled.room(words.length * 8) ?? new Uint8Array(0);
        new BigUint64Array(bytes.buffer, bytes.byteOffset, words.length).set(words);
        compiled.search(tables(seen))?.(bytes);
        searchWith(tables(plain))(bytes);
        expect([...seen]).toEqual([...plain]);
      }),
      { numRuns: 300 },
    );
  });
});

describe('ClassMap', () => {
  it('counts, and has the same runs, with compiled loops', () => {
    const compiled = loops();
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(70_000), fc.nat(300), fc.nat(9)), { maxLength: 12 }), (fills) => {
        const told = [compiled, undefined].map((with_) => {
          const map = new ClassMap(with_);
          map.cover(0);
          map.cover(1 << 15);
          for (const [start, length, value] of fills) map.fill(start, start + length, value);
          const wanted = Uint8Array.from({ length: 256 }, (_, value) => value & 1);
          const next = map.nextOf(wanted);
          const fills_ = fills.map(([start, length]) => next(start, start + length));
          return { counts: map.counts(), runs: [...map.ranges(wanted)], fills_ };
        });
        expect(told[0]).toEqual(told[1]);
      }),
      { numRuns: 40 },
    );
  });
});

describe('entries of a page table', () => {
  it('are those present, but for large pages where they are skipped', () => {
    const compiled = loops();
    const page = compiled.room(4096) ?? new Uint8Array(0);
    const room = compiled.room(4096) ?? new Uint8Array(0);
    const found = new Float64Array(room.buffer, room.byteOffset, 512);
    const entry = fc.tuple(fc.nat(0xf_ffff), fc.nat(0xffff_ffff), fc.constantFrom(0, 1, 0x81, 0x80));
    fc.assert(
      fc.property(fc.array(entry, { minLength: 512, maxLength: 512 }), fc.boolean(), (entries, skip) => {
        const words = new Uint32Array(page.buffer, page.byteOffset, 1024);
        words.set(entries.flatMap(([high, low, bits]) => [(low & ~0xff) | bits, high]));
        const count = compiled.tableEntries(page, 8, 500, [0xf_ffff, 0xffff_f000], skip, found);
        const wanted = entries
          .slice(8, 500)
          .filter(([, , bits]) => (bits & 1) !== 0 && !(skip && (bits & 0x80) !== 0))
          .map(([high, low]) => high * 2 ** 32 + ((low & 0xffff_f000) >>> 0));
        expect([...found.subarray(0, count)]).toEqual(wanted);
      }),
      { numRuns: 30 },
    );
  });
});
