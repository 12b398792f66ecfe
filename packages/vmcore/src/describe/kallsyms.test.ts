import { describe, expect, it } from 'vitest';
import { type KallsymsOptions, type WrittenSymbol, writeKallsyms } from '../../test/kallsyms_writer.ts';
import { Kallsyms } from './kallsyms.ts';

const IMAGE = 0xffff_ffff_8100_0000n;
const TABLES = 0x80_0000;
const LONG = `long_${'x'.repeat(300)}`;
const error = (code: string) => expect.objectContaining({ name: 'DumpError', code });

/** Text at the start, the tables' place behind it, then data; 700 fillers make three blocks of names. */
function symbols(perCpu: boolean): WrittenSymbol[] {
  const fill = Array.from({ length: 700 }, (_, n) => ({
    name: `fill_${n}`,
    type: 't',
    offset: 0x1000 + n * 16,
  }));
  return [
    ...(perCpu ? [{ name: 'current_task', type: 'A', offset: 0x40, perCpu: true }] : []),
    { name: '_stext', type: 'T', offset: 0 },
    { name: 'startup', type: 'T', offset: 0 },
    ...fill,
    { name: LONG, type: 't', offset: 0x8000 },
    { name: 'twin', type: 't', offset: 0x8100 },
    { name: 'schedule', type: 'T', offset: 0x9000 },
    { name: 'twin', type: 't', offset: 0x9100 },
    { name: '_etext', type: 'T', offset: 0xa000 },
    { name: 'rodata', type: 'R', offset: 0x10_0000 },
    { name: 'init_task', type: 'D', offset: 0x100_0000 },
    { name: 'twin', type: 'b', offset: 0x100_1000 },
    { name: '_end', type: 'B', offset: 0x200_0000 },
  ];
}

function open(options: Partial<KallsymsOptions> = {}) {
  const encoding = options.encoding ?? 'percpu-absolute';
  const { at, memory } = writeKallsyms({
    image: IMAGE,
    symbols: symbols(encoding === 'percpu-absolute'),
    encoding,
    tablesAt: TABLES,
    ...options,
  });
  return { kallsyms: Kallsyms.at(memory, at), memory, at };
}

