import { describe, expect, it } from 'vitest';
import { Checks } from '../checks.ts';
import { statFields, statusLines } from './guest_task.ts';
import { checkWays } from './ways.ts';

function complaints(name: string, state: string, ...stack: string[]): string[] {
  const checks = new Checks();
  const task = {
    pid: 1,
    status: statusLines(`Name:\t${name}\n`),
    stat: statFields(`1 (x) ${state} 0`),
    stack,
    commandLine: undefined,
    namespaces: new Map<string, string>(),
  };
  checkWays([task], checks);
  return checks.failures.filter((each) => !each.includes(': tasks: wanted'));
}

describe('checkWays', () => {
  it('accepts a task that is blocked as its name says', () => {
    expect(complaints('b_pipe', 'S', 'anon_pipe_read+0x1/0x2', 'vfs_read+0x1/0x2')).toEqual([]);
    expect(complaints('b_zombie', 'Z')).toEqual([]);
    const fault = ['handle_userfault+0x1/0x2', 'exc_page_fault+0x1/0x2', 'asm_exc_page_fault+0x1/0x2'];
    expect(complaints('b_fault_kern', 'S', ...fault, 'pipe_write+0x1/0x2')).toEqual([]);
  });

  it('complains of one that is not, or that gave up', () => {
    expect(complaints('b_pipe', 'S', 'pause+0x1/0x2')).toHaveLength(1);
    expect(complaints('b_pipe', 'R', 'pipe_read+0x1/0x2')).toHaveLength(1);
    expect(complaints('x_pipe', 'S', 'pause+0x1/0x2')).toHaveLength(1);
    expect(complaints('b_fault_kern', 'S', 'handle_userfault+0x1/0x2')).toHaveLength(1);
  });

  it('complains of a way that fewer are blocked in', () => {
    const checks = new Checks();
    checkWays([], checks);
    expect(checks.failures).toContain('guest: b_epoll: tasks: wanted 6; found 0');
  });
});
