import { describe, expect, it } from 'vitest';
import { BtfWriter } from '../../test/btf_writer.ts';
import { writeKallsyms } from '../../test/kallsyms_writer.ts';
import { PiecewiseMemory } from '../../test/piecewise_memory.ts';
import { virtualAddress } from '../bytes/address.ts';
import { Btf } from './btf.ts';
import { Kallsyms } from './kallsyms.ts';
import { readExports } from './ksymtab.ts';
import { type LoadedModule, readModules } from './modules.ts';
import { Symbols, symbolText } from './symbols.ts';
import { Types } from './types.ts';

const HEAD = virtualAddress(0xffff_ffff_8260_0100n);
const IMAGE = 0xffff_ffff_8100_0000n;
const MODULES = 0xffff_ffff_c000_0000n;
/** Offsets in the `struct module` that is written here. */
const AT = { list: 8, name: 24, memory: 80, kallsyms: 192, arch: 200, btfSize: 224, btf: 232 };

/** `struct module`, as of v6.4 and later (`mem[]`) or before (`core_layout`). */
function moduleTypes(layout: 'mem' | 'core_layout'): Types {
  const w = new BtfWriter();
  const int = w.int('unsigned int', 4);
  const pointer = w.ptr(0);
  const char = w.int('char', 1, 1);
  const name = w.array(char, 56);
  const list = w.struct('list_head', 16, [
    { name: 'next', type: pointer, value: 0 },
    { name: 'prev', type: pointer, value: 64 },
  ]);
  const state = w.enum('module_state', [
    ['MODULE_STATE_LIVE', 0],
    ['MODULE_STATE_UNFORMED', 3],
  ]);
  const arch = w.struct('mod_arch_specific', 24, [
    { name: 'num_orcs', type: int, value: 0 },
    { name: 'orc_unwind_ip', type: pointer, value: 64 },
    { name: 'orc_unwind', type: pointer, value: 128 },
  ]);
  const parts = { base: [pointer, 0], size: [int, 64], text_size: [int, 96] } as const;
  const part = w.struct(
    layout === 'mem' ? 'module_memory' : 'module_layout',
    16,
    Object.entries(parts).map(([field, [type, value]]) => ({ name: field, type, value })),
  );
  w.enum('mod_mem_type', [
    ['MOD_TEXT', 0],
    ['MOD_DATA', 1],
    ['MOD_INIT_TEXT', 4],
  ]);
  const regions =
    layout === 'mem'
      ? [{ name: 'mem', type: w.array(part, 7), value: AT.memory * 8 }]
      : [
          { name: 'core_layout', type: part, value: AT.memory * 8 },
          { name: 'init_layout', type: part, value: AT.memory * 8 + 128 },
        ];
  w.struct('module', 240, [
    { name: 'state', type: state, value: 0 },
    { name: 'list', type: list, value: AT.list * 8 },
    { name: 'name', type: name, value: AT.name * 8 },
    ...regions,
    { name: 'kallsyms', type: pointer, value: AT.kallsyms * 8 },
    { name: 'arch', type: arch, value: AT.arch * 8 },
    { name: 'btf_data_size', type: int, value: AT.btfSize * 8 },
    { name: 'btf_data', type: pointer, value: AT.btf * 8 },
  ]);
  w.struct('mod_kallsyms', 32, [
    { name: 'symtab', type: pointer, value: 0 },
    { name: 'num_symtab', type: int, value: 64 },
    { name: 'strtab', type: pointer, value: 128 },
    { name: 'typetab', type: pointer, value: 192 },
  ]);
  return new Types(Btf.of(w.bytes()));
}

interface WrittenModule {
  name: string;
  state?: number;
  /** Symbols by offset from the module's text; section 0 is undefined. */
  symbols?: [string, number, number?][];
}

const textOf = (n: number) => MODULES + BigInt(n) * 0x10_0000n;
const dataOf = (n: number) => textOf(n) + 0x8000n;

