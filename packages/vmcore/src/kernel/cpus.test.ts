import { describe, expect, it } from 'vitest';
import { FakeKernel } from '../../test/fake_kernel.ts';
import type { VirtualAddress } from '../bytes/address.ts';
import { crashedCpu, readCpus } from './cpus.ts';
import { taskStackBounds } from './stack_bounds.ts';

const CPU = 0x100000n;

/** Two CPUs with stacks of their own; the second was never brought up. */
function kernel(hot: boolean) {
  const fake = new FakeKernel();
  fake.cpus(2);
  fake.variable('__cpu_online_mask', 'u64', 0b01);
  fake.variable('__cpu_present_mask', 'u64', 0b11);
  fake.struct('rq', { nr_running: 'u32', curr: 'ptr', idle: 'ptr' });
  fake.struct('task_struct', { stack: 'ptr' });
  fake.struct('irq_stack', { stack: 'u8[16384]' });
  fake.struct('entry_stack', { words: 'u64[64]' });
  fake.struct('entry_stack_page', { stack: 'entry_stack' });
  fake.struct('cea_exception_stacks', {
    DF_stack_guard: 'u8[4096]',
    DF_stack: 'u8[8192]',
    NMI_stack_guard: 'u8[4096]',
    NMI_stack: 'u8[8192]',
  });
  fake.struct('cpu_entry_area', {
    gdt: 'u8[4096]',
    entry_stack_page: 'entry_stack_page',
    estacks: 'cea_exception_stacks',
  });
  const idle = fake.object('task_struct', { stack: 0x7000_0000 });
  const task = fake.object('task_struct', { stack: 0x8000_0000 });
  const variable = (name: string, size: number) => {
    const at = fake.allocate(size);
    // Every CPU starts with what the kernel was linked with.
    fake.memory.bytes(at + CPU, new Uint8Array(size));
    fake.variables[name] = at;
    return at;
  };
  fake.object('rq', { curr: task, idle }, variable('runqueues', fake.size('rq')));
  fake.memory.number(variable('cea_exception_stacks', 8), 0xffff_fe00_0000_2200n);
  if (hot) {
    fake.struct('pcpu_hot', { current_task: 'ptr', top_of_stack: 'u64', hardirq_stack_ptr: 'ptr' });
    const at = variable('pcpu_hot', 24);
    const values = { current_task: task, top_of_stack: 0x8000_3ff0, hardirq_stack_ptr: 0x9000_3ff8 };
    fake.object('pcpu_hot', values, at);
    fake.object('pcpu_hot', { current_task: idle }, (at + CPU) as VirtualAddress);
  } else {
    fake.memory.number(variable('current_task', 8), task);
    fake.memory.number((fake.variables.current_task as bigint) + CPU, idle);
    fake.memory.number(variable('hardirq_stack_ptr', 8), 0x9000_4000);
    fake.struct('thread_union', { stack: 'u8[32768]' });
  }
  return { fake, idle, task };
}

describe('CPUs', () => {
  it.each([true, false])('have a task and stacks, with pcpu_hot: %s', (hot) => {
    const { fake, idle, task } = kernel(hot);
    const [first, second] = readCpus(fake.dump());
    expect(first).toMatchObject({
      number: 0,
      online: true,
      present: true,
      current: task,
      idle,
      problems: [],
    });
    expect(first?.stacks).toEqual([
      { name: 'IRQ', low: 0x9000_0000n, high: 0x9000_4000n },
      { name: '#DF', low: 0xffff_fe00_0000_3200n, high: 0xffff_fe00_0000_5200n },
      { name: 'NMI', low: 0xffff_fe00_0000_6200n, high: 0xffff_fe00_0000_8200n },
      { name: 'ENTRY', low: 0xffff_fe00_0000_1000n + 0x1000n, high: 0xffff_fe00_0000_2200n },
    ]);
    expect(second).toMatchObject({
      online: false,
      present: true,
      current: undefined,
      idle: undefined,
      stacks: [],
    });
  });

  it('keep the size of a stack in where its top is, or in a type', () => {
    const stack = 0x8000_0000n as VirtualAddress;
    expect(taskStackBounds(kernel(true).fake.dump(), stack)?.high).toBe(0x8000_4000n);
    expect(taskStackBounds(kernel(false).fake.dump(), stack)?.high).toBe(0x8000_8000n);
    expect(taskStackBounds(kernel(true).fake.dump(), 0n as VirtualAddress)).toBeUndefined();
  });

  it('say what could not be read', () => {
    const { fake } = kernel(true);
    delete fake.variables.runqueues;
    const [first] = readCpus(fake.dump());
    expect(first?.problems).toEqual(['CPU 0: The kernel has no per-CPU variable runqueues']);
    expect(first?.stacks.length).toBe(4);
  });
});

describe('the crashed CPU', () => {
  it('is the one that panicked, or that stopped the others', () => {
    const { fake } = kernel(true);
    expect(crashedCpu(fake.dump())).toBeUndefined();
    fake.variable('crashing_cpu', 'int', 1);
    expect(crashedCpu(fake.dump())).toBe(1);
    const panic = fake.variable('panic_cpu', 'int', -1);
    expect(crashedCpu(fake.dump())).toBe(1);
    fake.memory.number(panic, 0, 4);
    expect(crashedCpu(fake.dump())).toBe(0);
  });
});
