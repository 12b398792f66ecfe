import { describe, expect, it } from 'vitest';
import { FakeTasks } from '../../test/fake_tasks.ts';
import { commandLine, readTaskMemory } from './task_memory.ts';
import { readTasks } from './tasks.ts';

const CPU = 0x100000n;

function kernel(perCpuCounters: boolean) {
  const fake = new FakeTasks([
    { pid: 5, comm: 'process' },
    { pid: 6, comm: 'kthread', values: { flags: 0x20_0000 } },
    { pid: 7, comm: 'exited' },
  ]);
  const { kernel } = fake;
  kernel.struct('percpu_counter', { count: 'long', counters: 'ptr' });
  kernel.struct('mm_rss_stat', { count: 'atomic_long[4]' });
  kernel.struct('mm_struct', {
    pgd: 'ptr',
    map_count: 'int',
    hiwater_rss: 'u64',
    hiwater_vm: 'u64',
    total_vm: 'u64',
    locked_vm: 'u64',
    data_vm: 'u64',
    exec_vm: 'u64',
    stack_vm: 'u64',
    pgtables_bytes: 'atomic_long',
    arg_start: 'u64',
    arg_end: 'u64',
    rss_stat: perCpuCounters ? 'percpu_counter[4]' : 'mm_rss_stat',
  });
  const mm = kernel.object('mm_struct', { total_vm: 500, map_count: 21, 'pgtables_bytes.counter': 40_960 });
  kernel.set('task_struct', fake.task(5), 'mm', mm);
  [100, 50, 7, 3].forEach((pages, kind) => {
    if (!perCpuCounters) {
      kernel.set('mm_struct', mm, `rss_stat.count[${kind}].counter`, pages);
      return;
    }
    const counters = kernel.allocate(4);
    kernel.memory.number(counters, 5, 4);
    kernel.memory.number(counters + CPU, -2, 4);
    kernel.set('mm_struct', mm, `rss_stat[${kind}].count`, pages - 3);
    kernel.set('mm_struct', mm, `rss_stat[${kind}].counters`, counters);
  });
  const dump = fake.dump();
  const task = (pid: number) => readTasks(dump).tasks.find((each) => each.pid === pid) ?? expect.fail();
  return { dump, task, mm, kernel };
}

describe('memory of a task', () => {
  it.each([true, false])('is counted in pages, per CPU: %s', (perCpuCounters) => {
    const { dump, task } = kernel(perCpuCounters);
    expect(readTaskMemory(dump, task(5))).toMatchObject({
      totalPages: 500,
      mappings: 21,
      pageTableBytes: 40_960,
      filePages: 100,
      anonymousPages: 50,
      swapPages: 7,
      sharedMemoryPages: 3,
    });
  });

  it('is none for kernel threads and what has exited', () => {
    const { dump, task } = kernel(true);
    expect(readTaskMemory(dump, task(6))).toBeUndefined();
    expect(commandLine(dump, task(6))).toEqual({ words: undefined, missing: 'it is a kernel thread' });
    expect(commandLine(dump, task(7))).toEqual({ words: undefined, missing: 'it has exited' });
  });
});

describe('a command line', () => {
  it('says why it is not known', () => {
    const { dump, task, mm, kernel: fake } = kernel(true);
    expect(commandLine(dump, task(5))).toEqual({ words: [], missing: undefined });
    fake.set('mm_struct', mm, 'arg_end', 20);
    expect(commandLine(dump, task(5))).toEqual({
      words: undefined,
      missing: 'The page tables of the process are not in the dump',
    });
  });
});
