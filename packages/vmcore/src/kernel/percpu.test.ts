import { describe, expect, it } from 'vitest';
import { BtfWriter } from '../../test/btf_writer.ts';
import { FakeDump, FakeMemory } from '../../test/fake_dump.ts';
import { addTo } from '../bytes/address.ts';
import { PerCpu } from './percpu.ts';

/** Three possible CPUs, 0, 1 and 3, whose areas lie 0x1000 bytes apart. */
function kernel(variables: Record<string, bigint> = {}) {
  const memory = new FakeMemory();
  const names = {
    nr_cpu_ids: memory.at(0),
    __per_cpu_offset: memory.at(0x100),
    __cpu_possible_mask: memory.at(0x200),
    __cpu_online_mask: memory.at(0x300),
    runqueues: 0x40n,
    ...variables,
  };
  memory.number(names.nr_cpu_ids, 4, 4);
  memory.number(names.__cpu_possible_mask, 0b11011);
  memory.number(names.__cpu_online_mask, 0b0011);
  for (let cpu = 0; cpu < 4; cpu++) {
    memory.number(addTo(names.__per_cpu_offset, cpu * 8), memory.at(0x1000 * (cpu + 1)));
  }
  const btf = new BtfWriter();
  const int = btf.int('int', 4, 1);
  const long = btf.int('long int', 8, 1);
  btf.struct('percpu_counter', 16, [
    { name: 'count', type: long, value: 0 },
    { name: 'counters', type: btf.ptr(int), value: 64 },
  ]);
  return { memory, dump: new FakeDump(memory, names, btf) };
}

const error = (code: string) => expect.objectContaining({ name: 'DumpError', code });

describe('per-CPU memory', () => {
  it('reads the masks up to nr_cpu_ids', () => {
    const perCpu = new PerCpu(kernel().dump);
    expect(perCpu.possible).toEqual([0, 1, 3]);
    expect(perCpu.mask('online')).toEqual([0, 1]);
    expect(perCpu.mask('dying')).toBeUndefined();
  });

  it('adds the offset of a CPU to a variable', () => {
    const { memory, dump } = kernel();
    const perCpu = new PerCpu(dump);
    expect(perCpu.variable('runqueues', 3)).toBe(memory.at(0x4040));
    expect(perCpu.variable('runqueues', 0)).toBe(memory.at(0x1040));
    expect(perCpu.findVariable('pcpu_hot', 0)).toBeUndefined();
    expect(() => perCpu.variable('pcpu_hot', 0)).toThrow(error('not-described'));
    expect(() => perCpu.variable('runqueues', 2)).toThrow(error('not-described'));
  });

  it('sums a counter over the CPUs', () => {
    const { memory, dump } = kernel();
    memory.number(memory.at(0x500), 100);
    memory.number(memory.at(0x508), 0x10);
    [5, -20, 1000, 3].forEach((value, cpu) => {
      memory.number(memory.at(0x1000 * (cpu + 1) + 0x10), value, 4);
    });
    expect(new PerCpu(dump).counter(memory.at(0x500))).toBe(88n);
  });

  it('refuses a number of CPUs that no kernel has', () => {
    const { memory, dump } = kernel();
    memory.number(memory.at(0), 0x7fff_ffff, 4);
    expect(() => new PerCpu(dump)).toThrow(error('bad-format'));
  });

  it('takes a kernel without SMP for one CPU with plain variables', () => {
    const memory = new FakeMemory();
    const perCpu = new PerCpu(new FakeDump(memory, { runqueues: memory.at(0x40) }));
    expect(perCpu.possible).toEqual([0]);
    expect(perCpu.variable('runqueues', 0)).toBe(memory.at(0x40));
  });
});
