import type { ReportTask } from '@kcrash/report/report';
import { describe, expect, it } from 'vitest';
import { Checks } from '../checks.ts';
import { checkCpus } from './check_cpus.ts';
import { checkQuiet } from './check_quiet.ts';
import type { TaskPair } from './evidence.ts';

const task = (comm: string, more: Partial<ReportTask> = {}): ReportTask => ({
  pid: 7,
  comm,
  address: '0xffff888000000000',
  tgid: 7,
  ppid: 1,
  state: 'S',
  cpu: 0,
  running: false,
  kernelThread: !/^(b_|spin_|answer)/.test(comm),
  startSeconds: 1,
  userSeconds: 0,
  systemSeconds: 0,
  lastRanSeconds: null,
  stack: [],
  stackEnd: { reason: 'complete', detail: null },
  waits: [],
  ...more,
});

function pair(comm: string, since: TaskPair['since'], ...stack: string[]): TaskPair {
  const guest = {
    pid: 7,
    status: new Map<string, string>(),
    stat: [],
    stack,
    commandLine: undefined,
    namespaces: new Map<string, string>(),
  };
  return { guest, report: task(comm), since };
}

describe('checkQuiet', () => {
  const complaints = (pairs: readonly TaskPair[], added: readonly ReportTask[] = []) => {
    const checks = new Checks();
    checkQuiet(pairs, added, checks);
    return checks.failures.map((each) => each.replace(/: wanted .*; found/s, ':'));
  };
  const quiet = ['rcu_preempt', 'ksoftirqd/0', 'kswapd0', 'khugepaged'].map((comm) => pair(comm, 'still'));

  it('lets some threads of the kernel run, readers of the log, and what spins', () => {
    const pairs = [...quiet, pair('kworker/0:1', 'moved'), pair('b_kmsg', 'moved', 'devkmsg_read+0x1/0x2')];
    expect(complaints([...pairs, pair('b_pipe', 'woken'), pair('spin_user', 'moved')])).toEqual([]);
  });

  it('complains of programs, of threads of the lab, and of too many of the kernel', () => {
    expect(complaints([...quiet, pair('b_pipe', 'moved', 'pipe_read+0x1/0x2')])).toEqual([
      'programs that ran since the answer: "b_pipe"',
    ]);
    expect(complaints([...quiet, pair('lab_owner', 'moved')])).toHaveLength(1);
    expect(complaints(quiet, [task('b_pipe')])[0]).toBe('programs that the guest does not know: "b_pipe"');
    expect(complaints([...quiet, pair('kworker/0:1', 'moved')], [task('kworker/0:2')])).toEqual([
      'kernel threads that ran since the answer: "kworker/0:1 kworker/0:2"',
    ]);
  });
});

describe('checkCpus', () => {
  const frame = (symbol: string, module: string | null = null): ReportTask['stack'][number] => ({
    address: '0xffffffff81000000',
    symbol,
    offset: 1,
    size: 2,
    module,
    certainty: 'exact',
    stack: 'task',
    interrupted: false,
  });
  const cpu = (comm: string, stack: ReportTask['stack'], userMode = false) => ({
    cpu: 0,
    online: true,
    crashed: comm === 'answer',
    task: { pid: 7, comm, address: '0x1' },
    idle: false,
    registers: null,
    userMode,
    spinning: null,
    stack,
    stackEnd: null,
  });
  const panic = {
    message: null,
    reason: [],
    logged: null,
    at: null,
    cpu: 0,
    task: { pid: 7, comm: 'answer', address: '0x1' },
    registers: null,
    registersFrom: null,
    code: null,
    stack: ['sysrq_handle_crash', 'write_sysrq_trigger', 'do_syscall_64'].map((name) => frame(name)),
    stackEnd: null,
  };
  const cpus = [
    cpu('lab_spinner', [frame('lab_spin_here', 'lab_block')]),
    cpu('spin_user', [], true),
    cpu('spin_kernel', [frame('read_zero')]),
  ];
  const busy = [
    task('answer', { running: true }),
    task('lab_spinner', { running: true, cpu: 2 }),
    task('spin_kernel', { running: true, cpu: 3 }),
  ];
  const complaints = (user: readonly ReportTask[]) => {
    const checks = new Checks();
    checkCpus({ panic, cpus, tasks: [...busy, ...user] }, true, checks);
    return checks.failures;
  };

  it('accepts a spinning program, also one that the kernel has pushed off its CPU', () => {
    expect(complaints([task('spin_user', { running: true, state: 'R', cpu: 1 })])).toEqual([]);
    const pushing = task('kworker/1:0', { running: true, state: 'R', cpu: 1 });
    expect(complaints([task('spin_user', { state: 'R', cpu: 1 }), pushing])).toEqual([]);
  });

  it('complains of one that does not spin', () => {
    const pushing = task('kworker/0:0', { running: true, state: 'R', cpu: 0 });
    expect(complaints([task('spin_user', { state: 'R', cpu: 1 }), pushing])).toHaveLength(1);
    expect(complaints([task('spin_user', { state: 'S', cpu: 0 }), pushing])).toHaveLength(1);
  });
});
