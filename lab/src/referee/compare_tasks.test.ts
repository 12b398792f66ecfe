import type { VirtualAddress } from '@kcrash/vmcore/bytes/address';
import type { StackFrame } from '@kcrash/vmcore/kernel/stacks';
import type { Task } from '@kcrash/vmcore/kernel/tasks';
import { describe, expect, test } from 'vitest';
import { compareTaskStacks, compareTaskValues, pairTasks } from './compare_tasks.ts';
import type { OurTask } from './our_tasks.ts';
import type { SurveyedFrame, SurveyedObject, SurveyedTask, SurveyedValues } from './survey.ts';

const BASE = 0xffff_ffff_8100_0000n;
const TASK = 0xff11_0000_0123_4000n as VirtualAddress;

const OBJECTS: readonly SurveyedObject[] = [
  { name: 'task_struct', pointer: null, type: 'task_struct', paths: ['pid', 'comm'] },
  { name: 'mm', pointer: 'mm', type: 'mm_struct', paths: ['total_vm'] },
];
const NOTHING: SurveyedValues = { values: null, failure: null };

/** `__schedule+0x10`, `pipe_read+0x20`, `entry+0x30`. */
const PLACES = [
  ['__schedule', 0x1000n, 0x10],
  ['pipe_read', 0x2000n, 0x20],
  ['entry', 0x3000n, 0x30],
] as const;

function ourFrame([symbol, start, offset]: (typeof PLACES)[number]): StackFrame {
  return {
    address: (BASE + start + BigInt(offset)) as VirtualAddress,
    symbol,
    offset,
    size: 0x100,
    module: undefined,
    interrupted: false,
    certainty: 'exact',
    origin: 'call',
    sp: TASK,
    stack: 'task',
    regs: undefined,
  };
}

function theirFrame([symbol, start, offset]: (typeof PLACES)[number]): SurveyedFrame {
  return {
    pc: `0x${(BASE + start + BigInt(offset)).toString(16)}`,
    symbol,
    start: `0x${(BASE + start).toString(16)}`,
  };
}

const OURS: OurTask = {
  // The few of a task's many values that the comparison itself looks at.
  task: { address: TASK, pid: 7, comm: 'cat', stack: BASE as VirtualAddress } as Task,
  stack: {
    frames: PLACES.map(ourFrame),
    end: 'complete',
    detail: undefined,
    cpu: undefined,
    registers: undefined,
    userRegisters: undefined,
  },
  objects: [{ values: ['7', 'cat'], failure: null }, NOTHING],
};

const THEIRS: SurveyedTask = {
  address: `0x${TASK.toString(16)}`,
  letter: 'S',
  cpu: 0,
  stack: {
    frames: [...PLACES.map(theirFrame), { pc: '0x437ccb', symbol: null, start: null }],
    inlined: 2,
    failure: null,
  },
  objects: { task_struct: { values: ['7', 'cat'], failure: null }, mm: NOTHING },
};

describe('tasks', () => {
  test('are paired by their addresses', () => {
    expect(pairTasks([OURS], [THEIRS])).toMatchObject({ differences: [], compared: 1 });
  });

  test('that one side lacks are found', () => {
    const other = { ...THEIRS, address: '0xff11000001239000' };
    expect(pairTasks([OURS], [other]).differences).toEqual([
      'task 7 cat: found it, wanted none',
      'task at 0xff11000001239000: found none, wanted it',
    ]);
  });
});

