import type { ReportFrame, ReportLogItem, ReportTask } from '@kcrash/report/report';
import { describe, expect, it } from 'vitest';
import { Checks } from '../checks.ts';
import { Agreement } from './agreement.ts';
import { compareCodeOnly } from './compare_code_only.ts';
import { compareDmesg, compareLog } from './compare_log.ts';
import { compareStacks } from './compare_stacks.ts';
import { compareTasks } from './compare_tasks.ts';
import type { TaskPair } from './evidence.ts';
import { type GuestTask, statFields, statusLines } from './guest_task.ts';

function complaints(compare: (agreement: Agreement) => void): string[] {
  const agreement = new Agreement();
  compare(agreement);
  const checks = new Checks();
  agreement.check(checks);
  return checks.failures.map((each) => each.replace(/: wanted .*/s, ''));
}

const frame = (address: number, symbol: string | null, more: Partial<ReportFrame> = {}): ReportFrame => ({
  address: `0xffffffff8100${address.toString(16).padStart(4, '0')}`,
  symbol,
  offset: symbol === null ? null : 0x12,
  size: symbol === null ? null : 0x340,
  module: null,
  certainty: 'exact',
  stack: 'task',
  interrupted: false,
  ...more,
});

const TASK: ReportTask = {
  pid: 12,
  comm: 'b_pipe',
  address: '0xffff888000000000',
  tgid: 12,
  ppid: 1,
  state: 'S',
  cpu: 3,
  running: false,
  kernelThread: false,
  startSeconds: 12.34,
  userSeconds: 0,
  systemSeconds: 0,
  lastRanSeconds: null,
  stack: [
    frame(0x10, '__schedule'),
    frame(0x1000, 'pipe_read'),
    frame(0x2000, 'lab_read', { module: 'lab' }),
  ],
  stackEnd: { reason: 'complete', detail: null },
  waits: [],
};

function guest(more: Partial<GuestTask> = {}, name = 'b_pipe', flags = 0): GuestTask {
  const behind = Array.from({ length: 50 }, (_, i) => (i === 6 ? flags : i === 19 ? 1234 : i === 36 ? 3 : 0));
  return {
    pid: 12,
    status: statusLines(`Name:\t${name}\nState:\tS (sleeping)\nTgid:\t12\nPPid:\t1\n`),
    stat: statFields(`12 (x) ${behind.join(' ')}`),
    stack: ['pipe_read+0x12/0x340', 'lab_read+0x12/0x340 [lab]'],
    commandLine: undefined,
    namespaces: new Map(),
    ...more,
  };
}

const pair = (
  report: Partial<ReportTask> = {},
  since: TaskPair['since'] = 'still',
  of = guest(),
): TaskPair => ({
  guest: of,
  report: { ...TASK, ...report },
  since,
});
const HIDDEN = [[0xffffffff81000000n, 0xffffffff81001000n]] as const;

describe('compareTasks', () => {
  const found = (one: TaskPair) => complaints((agreement) => compareTasks([one], agreement));

  it('accepts what is the same', () => {
    expect(found(pair())).toEqual([]);
  });

  it('finds each thing that is not', () => {
    expect(found(pair({ tgid: 13, ppid: null, startSeconds: 12.35, kernelThread: true }))).toEqual([
      'tasks: tgid',
      'tasks: ppid',
      'tasks: kernel thread',
      'tasks: start',
    ]);
    expect(found(pair({ state: 'D', cpu: 2 }))).toEqual(['tasks: state', 'tasks: cpu']);
    expect(found(pair({ comm: 'b_pip' }))).toEqual(['tasks: name']);
  });

  it('does not ask of a task that ran for what running changes', () => {
    expect(found(pair({ state: 'R', cpu: 2 }, 'moved'))).toEqual([]);
    expect(found(pair({ state: 'R', tgid: 13 }, 'running'))).toEqual(['tasks: tgid']);
  });

  it('does not ask for the state of a task that was woken', () => {
    expect(found(pair({ state: 'R', cpu: 2 }, 'woken'))).toEqual([]);
    expect(found(pair({ state: 'R', tgid: 13 }, 'woken'))).toEqual(['tasks: tgid']);
    expect(found(pair({ state: 'R' }))).toEqual(['tasks: state']);
  });

  it('knows how names of kernel threads go on', () => {
    const thread = (comm: string, name: string) =>
      found(pair({ comm, kernelThread: true }, 'still', guest({}, name, 0x200000)));
    expect(thread('kworker/0:1', 'kworker/0:1-events')).toEqual([]);
    expect(thread('lab_reader/of_a', 'lab_reader/of_a_long_name')).toEqual([]);
    expect(thread('kworker/0:1', 'kworker/0:11')).toEqual(['tasks: name']);
  });
});