/** A list of modules: text of 0x2000 bytes each, and data where the `struct module` lies. */
function write(
  memory: PiecewiseMemory,
  modules: WrittenModule[],
  layout: 'mem' | 'core_layout' = 'mem',
): void {
  const word = (address: bigint, value: bigint | number, size = 8) => {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true);
    memory.add(address, bytes.subarray(0, size));
  };
  const listOf = (n: number) => (n < 0 || n >= modules.length ? HEAD : dataOf(n) + BigInt(AT.list));
  memory.add(HEAD, new Uint8Array(16));
  word(HEAD, listOf(0));
  word(HEAD + 8n, listOf(modules.length - 1));
  modules.forEach(({ name, state = 0, symbols = [] }, n) => {
    const at = dataOf(n);
    const put = (offset: number, value: bigint | number, size = 8) => word(at + BigInt(offset), value, size);
    memory.add(at, new Uint8Array(0x800));
    put(0, state, 4);
    put(AT.list, listOf(n + 1));
    put(AT.list + 8, listOf(n - 1));
    memory.add(at + BigInt(AT.name), new TextEncoder().encode(name));
    put(AT.memory, textOf(n));
    put(AT.memory + 8, layout === 'mem' ? 0x2000 : 0x9000, 4);
    put(AT.memory + 12, layout === 'mem' ? 0 : 0x2000, 4);
    if (layout === 'mem') {
      put(AT.memory + 16, at);
      put(AT.memory + 24, 0x1000, 4);
    }
    put(AT.kallsyms, at + 0x100n);
    put(0x100, at + 0x200n);
    put(0x108, symbols.length + 1, 4);
    put(0x110, at + 0x500n);
    let strings = '\0';
    symbols.forEach(([symbol, offset, section = 1], m) => {
      const entry = 0x200 + (m + 1) * 24;
      put(entry, strings.length, 4);
      put(entry + 6, section, 2);
      put(entry + 8, textOf(n) + BigInt(offset));
      strings += `${symbol}\0`;
    });
    memory.add(at + 0x500n, new TextEncoder().encode(strings));
    put(0x118, at + 0x500n + BigInt(strings.length));
  });
}

describe('readModules', () => {
  for (const layout of ['mem', 'core_layout'] as const) {
    it(`reads the list by ${layout}`, () => {
      const memory = new PiecewiseMemory();
      write(memory, [{ name: 'ext4' }, { name: 'loading', state: 3 }, { name: 'loop' }], layout);
      const { modules, problem } = readModules(memory, moduleTypes(layout), HEAD);
      expect(problem).toBeUndefined();
      expect(modules.map(({ name }) => name)).toEqual(['ext4', 'loop']);
      expect(modules[1]?.regions[0]).toEqual({
        start: textOf(2),
        end: textOf(2) + 0x2000n,
        text: true,
        init: false,
      });
      expect(modules[1]?.regions[1]).toMatchObject({ text: false });
      expect(modules[1]?.orc).toBeUndefined();
    });
  }

  it('keeps the modules before the damage', () => {
    const memory = new PiecewiseMemory();
    write(memory, [{ name: 'first' }, { name: 'second' }, { name: 'third' }]);
    memory.drop(dataOf(1));
    const cut = readModules(memory, moduleTypes('mem'), HEAD);
    expect(cut.modules.map(({ name }) => name)).toEqual(['first']);
    expect(cut.problem).toMatchObject({ code: 'unmapped' });
    write(memory, [{ name: 'first' }, { name: 'second' }]);
    const ring = new Uint8Array(8);
    new DataView(ring.buffer).setBigUint64(0, dataOf(1) + BigInt(AT.list), true);
    memory.add(dataOf(1) + BigInt(AT.list), ring);
    const circle = readModules(memory, moduleTypes('mem'), HEAD);
    expect(circle.modules).toHaveLength(2);
    expect(circle.problem).toMatchObject({ code: 'runaway' });
  });
});

