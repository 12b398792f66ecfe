import { describe, expect, test } from 'vitest';
import { OOPS_LOG, PANIC_LOG } from './examples.ts';
import { kernelCrash, placeOf } from './kernel_trace.ts';

describe('the crash that a log ends with', () => {
  test('a panic: its line, its task, and the trace after it', () => {
    const crash = kernelCrash(PANIC_LOG);
    expect(crash).toMatchObject({ kind: 'panic', cpu: 0, pid: 0, command: 'swapper/0', userAddress: null });
    expect(crash.headlines).toEqual(['Kernel panic - not syncing: NMI: Not continuing']);
    expect(crash.trace.filter(({ reliable }) => reliable).map(placeOf)).toEqual([
      'dump_stack_lvl+0x44',
      'panic+0x118',
      'nmi_panic.cold+0xc',
      'unknown_nmi_error.cold+0x3b',
      'exc_nmi+0x11e',
      'end_repeat_nmi+0x16',
      'native_safe_halt+0xb',
      'amd_e400_idle+0x3d',
      'do_idle+0x206',
      'secondary_startup_64_no_verify+0xe4',
    ]);
    expect(crash.trace.filter(({ kind }) => kind === 'interrupted')).toHaveLength(1);
  });

  test('an oops: from the place it struck to user space', () => {
    const crash = kernelCrash(OOPS_LOG);
    expect(crash).toMatchObject({
      kind: 'oops',
      cpu: 1,
      pid: 136,
      command: 'insmod',
      userAddress: 0x47fbe9n,
    });
    expect(crash.headlines).toEqual([
      'Oops: 0002 [#1] PREEMPT SMP NOPTI',
      'BUG: kernel NULL pointer dereference, address: 0000000000000000',
    ]);
    expect(crash.trace[0]).toEqual({
      kind: 'interrupted',
      symbol: 'lab_crash_here',
      offset: 0x27,
      size: 0x80,
      reliable: true,
    });
    expect(crash.trace.filter(({ reliable }) => !reliable).map(({ symbol }) => symbol)).toEqual([
      null,
      'do_fault',
      '__handle_mm_fault',
    ]);
  });

  test('the last crash counts, and a name with spaces and the words of 6.12 are read', () => {
    const later = OOPS_LOG.replaceAll('[#1]', '[#2]').replace(
      'PID: 136 Comm: insmod Kdump: loaded',
      'UID: 0 PID: 7 Comm: a b Kdump: loaded',
    );
    expect(kernelCrash(OOPS_LOG + later)).toMatchObject({ pid: 7, command: 'a b' });
  });

  test.each([
    ['no crash', OOPS_LOG.replace(/^.*\[#1\].*$/m, ''), /tells of no crash/],
    ['no task', OOPS_LOG.replace(/^.*Comm: .*$/m, ''), /which task crashed/],
    ['no trace', OOPS_LOG.replace(/^.*Call Trace:.*$/m, ''), /no call trace/],
  ])('a log with %s is refused', (_, log, words) => {
    expect(() => kernelCrash(log)).toThrow(words);
  });
});
