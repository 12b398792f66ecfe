import { describe, expect, it } from 'vitest';
import { FakeTasks } from '../../test/fake_tasks.ts';
import { taskNamespaces } from './namespaces.ts';
import { pidNumbers } from './pid.ts';
import { readTasks } from './tasks.ts';

function kernel() {
  const fake = new FakeTasks([
    { pid: 5, comm: 'inside' },
    { pid: 6, comm: 'leaving' },
  ]);
  const { kernel } = fake;
  for (const name of ['ipc_namespace', 'mnt_namespace', 'net', 'uts_namespace', 'user_namespace']) {
    kernel.struct(name, { count: 'int', ns: 'ns_common' });
  }
  // A kernel from before time and cgroup namespaces.
  kernel.struct('nsproxy', {
    count: 'int',
    uts_ns: 'ptr',
    ipc_ns: 'ptr',
    mnt_ns: 'ptr',
    pid_ns_for_children: 'ptr',
    net_ns: 'ptr',
  });
  kernel.struct('cred', { uid: 'u32', user_ns: 'ptr' });
  const cred = kernel.object('cred', { user_ns: kernel.object('user_namespace', { 'ns.inum': 15 }) });
  for (const pid of [5, 6]) kernel.set('task_struct', fake.task(pid), 'real_cred', pid === 5 ? cred : 0x10);
  const nsproxy = kernel.object('nsproxy', {
    uts_ns: kernel.object('uts_namespace', { 'ns.inum': 11 }),
    ipc_ns: kernel.object('ipc_namespace', { 'ns.inum': 12 }),
    mnt_ns: kernel.object('mnt_namespace', { 'ns.inum': 13 }),
    pid_ns_for_children: kernel.object('pid_namespace', { 'ns.inum': 14 }),
    net_ns: 0xdead_0000_0000_0100n,
  });
  kernel.set('task_struct', fake.task(5), 'nsproxy', nsproxy);
  const dump = fake.dump();
  const task = (pid: number) => readTasks(dump).tasks.find((each) => each.pid === pid) ?? expect.fail();
  return { fake, dump, task };
}

describe('namespaces', () => {
  it('gives those that can be read, the pid namespace by the number of the task', () => {
    const { dump, task } = kernel();
    const found = taskNamespaces(dump, task(5));
    expect(Object.fromEntries(Object.entries(found).map(([kind, { inode }]) => [kind, inode]))).toEqual({
      uts: 11,
      ipc: 12,
      mnt: 13,
      pid_for_children: 14,
      pid: 77,
      user: 15,
    });
  });

  it('has only the pid namespace of a task that leaves', () => {
    const { dump, task } = kernel();
    expect(Object.keys(taskNamespaces(dump, task(6)))).toEqual(['pid']);
  });
});

describe('struct pid', () => {
  it('has a number for each level', () => {
    const { fake, dump, task } = kernel();
    expect(pidNumbers(dump, task(5).threadPid)).toEqual([
      { number: 5, namespace: fake.kernel.variables.init_pid_ns },
    ]);
    fake.kernel.set('pid', task(5).threadPid, 'level', 1000);
    const error = expect.objectContaining({ name: 'DumpError', code: 'bad-format' });
    expect(() => pidNumbers(dump, task(5).threadPid)).toThrow(error);
  });
});