describe('Symbols', () => {
  const { at, memory } = writeKallsyms({
    image: IMAGE,
    encoding: 'base',
    tablesAt: 0x80_0000,
    symbols: [
      { name: '_stext', type: 'T', offset: 0 },
      { name: 'schedule', type: 'T', offset: 0x100 },
      { name: 'panic', type: 'T', offset: 0x200 },
      { name: 'init_task', type: 'D', offset: 0x100_0000 },
      { name: '_end', type: 'B', offset: 0x200_0000 },
    ],
  });
  write(memory, [
    {
      name: 'loop',
      symbols: [
        ['lo_open', 0x100],
        ['alias', 0x100],
        ['absent', 0x40, 0],
        ['.L1', 0x180],
        ['lo_close', 0x200],
        ['schedule', 0x300],
      ],
    },
  ]);
  const types = moduleTypes('mem');
  const modules: readonly LoadedModule[] = readModules(memory, types, HEAD).modules;
  const symbols = new Symbols(memory, types, Kallsyms.at(memory, at), modules);
  const text = (address: bigint) => {
    const symbol = symbols.lookup(address);
    return symbol && symbolText(symbol);
  };

  it('prints addresses of kernel and modules as the kernel does', () => {
    expect(text(IMAGE + 0x112n)).toBe('schedule+0x12/0x100');
    expect(text(textOf(0) + 0x1a0n)).toBe('lo_open+0xa0/0x100 [loop]');
    expect(text(textOf(0) + 0x1800n)).toBe('schedule+0x1500/0x1d00 [loop]');
    expect(text(textOf(0) + 0x50n)).toBeUndefined();
    expect(text(0x1234n)).toBeUndefined();
  });

  it('looks return addresses up where the call is', () => {
    const address = virtualAddress(IMAGE + 0x200n);
    expect(symbols.ofFrame({ address, interrupted: true })).toMatchObject({ name: 'panic', offset: 0 });
    expect(symbols.ofFrame({ address, interrupted: false })).toMatchObject({
      name: 'schedule',
      offset: 0x100,
    });
  });

  it('finds names in all tables, or in one module', () => {
    expect(symbols.find('schedule').map(({ address, module }) => [address, module])).toEqual([
      [IMAGE + 0x100n, undefined],
      [textOf(0) + 0x300n, 'loop'],
    ]);
    expect(symbols.find('loop:schedule')).toHaveLength(1);
    expect(symbols.find('absent')).toEqual([]);
  });

  it('tells code from data', () => {
    const places = [IMAGE + 0x150n, IMAGE + 0x100_0000n, textOf(0) + 5n, dataOf(0)];
    expect(places.map((address) => symbols.isText(address))).toEqual([true, false, true, false]);
  });

  it('goes on without the symbols of a module that lost them', () => {
    const broken = modules.map((module) => ({ ...module, kallsyms: virtualAddress(0x1000n) }));
    const without = new Symbols(memory, types, Kallsyms.at(memory, at), broken);
    expect(without.lookup(textOf(0) + 0x1a0n)).toBeUndefined();
    expect(without.isText(textOf(0) + 0x1a0n)).toBe(true);
  });
});

describe('readExports', () => {
  const FROM = virtualAddress(0xffff_ffff_8220_0000n);

  function exporting(names: string[]): PiecewiseMemory {
    const table = FROM + 0x3004n;
    const strings = FROM + 0x9000n;
    const memory = new PiecewiseMemory([{ address: FROM, bytes: new Uint8Array(0xa000) }]);
    let next = strings;
    names.forEach((name, n) => {
      const entry = table + BigInt(n * 12);
      const bytes = new Uint8Array(12);
      const view = new DataView(bytes.buffer);
      view.setInt32(0, Number(FROM + 0x40_0000n + BigInt(n * 64) - entry), true);
      view.setInt32(4, Number(next - (entry + 4n)), true);
      memory.add(entry, bytes);
      memory.add(next, new TextEncoder().encode(`${name}\0`));
      next += BigInt(name.length + 1);
    });
    return memory;
  }

  it('finds the exported symbols of both tables', () => {
    const sorted = (letter: string, count: number) =>
      Array.from({ length: count }, (_, n) => `${letter}_${String(n).padStart(3, '0')}`);
    const names = [...sorted('work', 60), 'zz_init_task', ...sorted('gpl', 40)];
    const exports = readExports(exporting(names), FROM);
    expect(exports.size).toBe(names.length);
    expect(exports.get('zz_init_task')).toBe(FROM + 0x40_0000n + 60n * 64n);
    expect(exports.get('gpl_039')).toBe(FROM + 0x40_0000n + 100n * 64n);
  });

  it('is empty where nothing is like a table', () => {
    expect(readExports(exporting(['b', 'a']), FROM).size).toBe(0);
    expect(readExports(new PiecewiseMemory(), FROM).size).toBe(0);
  });
});