describe('compareStacks', () => {
  const found = (one: TaskPair) => complaints((agreement) => compareStacks([one], HIDDEN, agreement));

  it('leaves out what the kernel does', () => {
    expect(found(pair())).toEqual([]);
  });

  it('finds a frame too many, too few or with another offset', () => {
    const [first, second, third] = TASK.stack;
    if (first === undefined || second === undefined || third === undefined)
      throw new Error('the fixture has three frames');
    expect(found(pair({ stack: [...TASK.stack, frame(0x3000, 'more')] }))).toEqual(['stacks']);
    expect(found(pair({ stack: [first, second] }))).toEqual(['stacks', 'frames', 'frames in modules']);
    expect(found(pair({ stack: [first, { ...second, offset: 1 }, third] }))).toHaveLength(2);
    const guessed = { ...second, certainty: 'guess' } as const;
    expect(found(pair({ stack: [first, guessed, third] }))).toEqual(['frames: certainty']);
    expect(found(pair({ stack: [{ ...first, certainty: 'guess' }, second, third] }))).toHaveLength(1);
    expect(found(pair({ stack: [second, third] }, 'woken'))).toEqual(['stacks: innermost']);
  });

  it('does not look at tasks that ran', () => {
    expect(found(pair({ stack: [] }, 'moved'))).toEqual([]);
  });
});

describe('compareLog', () => {
  const record: ReportLogItem = {
    kind: 'record',
    sequence: 7,
    nanoseconds: 1_234_567_890,
    level: 6,
    facility: 0,
    caller: null,
    text: 'one\ntwo',
    dictionary: { SUBSYSTEM: 'pci' },
  };
  const kmsg = '6,7,1234567,-;one\\x0atwo\n SUBSYSTEM=pci\n';

  it('accepts the same records, whatever comes after', () => {
    expect(
      complaints((agreement) => compareLog([record, { ...record, sequence: 8 }], kmsg, agreement)),
    ).toEqual([]);
    const dmesg = '[    1.234567] one\n[    1.234567] two\n';
    expect(complaints((agreement) => compareDmesg([record], dmesg, agreement))).toEqual([]);
  });

  it('finds what differs', () => {
    const other: ReportLogItem = { ...record, text: 'one', level: 5, dictionary: null };
    const found = complaints((agreement) => compareLog([other], kmsg, agreement));
    expect(found).toEqual(['log: text', 'log: level', 'log: dictionary']);
    expect(complaints((agreement) => compareDmesg([], '[    1.234567] one\n', agreement))).toHaveLength(1);
  });
});

describe('compareCodeOnly', () => {
  const found = (whole: unknown, codeOnly: unknown) => {
    const agreement = new Agreement();
    compareCodeOnly(whole, codeOnly, agreement);
    const checks = new Checks();
    agreement.check(checks);
    return [Object.values(agreement.counts()), checks.failures.length];
  };

  it('compares each value', () => {
    const report = { a: [1, { b: null }], c: [], d: 'x' };
    expect(found(report, structuredClone(report))).toEqual([[4], 0]);
    for (const other of [
      { a: [1, { b: null }], c: [] },
      { ...report, c: [7] },
      { ...report, d: ['x'] },
      null,
    ])
      expect(found(report, other)[1]).toBe(1);
  });
});
