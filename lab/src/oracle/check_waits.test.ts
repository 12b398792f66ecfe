import type { ReportTask } from '@kcrash/report/report';
import { describe, expect, it } from 'vitest';
import { Checks } from '../checks.ts';
import { checkWaits } from './check_waits.ts';

const name = (comm: string) => ({ pid: 7, comm, address: '0xffff888000000000' });

function task(comm: string, waits: ReportTask['waits']): ReportTask {
  return {
    ...name(comm),
    tgid: 7,
    ppid: 1,
    state: 'D',
    cpu: 0,
    running: false,
    kernelThread: true,
    startSeconds: 1,
    userSeconds: 0,
    systemSeconds: 0,
    lastRanSeconds: null,
    stack: [],
    stackEnd: { reason: 'complete', detail: null },
    waits,
  };
}

const MUTEX = { kind: 'mutex', address: '0x1', symbol: 'lab_mutex [lab_block]', wants: null, queued: 1 };
const SHARED = { ...MUTEX, kind: 'rwsem', symbol: 'lab_shared [lab_block]', wants: 'write' };

function complaints(
  tasks: readonly ReportTask[],
  deadlocks: readonly (readonly string[])[] = [],
): readonly string[] {
  const checks = new Checks();
  checkWaits({ tasks, deadlocks: deadlocks.map((circle) => circle.map(name)) }, checks);
  return checks.failures;
}

describe('checkWaits', () => {
  it('accepts what a task waits for and who has it', () => {
    const tasks = [
      task('b_mod_mutex', [{ ...MUTEX, holder: { kind: 'task', task: name('lab_middle') } }]),
      task('b_mod_writer', [
        { ...SHARED, holder: { kind: 'readers', count: 1, last: name('lab_reader/of_a') } },
      ]),
    ];
    const found = complaints(tasks, [['lab_right', 'lab_left']]).join('\n');
    expect(found).not.toMatch(/b_mod_mutex|b_mod_writer|deadlocks/);
    expect(found).toContain('waits of lab_middle: wanted a task');
  });

  it('complains of another holder, of none, and of a circle that is missing', () => {
    const tasks = [
      task('b_mod_mutex', [{ ...MUTEX, holder: { kind: 'task', task: name('lab_owner') } }]),
      task('b_mod_writer', []),
    ];
    const found = complaints(tasks).join('\n');
    expect(found).toContain('waits of b_mod_mutex: wanted "mutex lab_mutex [lab_block]: lab_middle"');
    expect(found).toContain('waits of b_mod_writer: wanted');
    expect(found).toContain('deadlocks: wanted [lab_left lab_right]');
  });
});
