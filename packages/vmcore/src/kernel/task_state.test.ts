import { describe, expect, it } from 'vitest';
import { policyName, taskFlagNames, taskState } from './task_state.ts';

describe('task state', () => {
  // What /proc/PID/status of real kernels shows for these values.
  it.each([
    [0, 0, 'R', 'running'],
    [0x1, 0, 'S', 'sleeping'],
    [0x2, 0, 'D', 'disk sleep'],
    [0x102, 0, 'D', 'disk sleep'],
    [0x402, 0, 'I', 'idle'],
    [0x2402, 0, 'I', 'idle'],
    [0x2001, 0, 'S', 'sleeping'],
    [0x104, 0, 'T', 'stopped'],
    [0x8, 0, 't', 'tracing stop'],
    [0x80, 0x20, 'Z', 'zombie'],
    [0x80, 0x10, 'X', 'dead'],
    [0x40, 0, 'P', 'parked'],
    [0x1000, 0, 'D', 'disk sleep'],
    [0x8000, 0, 'D', 'disk sleep'],
    [0x200, 0, 'R', 'running'],
  ])('%x with exit state %x is %s', (state, exit, letter, word) => {
    expect(taskState(state, exit)).toMatchObject({ letter, word });
  });

  it('names the bits', () => {
    expect(taskState(0x2102, 0).bits).toEqual(['TASK_UNINTERRUPTIBLE', 'TASK_WAKEKILL', 'TASK_FREEZABLE']);
    expect(taskState(0x80, 0x20).bits).toEqual(['EXIT_ZOMBIE', 'TASK_DEAD']);
    expect(taskFlagNames(0x20_8040)).toEqual(['PF_FORKNOEXEC', 'PF_NOFREEZE', 'PF_KTHREAD']);
    expect([policyName(1), policyName(42)]).toEqual(['SCHED_FIFO', 'policy 42']);
  });
});