describe('stacks of tasks', () => {
  const compared = (ours: OurTask, theirs: SurveyedTask) =>
    compareTaskStacks(pairTasks([ours], [theirs]).pairs);
  const withFrames = (frames: readonly SurveyedFrame[], failure: string | null = null) => ({
    ...THEIRS,
    stack: { frames, inlined: 0, failure },
  });
  const frames = THEIRS.stack.frames;

  test('agree but for user space and inlined functions', () => {
    const { differences, notes, compared: count } = compared(OURS, THEIRS);
    expect([differences, count]).toEqual([[], 3]);
    expect(notes).toEqual(["frames of inlined functions, which are drgn's alone: 2"]);
  });

  test('a frame of ours that is missing is found', () => {
    const without = (index: number) => ({
      ...OURS,
      stack: { ...OURS.stack, frames: OURS.stack.frames.toSpliced(index, 1) },
    });
    for (const index of [0, 1, 2]) {
      expect(compared(without(index), THEIRS).differences[0]).toBe(
        'number of frames of 7 cat: found 2, wanted 3',
      );
    }
    expect(compared(without(1), THEIRS).differences[1]).toBe(
      'frame 1 of 7 cat: found entry+0x30, wanted pipe_read+0x20',
    );
  });

  test.each([
    ['a frame too many', frames.toSpliced(1, 1), /^number of frames of 7 cat: found 3, wanted 2/],
    ['another offset', frames.with(1, theirFrame(['pipe_read', 0x2000n, 0x21 as 0x20])), /pipe_read\+0x21$/m],
    [
      'an end',
      [...frames.slice(0, 2), { pc: null, symbol: null, start: null }],
      /^stack of 7 cat: found 3 frames, wanted its end after pipe_read\+0x20$/,
    ],
  ])('%s is found', (_, theirs, words) => {
    expect(compared(OURS, withFrames(theirs)).differences.join('\n')).toMatch(words);
  });

  test('none at all is found', () => {
    expect(compared(OURS, withFrames([], 'unknown ORC entry type 3')).differences).toEqual([
      'stacks: found those of 1 tasks, such as 7 cat, wanted none: unknown ORC entry type 3',
    ]);
  });

  test('from code on that has no debug info drgn may go astray, which is told apart', () => {
    const blind = { ...theirFrame(PLACES[1]), symbol: null, start: null };
    const { differences, compared: count } = compared(OURS, withFrames([frames[0] ?? blind, blind]));
    expect(differences).toEqual([
      'stacks: found those of 1 tasks, such as 7 cat, wanted others, from code on that drgn has no debug info of',
    ]);
    expect(count).toBe(2);
    expect(compared(OURS, withFrames(frames.with(1, blind))).differences).toEqual([]);
  });

  test('another name of the same address is noted', () => {
    const alias = withFrames(frames.with(1, { ...theirFrame(PLACES[1]), symbol: '__do_pipe_read' }));
    const { differences, notes } = compared(OURS, alias);
    expect(differences).toEqual([]);
    expect(notes).toEqual(['pipe_read+0x20 is __do_pipe_read+0x20 to drgn: 1 frames']);
  });

  test('of a task without a stack nothing is compared, and that is noted', () => {
    const ended: OurTask = {
      ...OURS,
      task: { ...OURS.task, stack: 0n as VirtualAddress },
      stack: { ...OURS.stack, frames: [], end: 'no-stack' },
    };
    const { differences, notes, compared: count } = compared(ended, THEIRS);
    expect([differences, count]).toEqual([[], 0]);
    expect(notes).toEqual([expect.stringMatching(/no stack.*: 1$/)]);
  });

  test('guesses are noted', () => {
    const guess = OURS.stack.frames.map((frame) => ({ ...frame, certainty: 'guess' as const }));
    const { notes } = compared({ ...OURS, stack: { ...OURS.stack, frames: guess } }, withFrames(frames));
    expect(notes).toEqual(['frames that kcrash says are a guess: 3']);
  });
});

describe('values of tasks', () => {
  const compared = (objects: SurveyedTask['objects']) =>
    compareTaskValues(pairTasks([OURS], [{ ...THEIRS, objects }]).pairs, OBJECTS);

  test('agree', () => {
    expect(compared(THEIRS.objects)).toEqual({ differences: [], notes: [], compared: 2 });
  });

  test.each([
    [
      'a value',
      { task_struct: { values: ['8', 'cat'], failure: null } },
      /pid of 7 cat: found "7", wanted "8"/,
    ],
    ['an object', { mm: { values: ['1'], failure: null } }, /mm of 7 cat: found "none", wanted "one"/],
    ['a missing page', { mm: { values: null, failure: 'x' } }, /found "none", wanted "not in the dump"/],
  ])('%s that is another is found', (_, change, words) => {
    expect(compared({ ...THEIRS.objects, ...change }).differences.join('\n')).toMatch(words);
  });
});
