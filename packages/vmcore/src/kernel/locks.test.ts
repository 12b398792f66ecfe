import { describe, expect, it } from 'vitest';
import { FakeKernel } from '../../test/fake_kernel.ts';
import { addTo, type VirtualAddress } from '../bytes/address.ts';
import { readSpinLock } from './lock_holder.ts';
import { type Wait, waitCycles, waitsOf } from './locks.ts';
import { readTasks } from './tasks.ts';

const NUMBERS = { pid: 'int', tgid: 'int', exit_state: 'int', flags: 'u32', policy: 'u32', prio: 'int' };
const TIMES = { start_boottime: 'u64', utime: 'u64', stime: 'u64', nvcsw: 'u64', nivcsw: 'u64' };
const POINTERS = { real_parent: 'ptr', group_leader: 'ptr', mm: 'ptr', real_cred: 'ptr', nsproxy: 'ptr' };

/** A kernel with tasks whose stacks are empty but for what a test puts there. */
function kernel(count: number) {
  const fake = new FakeKernel();
  fake.struct('thread', { sp: 'u64' });
  fake.struct('entity', { sum_exec_runtime: 'u64' });
  fake.struct('task_struct', {
    ...{ __state: 'u32', on_cpu: 'int', static_prio: 'int', rt_priority: 'u32', comm: 'char[16]' },
    ...{ ...NUMBERS, ...TIMES, ...POINTERS, se: 'entity', thread: 'thread', stack: 'ptr' },
    ...{
      tasks: 'list_head',
      thread_node: 'list_head',
      thread_pid: 'ptr',
      signal: 'ptr',
      pi_blocked_on: 'ptr',
    },
  });
  fake.struct('signal_struct', { thread_head: 'list_head' });
  fake.struct('mutex', { owner: 'atomic_long', wait_lock: 'int', osq: 'int', wait_list: 'list_head' });
  fake.struct('mutex_waiter', { list: 'list_head', task: 'ptr', ww_ctx: 'ptr' });
  fake.struct('rw_semaphore', {
    ...{ count: 'atomic_long', owner: 'atomic_long', osq: 'int', wait_lock: 'int', wait_list: 'list_head' },
  });
  fake.struct('rwsem_waiter', { list: 'list_head', task: 'ptr', type: 'u32', timeout: 'u64' });
  fake.struct('semaphore', { lock: 'int', count: 'u32', wait_list: 'list_head' });
  fake.struct('semaphore_waiter', { list: 'list_head', task: 'ptr', up: 'u8' });
  fake.struct('swait_queue_head', { lock: 'int', task_list: 'list_head' });
  fake.struct('swait_queue', { task: 'ptr', task_list: 'list_head' });
  fake.struct('completion', { done: 'u32', wait: 'swait_queue_head' });
  fake.struct('rt_mutex_base', { wait_lock: 'int', owner: 'ptr' });
  fake.struct('rt_mutex_waiter', { task: 'ptr', lock: 'ptr' });
  const tasks = Array.from({ length: count }, (_, pid) => {
    const stack = fake.allocate(16384);
    const sp = addTo(stack, 12000);
    return { stack, sp, at: fake.object('task_struct', { pid, stack, 'thread.sp': sp }) };
  });
  const [init, ...others] = tasks.map(({ at }) => at);
  fake.variables.init_task = init as bigint;
  const head = addTo(init as VirtualAddress, fake.offset('task_struct', 'tasks'));
  fake.list(head, 'task_struct', 'tasks', others);
  /** Puts a waiter on a task's stack. */
  const waiter = (n: number, type: string, values: Record<string, bigint | number> = {}, depth = 200) => {
    const task = tasks[n];
    if (!task) throw new Error(`no task ${n}`);
    return fake.object(type, { task: task.at, ...values }, addTo(task.sp, depth));
  };
  return { fake, tasks: tasks.map(({ at }) => at), waiter };
}

function waits(fake: FakeKernel, functions: readonly string[] = []): Map<VirtualAddress, Wait[]> {
  const dump = fake.dump();
  const all = readTasks(dump).tasks.map((task) => [task.address, waitsOf(dump, task, functions)] as const);
  return new Map(all.filter(([, found]) => found.length > 0));
}

