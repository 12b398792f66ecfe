import { describe, expect, it } from 'vitest';
import { FakeDump } from '../../test/fake_dump.ts';
import { FakeTasks } from '../../test/fake_tasks.ts';
import { note, prstatus } from '../../test/prstatus_writer.ts';
import type { Note } from '../container/notes.ts';
import { parsePrstatus, readCpuRegisters } from './cpu_registers.ts';
import { stackOf } from './stacks.ts';
import { readTasks } from './tasks.ts';

const CPU = 0x100000n;
const KERNEL_CODE = 0x10n;
const USER_CODE = 0x33n;

/** Task 5 runs on CPU 0, task 6 on CPU 1; task 7 sleeps. */
function kernel() {
  const fake = new FakeTasks([5, 6, 7].map((pid) => ({ pid, comm: `task${pid}` })));
  const { kernel } = fake;
  kernel.struct('inactive_task_frame', { r15: 'u64', bp: 'u64', ret_addr: 'ptr' });
  const queue = kernel.variables.runqueues as bigint;
  kernel.set('rq', queue, 'curr', fake.task(5));
  kernel.set('rq', queue + CPU, 'curr', fake.task(6));
  return fake;
}

const stack = (dump: FakeDump, pid: number) => {
  const task = readTasks(dump).tasks.find((each) => each.pid === pid);
  return task ? stackOf(dump, task) : expect.fail();
};

const core = (bytes: Uint8Array): Note => ({ name: 'CORE', type: 1, bytes });

describe('registers of CPUs', () => {
  it('are read from the kernel’s own notes', () => {
    const fake = kernel();
    const notes = fake.kernel.allocate(512);
    fake.kernel.variable('crash_notes', 'ptr', notes);
    fake.kernel.memory.bytes(notes, note('CORE', 1, prstatus(5, { ip: 0x1234n, cs: USER_CODE })));
    // The other CPU did not answer.
    fake.kernel.memory.bytes(notes + CPU, new Uint8Array(512));
    const registers = readCpuRegisters(fake.dump());
    expect([...registers.keys()]).toEqual([0]);
    expect(registers.get(0)).toMatchObject({ pid: 5, userMode: true, source: 'crash_notes' });
    expect(registers.get(0)?.registers.ip).toBe(0x1234n);
  });

  it('go to the CPU on whose stack they are, whatever the order of the file', () => {
    const fake = kernel();
    const dump = fake.dump();
    const bounds = readTasks(dump).tasks.map(({ pid, stack }) => [pid, stack] as const);
    const low = new Map(bounds);
    const notes = [6, 5].map((pid) =>
      prstatus(0, { sp: (low.get(pid) ?? 0n) + 64n, cs: KERNEL_CODE, ip: BigInt(pid) }),
    );
    const again = new FakeDump(fake.kernel.memory, fake.kernel.variables, fake.kernel.btf, [
      { name: 'VMCOREINFO', type: 0, bytes: new Uint8Array(0) },
      ...notes.map(core),
    ]);
    const found = [...readCpuRegisters(again)].map(([cpu, { registers }]) => [cpu, registers.ip]);
    expect(found.sort()).toEqual([
      [0, 5n],
      [1, 6n],
    ]);
  });

  it('are not taken from a note that is cut off', () => {
    const error = expect.objectContaining({ name: 'DumpError', code: 'out-of-bounds' });
    expect(() => parsePrstatus(prstatus(1, {}).subarray(0, 200))).toThrow(error);
  });
});

describe('a stack', () => {
  it('needs the registers of the CPU for a task that ran', () => {
    expect(stack(kernel().dump(), 5)).toMatchObject({ frames: [], end: 'no-registers', cpu: 0 });
  });

  it('is empty for a task that ran in user space', () => {
    const fake = kernel();
    const notes = [5, 6].map((pid) => core(prstatus(pid, { cs: USER_CODE, ip: 0x40_0000n })));
    const dump = new FakeDump(fake.kernel.memory, fake.kernel.variables, fake.kernel.btf, notes);
    expect(stack(dump, 6)).toMatchObject({ frames: [], end: 'user-mode', cpu: 1, registers: { pid: 6 } });
  });

  it('is gone when the task has exited', () => {
    const fake = kernel();
    fake.kernel.set('task_struct', fake.task(7), 'stack', 0);
    expect(stack(fake.dump(), 7)).toMatchObject({ frames: [], end: 'no-stack', cpu: undefined });
  });

  it('is not looked for where the stack pointer has left it', () => {
    const fake = kernel();
    fake.kernel.set('task_struct', fake.task(7), 'thread.sp', 0xffff_c900_0000_0000n);
    expect(stack(fake.dump(), 7)).toMatchObject({
      frames: [],
      end: 'off-stack',
      detail: 'Its stack pointer 0xffffc90000000000 does not lie on its stack',
    });
  });

  it('says where the dump lacks it', () => {
    const fake = kernel();
    const absent = fake.kernel.memory.at(0x700_0000);
    fake.kernel.set('task_struct', fake.task(7), 'stack', absent);
    fake.kernel.set('task_struct', fake.task(7), 'thread.sp', absent + 64n);
    expect(stack(fake.dump(), 7)).toMatchObject({ frames: [], end: 'absent-memory' });
  });
});