describe('Kallsyms', () => {
  for (const encoding of ['percpu-absolute', 'base', 'place'] as const) {
    it(`finds names and addresses with ${encoding} offsets`, () => {
      const { kallsyms } = open({ encoding });
      expect(kallsyms.variable('init_task')).toBe(IMAGE + 0x100_0000n);
      expect(kallsyms.find('schedule')).toEqual([
        { name: 'schedule', type: 'T', address: IMAGE + 0x9000n, perCpuOffset: false },
      ]);
      expect(kallsyms.find('twin').map(({ address }) => address - IMAGE)).toEqual([
        0x8100n,
        0x9100n,
        0x100_1000n,
      ]);
      expect(kallsyms.variable('twin')).toBe(IMAGE + 0x100_1000n);
      expect(kallsyms.variable('rodata')).toBe(IMAGE + 0x10_0000n);
      expect(kallsyms.find('sched')).toEqual([]);
      expect(kallsyms.variable('nothing')).toBeUndefined();
      expect(kallsyms.lookup(IMAGE + 0x9012n)).toEqual({
        name: 'schedule',
        address: IMAGE + 0x9000n,
        offset: 0x12,
        size: 0x100,
      });
    });
  }

  it('keeps per-CPU offsets apart from addresses', () => {
    const { kallsyms } = open();
    expect(kallsyms.find('current_task')).toEqual([
      { name: 'current_task', type: 'A', address: 0x40n, perCpuOffset: true },
    ]);
    expect(kallsyms.variable('current_task')).toBe(0x40n);
    expect(kallsyms.lookup(0x41n)).toBeUndefined();
  });

  it('names the first of several symbols at one address, as the kernel does, and keeps the others', () => {
    const { kallsyms } = open();
    expect(kallsyms.lookup(IMAGE + 4n)).toMatchObject({ name: '_stext', offset: 4, size: 0x1000 });
    expect(kallsyms.namesAt(IMAGE + 4n)).toEqual(['_stext', 'startup']);
  });

  it('knows the ends of the image and of its code', () => {
    const { kallsyms } = open();
    expect(kallsyms.lookup(IMAGE - 1n)).toBeUndefined();
    expect(kallsyms.lookup(IMAGE + 0x1ff_ffffn)).toMatchObject({ name: 'twin' });
    expect(kallsyms.lookup(IMAGE + 0x200_0000n)).toBeUndefined();
    expect(kallsyms.lookup(0n)).toBeUndefined();
    expect(kallsyms.lookup(0xffff_8880_0000_0000n)).toBeUndefined();
    expect([0n, 0x9fffn, 0xa000n, 0x10_0001n].map((place) => kallsyms.isText(IMAGE + place))).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it('knows no data where the table has code only', () => {
    const all = symbols(false).filter(({ type }) => /[tT]/.test(type));
    const init = [
      { name: '_sinittext', type: 'T', offset: 0x180_0000 },
      { name: '_einittext', type: 'T', offset: 0x180_1000 },
    ];
    const { kallsyms } = open({ encoding: 'base', symbols: [...all, ...init] });
    expect(kallsyms.hasVariables).toBe(false);
    expect(kallsyms.lookup(IMAGE + 0x9012n)).toMatchObject({ name: 'schedule' });
    expect(kallsyms.lookup(IMAGE + 0x10_0000n)).toBeUndefined();
    expect(kallsyms.isText(IMAGE + 0x10_0000n)).toBe(false);
    expect(kallsyms.lookup(IMAGE + 0x180_0800n)).toMatchObject({ name: '_sinittext' });
    expect(kallsyms.lookup(IMAGE + 0x180_1000n)).toBeUndefined();
  });

  it('tells data from code also where both have the type of code, as in 7.2', () => {
    const init = [
      { name: '_sinittext', type: 'T', offset: 0x180_0000 },
      { name: '_einittext', type: 'T', offset: 0x180_1000 },
    ];
    const all = symbols(false).map((each) => (each.type === 'D' ? { ...each, type: 'T' } : each));
    const { memory, at } = open({
      encoding: 'base',
      symbols: [...all.slice(0, -1), ...init, ...all.slice(-1)],
    });
    const kallsyms = Kallsyms.at(memory, at);
    const isText = [0x9012n, 0x100_0010n, 0x180_0010n].map((place) => kallsyms.isText(IMAGE + place));
    expect(isText).toEqual([true, false, true]);
    expect(kallsyms.variable('init_task')).toBe(IMAGE + 0x100_0000n);
    expect(Kallsyms.at(memory, at, { codeOnly: true }).variable('init_task')).toBeUndefined();
  });

  it('reads names with a length of two bytes', () => {
    const { kallsyms } = open();
    expect(kallsyms.lookup(IMAGE + 0x8001n)?.name).toBe(LONG);
    expect(kallsyms.find(LONG)).toHaveLength(1);
    expect(kallsyms.find('schedule')[0]?.type).toBe('T');
  });

  it('lists everything in order', () => {
    const { kallsyms } = open();
    const wanted = symbols(true);
    expect([...kallsyms.all()].map(({ name, type }) => [name, type])).toEqual(
      wanted.map(({ name, type }) => [name, type]),
    );
    expect(kallsyms.count).toBe(wanted.length);
  });

  it('finds the markers wherever they are, and does without', () => {
    const many = Array.from({ length: 40_000 }, (_, n) => ({
      name: `function_${n}`,
      type: 't',
      offset: n * 16,
    }));
    const end = { name: '_end', type: 'B', offset: 0x200_0000 };
    const pages = (between: 'markers' | 'markers-and-seqs' | 'nothing') => {
      const { kallsyms, memory } = open({ encoding: 'base', symbols: [...many, end], between });
      expect(kallsyms.lookup(IMAGE + 16n * 12_345n + 3n)).toMatchObject({
        name: 'function_12345',
        offset: 3,
      });
      return memory.touched.size;
    };
    expect(pages('markers')).toBeLessThan(25);
    expect(pages('markers-and-seqs')).toBeLessThan(25);
    expect(pages('nothing')).toBeGreaterThan(100);
  });
});

describe('damaged kallsyms', () => {
  it('refuses a count that no kernel has', () => {
    const { at, memory } = open();
    memory.add(at.numSyms, Uint8Array.of(0, 0, 0, 0x70));
    expect(() => Kallsyms.at(memory, at)).toThrow(error('bad-format'));
    memory.add(at.numSyms, Uint8Array.of(0, 0, 0, 0));
    expect(() => Kallsyms.at(memory, at)).toThrow(error('bad-format'));
  });

  it('refuses names that run past their table', () => {
    const { at, memory } = open({ between: 'nothing' });
    memory.add(at.names, new Uint8Array(64).fill(0xff));
    expect(() => Kallsyms.at(memory, at).find('schedule')).toThrow(
      expect.objectContaining({ name: 'DumpError' }),
    );
  });

  it('refuses a token outside the token table', () => {
    const { at, memory } = open();
    memory.add(at.tokenIndex, Uint8Array.of(0xff, 0xff));
    expect(() => Kallsyms.at(memory, at)).toThrow(error('bad-format'));
  });

  it('gives what it has when a page of names is missing', () => {
    const many = Array.from({ length: 4000 }, (_, n) => ({
      name: `function_${n}`,
      type: 't',
      offset: n * 16,
    }));
    const end = { name: '_end', type: 'B', offset: 0x200_0000 };
    const { at, memory } = open({ encoding: 'base', symbols: [...many, end] });
    const kallsyms = Kallsyms.at(memory, at);
    memory.drop(at.names + 8192n);
    expect(kallsyms.lookup(IMAGE + 5n)?.name).toBe('function_0');
    expect(() => kallsyms.find('function_3')).toThrow(error('unmapped'));
    // Found by fuzzing: each look-up went over the table as far as the damage, on the device for five seconds in all.
    const whole = { start: 0, end: kallsyms.count };
    const why = (name: string): unknown => {
      try {
        return kallsyms.names.find(name, whole);
      } catch (reason) {
        return reason;
      }
    };
    expect(why('function_3')).toEqual(error('unmapped'));
    expect(why('function_4')).toBe(why('function_3'));
  });
});