describe('mutex', () => {
  function held() {
    const { fake, tasks, waiter } = kernel(4);
    const [, holder, first, second] = tasks as [
      VirtualAddress,
      VirtualAddress,
      VirtualAddress,
      VirtualAddress,
    ];
    const mutex = fake.object('mutex', { 'owner.counter': holder | 1n });
    const waiters = [waiter(2, 'mutex_waiter'), waiter(3, 'mutex_waiter')];
    fake.list(addTo(mutex, fake.offset('mutex', 'wait_list')), 'mutex_waiter', 'list', waiters);
    return { fake, mutex, holder, first, second, waiters };
  }

  it('says who waits and who holds it, first in line first', () => {
    const { fake, mutex, holder, first, second, waiters } = held();
    const found = waits(fake);
    const wait = { kind: 'mutex', address: mutex, wants: undefined, queue: [first, second] };
    const held_ = { ...wait, holder: { kind: 'task', task: holder } };
    expect(found.get(first)).toEqual([{ ...held_, waiter: waiters[0] }]);
    expect(found.get(second)).toEqual([{ ...held_, waiter: waiters[1] }]);
    expect(found.size).toBe(2);
  });

  it('does not believe a waiter that an earlier sleep left on the stack', () => {
    const { fake, mutex, first, waiters } = held();
    // Only the second waits now; what the first left still points at the list.
    fake.list(addTo(mutex, fake.offset('mutex', 'wait_list')), 'mutex_waiter', 'list', waiters.slice(1));
    expect(waits(fake).has(first)).toBe(false);
    expect(waits(fake).size).toBe(1);
  });

  it('does not believe a waiter below the stack pointer', () => {
    const { fake, first } = held();
    fake.set('task_struct', first, 'thread.sp', addTo(first, 0));
    expect(waits(fake).has(first)).toBe(false);
  });

  it('does not take for a mutex what names no task or has no mark of waiters', () => {
    const { fake, mutex, holder } = held();
    fake.set('mutex', mutex, 'owner.counter', holder);
    expect(waits(fake).size).toBe(0);
    fake.set('mutex', mutex, 'owner.counter', 0x1234_5679);
    expect(waits(fake).size).toBe(0);
  });

  it('was free, and somebody about to get it, where the owner is 0', () => {
    const { fake, mutex, first } = held();
    fake.set('mutex', mutex, 'owner.counter', 1);
    expect(waits(fake).get(first)?.[0]?.holder).toEqual({ kind: 'none' });
  });

  it('gives up on a list that two nodes could be the head of', () => {
    const { fake, mutex, waiters } = held();
    fake.set('mutex_waiter', waiters[1] as bigint, 'task', 0);
    expect(waits(fake).size).toBe(0);
    expect(mutex).toBeDefined();
  });
});

describe('rwsem', () => {
  function taken(count: number, owner: bigint) {
    const { fake, tasks, waiter } = kernel(4);
    const rwsem = fake.object('rw_semaphore', { 'count.counter': count, 'owner.counter': owner });
    const waiters = [waiter(2, 'rwsem_waiter', { type: 0 }), waiter(3, 'rwsem_waiter', { type: 1 })];
    fake.list(addTo(rwsem, fake.offset('rw_semaphore', 'wait_list')), 'rwsem_waiter', 'list', waiters);
    const [, , writer, reader] = tasks as [bigint, bigint, VirtualAddress, VirtualAddress];
    return { fake, rwsem, writer, reader, tasks };
  }

  it('says which writer has it, and what each waiter wants', () => {
    const { fake, rwsem, writer, reader, tasks } = taken(3, 0n);
    fake.set('rw_semaphore', rwsem, 'owner.counter', tasks[1] as bigint);
    const found = waits(fake);
    const wait = { kind: 'rwsem', address: rwsem, holder: { kind: 'task', task: tasks[1] } };
    expect(found.get(writer)?.[0]).toMatchObject({ ...wait, wants: 'write', queue: [writer, reader] });
    expect(found.get(reader)?.[0]).toMatchObject({ ...wait, wants: 'read' });
  });

  it('counts readers, and needs the frames where a mutex could look the same', () => {
    const { fake, rwsem, writer, tasks } = taken(0x302, 0n);
    fake.set('rw_semaphore', rwsem, 'owner.counter', (tasks[1] as bigint) | 1n);
    expect(waits(fake).has(writer)).toBe(false);
    const found = waits(fake, ['schedule', 'rwsem_down_write_slowpath', 'down_write', 'main']);
    expect(found.get(writer)?.[0]).toMatchObject({
      kind: 'rwsem',
      holder: { kind: 'readers', count: 3, last: tasks[1] },
    });
  });

  it('has no holder while it is handed over', () => {
    const { fake, writer } = taken(2, 0n);
    expect(waits(fake, ['down_write']).get(writer)?.[0]?.holder).toEqual({ kind: 'none' });
  });
});

