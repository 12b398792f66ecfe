import { describe, expect, it } from 'vitest';
import { BtfWriter } from '../../test/btf_writer.ts';
import { type WrittenSymbol, writeKallsyms } from '../../test/kallsyms_writer.ts';
import { utf8Bytes } from '../bytes/text.ts';
import { KernelDescription } from './kernel_description.ts';
import { Vmcoreinfo } from './vmcoreinfo.ts';

const IMAGE = 0xffff_ffff_8100_0000n;
const EXPORTS = 0x90_0000;
const BTF = 0x98_0000;
const PER_CPU = 0x140_0000;

/** Variables and where they lie, from the image's start. */
const DATA = {
  init_task: 0x100_0000,
  total_swap_pages: 0x100_1000,
  sysctl_overcommit_kbytes: 0x100_1008,
  sysctl_overcommit_ratio: 0x100_1010,
  sysctl_table_root: 0x100_2000,
  tainted_mask: 0x100_3000,
};

/** Functions as compilers make them: `@name` stands for the 4 bytes by which an instruction names a variable. */
const CODE: Readonly<Record<string, string>> = {
  get_taint: '0f 1f 44 00 00 48 8b 05 @tainted_mask c3',
  register_sysctl_sz: '0f 1f 44 00 00 48 89 d1 48 c7 c7 =sysctl_table_root+16 e9 00 00 00 00',
  vm_commit_limit:
    '48 8b 15 @sysctl_overcommit_kbytes 48 85 d2 74 0f 48 89 d0 48 c1 e8 02 48 03 05 @total_swap_pages c3 ' +
    '48 63 05 @sysctl_overcommit_ratio 48 0f af c3 48 03 05 @total_swap_pages c3',
  nmi_panic: '65 8b 15 00 00 00 00 c3',
};

const word = (value: number) => Array.from({ length: 4 }, (_, n) => (value >> (8 * n)) & 0xff);

function assemble(text: string, at: number): number[] {
  const bytes: number[] = [];
  for (const each of text.split(' ')) {
    const [, form = '', name = '', more = '0'] = /^([@=]?)(\w+)(?:\+(\d+))?$/.exec(each) ?? [];
    const place = DATA[name as keyof typeof DATA];
    if (form === '') bytes.push(Number.parseInt(each, 16));
    else if (form === '@') bytes.push(...word(place - (at + bytes.length + 4)));
    else bytes.push(...word(Number(BigInt.asIntN(32, IMAGE + BigInt(place + Number(more))))));
  }
  return bytes;
}

/** Exports with names in ascending order; `kernel_symbol` is three distances, each from its own place. */
function exportTable(
  exports: readonly (readonly [string, number])[],
  add: (at: number, bytes: number[]) => void,
) {
  let names = EXPORTS + 0x1000;
  exports.forEach(([name, place], n) => {
    const at = EXPORTS + n * 12;
    add(at, [...word(place - at), ...word(names - (at + 4)), 0, 0, 0, 0]);
    add(names, [...utf8Bytes(name), 0]);
    names += name.length + 1;
  });
}

function types(): Uint8Array {
  const btf = new BtfWriter();
  const long = btf.int('long unsigned int', 8);
  btf.struct('ctl_table_root', 32, [{ name: 'default_set', type: long, value: 128 }]);
  const first = btf.record(14, 'hidden', 0, long, [0]);
  const second = btf.record(14, 'this_cpu_off', 0, long, [1]);
  btf.record(15, '.data..percpu', 2, 0x40, [first, 0, 8, second, 0x20, 8]);
  // As large as a kernel's at least.
  btf.string('x'.repeat(70_000));
  return btf.bytes();
}

function kernel(kallsymsCodeOnly: boolean): KernelDescription {
  const functions = Object.keys(CODE).map((name, n) => ({ name, type: 'T', offset: 0x1000 + n * 0x100 }));
  const blob = types();
  const symbols: WrittenSymbol[] = [
    { name: '_stext', type: 'T', offset: 0 },
    ...functions,
    { name: '_etext', type: 'T', offset: 0x2000 },
    { name: '__start_BTF', type: 'R', offset: BTF },
    { name: '__stop_BTF', type: 'R', offset: BTF + blob.length },
    ...Object.entries(DATA).map(([name, offset]) => ({ name, type: 'D', offset })),
    { name: '__per_cpu_start', type: 'D', offset: PER_CPU },
    { name: 'hidden', type: 'D', offset: PER_CPU },
    { name: 'this_cpu_off', type: 'D', offset: PER_CPU + 0x20 },
    { name: '_end', type: 'B', offset: 0x200_0000 },
  ];
  const { at, memory } = writeKallsyms({ image: IMAGE, symbols, encoding: 'base', tablesAt: 0x80_0000 });
  const add = (place: number, bytes: number[] | Uint8Array) =>
    memory.add(IMAGE + BigInt(place), Uint8Array.from(bytes));
  for (const { name, offset } of functions) add(offset, assemble(CODE[name] ?? '', offset));
  for (const place of Object.values(DATA)) add(place, [1]);
  add(BTF, blob);
  const fill = Array.from({ length: 30 }, (_, n) => [`fill_${String(n).padStart(2, '0')}`, 0x1000] as const);
  exportTable([...fill, ['init_task', DATA.init_task], ['this_cpu_off', PER_CPU + 0x20]], add);
  const lines = [
    ['kallsyms_names', at.names],
    ['kallsyms_num_syms', at.numSyms],
    ['kallsyms_token_table', at.tokenTable],
    ['kallsyms_token_index', at.tokenIndex],
    ['kallsyms_offsets', at.offsets],
    ['kallsyms_relative_base', at.relativeBase ?? 0n],
  ] as const;
  const text = lines.map(([name, address]) => `SYMBOL(${name})=${address.toString(16)}\n`).join('');
  return new KernelDescription(memory, new Vmcoreinfo(utf8Bytes(text)), { kallsymsCodeOnly });
}

describe('a kernel whose symbols are those of code', () => {
  const whole = kernel(false);
  const codeOnly = kernel(true);

  it('has its variables where they are with all symbols', () => {
    expect(codeOnly.kallsyms.hasVariables).toBe(false);
    expect(codeOnly.kallsyms.variable('init_task')).toBeUndefined();
    for (const [name, place] of Object.entries(DATA)) {
      expect([name, whole.findVariable(name)]).toEqual([name, IMAGE + BigInt(place)]);
      expect([name, codeOnly.findVariable(name)]).toEqual([name, IMAGE + BigInt(place)]);
    }
  });

  it('has its per-CPU variables there too, by one that is exported', () => {
    for (const each of [whole, codeOnly])
      expect(each.findPerCpuVariable('hidden')).toBe(IMAGE + BigInt(PER_CPU));
    expect(codeOnly.findPerCpuVariable('this_cpu_off')).toBe(IMAGE + BigInt(PER_CPU + 0x20));
  });

  it('lacks what no function of its reads, and does not guess where one is not as it should be', () => {
    expect(codeOnly.findVariable('hugetlb_max_hstate')).toBeUndefined();
    expect(codeOnly.findVariable('no_such_thing')).toBeUndefined();
    expect(() => codeOnly.findVariable('panic_cpu')).toThrow(
      'The code of nmi_panic does not tell where panic_cpu is',
    );
  });
});
