import { describe, expect, test } from 'vitest';
import { compareCrashStack } from './compare_crash_stack.ts';
import { type Backtrace, parseBacktrace } from './crash_output.ts';
import { OOPS_BT, OOPS_LOG, PANIC_BT, PANIC_LOG } from './examples.ts';
import { kernelCrash } from './kernel_trace.ts';

function backtrace(text: string): Backtrace {
  const found = parseBacktrace(text);
  if (found === null) throw new Error('no backtrace');
  return found;
}

function differences(bt: string, log: string): readonly string[] {
  return compareCrashStack(backtrace(bt), kernelCrash(log)).differences;
}

describe("crash's bt against the kernel's own trace", () => {
  test('an oops agrees, and says what was allowed for', () => {
    const { differences, notes } = compareCrashStack(backtrace(OOPS_BT), kernelCrash(OOPS_LOG));
    expect(differences).toEqual([]);
    expect(notes.join('\n')).toMatch(
      /way into the capture kernel: asm_exc_page_fault, oops_end, crash_kexec/,
    );
    expect(notes.join('\n')).toMatch(/crash shows 1 that the kernel marks "\?": do_fault\+0x1a7/);
  });

  test('a panic in an NMI agrees across its change of stack', () => {
    const { differences, notes } = compareCrashStack(backtrace(PANIC_BT), kernelCrash(PANIC_LOG));
    expect(differences).toEqual([]);
    expect(notes.join('\n')).toMatch(/passes over nmi_panic\.cold\+0xc, past its function's end/);
  });

  test.each([
    ['a missing frame', /^ #8 .*\n/m, '', /frame: found none in its place, wanted do_one_initcall\+0x59/],
    ['one of several equal frames', /^ #7 .*\n/m, '', /wanted lab_crash_nest\+0x14/],
    ['the last frame', /^#11 .*\n/m, '', /wanted entry_SYSCALL_64_after_hwframe\+0x6e/],
    ['another offset', 'do_one_initcall+0x59', 'do_one_initcall+0x5a', /found do_one_initcall\+0x5a/],
    ['another function', 'do_one_initcall', 'do_two_initcalls', /found do_two_initcalls/],
    ['another exception', 'lab_crash_here+39', 'lab_crash_here+40', /wanted lab_crash_here\+0x27/],
    ['another task', 'PID: 136', 'PID: 137', /^PID: found 137, wanted 136/],
    ['another CPU', 'CPU: 1', 'CPU: 0', /^CPU: found 0, wanted 1/],
    ['another command', '"insmod"', '"rmmod"', /^COMMAND: found "rmmod"/],
    [
      'another place in user space',
      'RIP: 000000000047fbe9',
      'RIP: 000000000047fbea',
      /user space: found "0x47fbea"/,
    ],
    ['no exception frame', /^ +\[exc.*\n/m, '', /wanted an exception frame/],
    ['no way into the capture kernel', /^ #0 .*\n/m, '', /innermost frame: found "__crash_kexec"/],
    ['a line of an unknown form', /$/, 'bt: cannot go on\n', /"bt: cannot go on"/],
  ])('%s is found', (_, from, to, words) => {
    const found = differences(OOPS_BT.replace(from, to), OOPS_LOG);
    expect(found.length).toBeGreaterThan(0);
    expect(found.join('\n')).toMatch(words);
  });

  test('two frames in the wrong order are found', () => {
    const swapped = OOPS_BT.replace(/^( #8 .*\n)( #9 .*\n)/m, '$2$1');
    expect(differences(swapped, OOPS_LOG)).not.toEqual([]);
  });

  test('what the kernel marks "?" may be missing, but a frame it does not have may not be there', () => {
    expect(differences(OOPS_BT.replace(/^#10 .*\n/m, ''), OOPS_LOG)).toEqual([]);
    expect(differences(OOPS_BT.replace('do_fault+0x1a7', 'do_fault+0x1a8'), OOPS_LOG)).toEqual([
      'frame: found do_fault+0x1a8, wanted entry_SYSCALL_64_after_hwframe+0x6e',
    ]);
  });

  test('a repeated place is left out only at a change of stack', () => {
    const unmarked = PANIC_BT.replace(/^--- .*\n/m, '');
    // The kernel has the place once for sure and once with "?".
    expect(differences(unmarked, PANIC_LOG.replace('  ? native_safe_halt+0xb/0x10\n', '  </X>\n'))).toEqual([
      'frame: found native_safe_halt+0xb, wanted amd_e400_idle+0x3d',
    ]);
  });

  test('text without a backtrace is none', () => {
    expect(parseBacktrace('bt: invalid task\n')).toBeNull();
  });
});