describe('semaphore and completion', () => {
  it('are claimed with the frames that tell them, and without a holder', () => {
    const { fake, tasks, waiter } = kernel(3);
    const semaphore = fake.object('semaphore');
    const list = addTo(semaphore, fake.offset('semaphore', 'wait_list'));
    fake.list(list, 'semaphore_waiter', 'list', [waiter(1, 'semaphore_waiter')]);
    const completion = fake.object('completion');
    const head = addTo(completion, fake.offset('completion', 'wait.task_list'));
    fake.list(head, 'swait_queue', 'task_list', [waiter(2, 'swait_queue')]);
    const [, down, waiting] = tasks as [bigint, VirtualAddress, VirtualAddress];

    expect(waits(fake).has(down)).toBe(false);
    expect(waits(fake).get(waiting)?.[0]?.kind).toBe('simple wait queue');
    expect(waits(fake, ['___down_common', '__down', 'down']).get(down)?.[0]).toMatchObject({
      kind: 'semaphore',
      address: semaphore,
      holder: { kind: 'unknown' },
    });
    expect(waits(fake, ['wait_for_completion']).get(waiting)?.[0]).toMatchObject({
      kind: 'completion',
      address: completion,
      queue: [waiting],
    });
  });
});

describe('rt_mutex', () => {
  it('is what the task says it is blocked on, if that names the task again', () => {
    const { fake, tasks } = kernel(3);
    const [, holder, blocked] = tasks as [bigint, VirtualAddress, VirtualAddress];
    const lock = fake.object('rt_mutex_base', { owner: holder | 1n });
    const waiter = fake.object('rt_mutex_waiter', { task: blocked, lock });
    fake.set('task_struct', blocked, 'pi_blocked_on', waiter);
    fake.set('task_struct', holder, 'pi_blocked_on', waiter);
    const found = waits(fake);
    expect(found.get(blocked)).toMatchObject([{ kind: 'rt_mutex', address: lock, holder: { task: holder } }]);
    expect(found.size).toBe(1);
  });
});

describe('deadlocks', () => {
  const task = (n: number) => BigInt(n) as VirtualAddress;
  const waitFor = (n: number): Wait[] => [
    {
      ...{ kind: 'mutex', address: task(0), wants: undefined, queue: [], waiter: task(0) },
      holder: { kind: 'task', task: task(n) },
    },
  ];

  it('are circles of tasks, each given once', () => {
    const circle = new Map([
      [task(9), waitFor(1)],
      [task(1), waitFor(2)],
      [task(2), waitFor(3)],
      [task(3), waitFor(1)],
      [task(4), waitFor(5)],
    ]);
    expect(waitCycles(circle)).toEqual([[task(1), task(2), task(3)]]);
  });

  it('may be one task that waits for itself', () => {
    expect(waitCycles(new Map([[task(1), waitFor(1)]]))).toEqual([[task(1)]]);
  });
});

describe('spin lock', () => {
  it('tells who is last in line, and no owner where the kernel notes none', () => {
    const fake = new FakeKernel();
    fake.struct('qspinlock', { val: 'atomic' });
    fake.struct('raw_spinlock', { raw_lock: 'qspinlock' });
    const read = (value: number) =>
      readSpinLock(fake.dump(), fake.object('raw_spinlock', { 'raw_lock.val.counter': value }));
    expect(read(0)).toEqual({ locked: false, contended: false, lastCpu: undefined, owner: undefined });
    expect(read(1)).toMatchObject({ locked: true, contended: false });
    expect(read(0x101)).toMatchObject({ locked: true, contended: true, lastCpu: undefined });
    expect(read(0x0010_0001)).toMatchObject({ locked: true, contended: true, lastCpu: 3 });
  });
});
