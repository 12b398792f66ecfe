import { describe, expect, it } from 'vitest';
import { type FakeTask, FakeTasks } from '../../test/fake_tasks.ts';
import { readTask, readTasks } from './tasks.ts';

const TASKS: readonly FakeTask[] = [
  { pid: 1, comm: 'init', values: { __state: 1, start_boottime: 1_160_000_000 } },
  { pid: 2, comm: 'kthreadd', values: { __state: 0x402, flags: 0x20_8040 } },
  {
    pid: 10,
    comm: 'server',
    parent: 1,
    values: { __state: 1, static_prio: 109, prio: 109, utime: 4_000_000 },
  },
  { pid: 11, comm: 'worker', tgid: 10, parent: 1, values: { __state: 2, nvcsw: 7, 'thread_info.cpu': 1 } },
  { pid: 12, comm: 'worker', tgid: 10, parent: 1 },
  { pid: 20, comm: 'gone', parent: 10, values: { __state: 0x80, exit_state: 0x20 } },
];

const pids = (fake: FakeTasks) => readTasks(fake.dump()).tasks.map(({ pid }) => pid);

describe('tasks', () => {
  it('lists idle tasks, processes and threads in the order of the kernel', () => {
    const list = readTasks(new FakeTasks(TASKS).dump());
    expect(list.problems).toEqual([]);
    expect(list.tasks.map(({ pid, tgid, ppid, comm }) => [pid, tgid, ppid, comm])).toEqual([
      [0, 0, undefined, 'swapper/0'],
      [0, 0, undefined, 'swapper/1'],
      [1, 1, 0, 'init'],
      [2, 2, 0, 'kthreadd'],
      [10, 10, 1, 'server'],
      [11, 10, 1, 'worker'],
      [12, 10, 1, 'worker'],
      [20, 20, 10, 'gone'],
    ]);
  });

  it('tells state, kind, priority and times', () => {
    const fake = new FakeTasks(TASKS);
    const { byAddress } = readTasks(fake.dump());
    const task = (pid: number) => byAddress.get(fake.task(pid));
    expect(task(2)).toMatchObject({ state: { letter: 'I' }, kernelThread: true });
    expect(task(10)).toMatchObject({
      nice: -11,
      priority: 109,
      userNanoseconds: 4_000_000,
      kernelThread: false,
    });
    expect(task(11)).toMatchObject({ state: { letter: 'D' }, cpu: 1, voluntarySwitches: 7 });
    expect(task(20)).toMatchObject({ state: { letter: 'Z', word: 'zombie' } });
    expect(task(1)).toMatchObject({ startNanoseconds: 1_160_000_000, lastRanNanoseconds: undefined });
  });

  it('finds tasks behind a wild pointer, by the other end of the list', () => {
    const fake = new FakeTasks(TASKS);
    fake.kernel.memory.number(fake.at(2, 'tasks'), 0xdead_0000_0000_0100n);
    expect(pids(fake).sort((a, b) => a - b)).toEqual([0, 0, 1, 2, 10, 11, 12, 20]);
    expect(readTasks(fake.dump()).problems).toEqual([expect.stringMatching(/breaks off after 2 nodes/)]);
  });

  it('finds tasks by their numbers where the list runs in a circle', () => {
    const fake = new FakeTasks(TASKS);
    const init = fake.at(1, 'tasks');
    fake.kernel.memory.number(fake.at(2, 'tasks'), init);
    // The other way round it is damaged as well.
    fake.kernel.memory.number(fake.at(20, 'tasks') + 8n, fake.at(20, 'tasks'));
    const list = readTasks(fake.dump());
    expect(list.tasks.map(({ pid }) => pid).sort((a, b) => a - b)).toEqual([0, 0, 1, 2, 10, 11, 12, 20]);
    expect(list.problems).toEqual([expect.stringMatching(/runs in a circle/)]);
  });

  it('keeps the process whose list of threads is damaged', () => {
    const fake = new FakeTasks(TASKS);
    fake.kernel.memory.number(fake.at(10, 'thread_node'), 8n);
    fake.kernel.memory.number(fake.at(12, 'thread_node') + 8n, 8n);
    const list = readTasks(fake.dump());
    expect(list.tasks.map(({ pid }) => pid)).toEqual([0, 0, 1, 2, 10, 12, 20, 11]);
    expect(list.problems).toEqual([expect.stringMatching(/breaks off after 1 nodes/)]);
  });

  it('leaves out a task whose memory is missing, and says so', () => {
    const fake = new FakeTasks(TASKS);
    fake.kernel.set('xa_node', fake.kernel.variables.init_pid_ns as bigint, 'slots[0]', 0);
    fake.kernel.memory.number(fake.at(20, 'tasks'), fake.kernel.memory.at(0x5000_0000));
    const list = readTasks(fake.dump());
    expect(list.tasks.map(({ pid }) => pid)).toEqual([0, 0, 1, 2, 10, 11, 12, 20]);
    expect(list.problems.length).toBeGreaterThan(0);
  });

  it('has a task that is on a CPU and on no list', () => {
    const fake = new FakeTasks(TASKS);
    const dying = fake.kernel.object('task_struct', { pid: 99, tgid: 99, comm: 'dying', exit_state: 0x10 });
    fake.kernel.set('rq', (fake.kernel.variables.runqueues as bigint) + 0x100000n, 'curr', dying);
    expect(pids(fake)).toContain(99);
    expect(readTask(fake.dump(), dying)).toMatchObject({ comm: 'dying', state: { letter: 'X' } });
  });
});
