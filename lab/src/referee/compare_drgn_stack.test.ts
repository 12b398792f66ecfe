import { describe, expect, test } from 'vitest';
import { compareDrgnStack, type DrgnFacts, type DrgnFrame } from './compare_drgn_stack.ts';
import { OOPS_LOG, PANIC_LOG } from './examples.ts';
import { kernelCrash } from './kernel_trace.ts';

const frame = (symbol: string, offset: number, pc = 0): DrgnFrame => ({
  pc: `0xffffffff${pc.toString(16).padStart(8, '0')}`,
  symbol,
  offset,
});

const OOPS_FRAMES: readonly DrgnFrame[] = [
  frame('lab_crash_here', 0x27),
  frame('lab_crash_nest', 0x37),
  frame('lab_crash_nest', 0x14),
  frame('lab_crash_nest', 0x14),
  frame('do_one_initcall', 0x59),
  frame('do_syscall_64', 0x5d),
  frame('entry_SYSCALL_64', 0xa6, 0x1_0126),
  { pc: '0x47fbe9', symbol: null, offset: 0 },
];

function facts(frames: readonly DrgnFrame[], more: Partial<DrgnFacts['crashed']> = {}): DrgnFacts {
  return {
    version: '0.0.22',
    release: '6.1.0-56-cloud-amd64',
    log: '',
    threads: 61,
    crashed: { pid: 136, cpu: 1, command: 'insmod', frames, failure: null, inlined: 1, ...more },
    addresses: {
      entry_SYSCALL_64_after_hwframe: '0xffffffff000100b8',
      do_one_initcall: '0xffffffff00005000',
    },
  };
}

const differences = (found: DrgnFacts, log = OOPS_LOG) =>
  compareDrgnStack(found, kernelCrash(log)).differences;

describe("drgn's stack against the kernel's own trace", () => {
  test('an oops agrees, other names of an address included', () => {
    const { differences, notes } = compareDrgnStack(facts(OOPS_FRAMES), kernelCrash(OOPS_LOG));
    expect(differences).toEqual([]);
    expect(notes[0]).toBe('entry_SYSCALL_64+0xa6 is entry_SYSCALL_64_after_hwframe+0x6e, by its address');
  });

  test('a panic agrees from panic() on', () => {
    const frames = [
      frame('__crash_kexec', 0x11a),
      frame('panic', 0x13d),
      frame('nmi_panic.cold', 0xc),
      frame('unknown_nmi_error.cold', 0x3b),
      frame('exc_nmi', 0x11e),
      frame('end_repeat_nmi', 0x16),
      frame('native_safe_halt', 0xb),
      frame('amd_e400_idle', 0x3d),
      frame('do_idle', 0x206),
      frame('secondary_startup_64_no_verify', 0xe4),
    ];
    const idle = { pid: 0, cpu: 0, command: 'swapper/0' };
    expect(differences(facts(frames, idle), PANIC_LOG)).toEqual([]);
    expect(differences(facts(frames.slice(2), idle), PANIC_LOG)).toContain(
      'frame: found none in panic, wanted panic',
    );
  });

  test.each<[string, DrgnFacts, RegExp]>([
    ['a frame too few', facts(OOPS_FRAMES.toSpliced(3, 1)), /number of frames: found 6, wanted 7/],
    ['a frame too many', facts(OOPS_FRAMES.toSpliced(3, 0, frame('x', 1))), /found 8, wanted 7/],
    [
      'another offset',
      facts(OOPS_FRAMES.with(4, frame('do_one_initcall', 0x5a))),
      /wanted do_one_initcall\+0x59/,
    ],
    [
      'another address of a symbol with two names',
      facts(OOPS_FRAMES.with(6, frame('entry_SYSCALL_64', 0xa7, 0x1_0127))),
      /wanted entry_SYSCALL_64_after_hwframe\+0x6e/,
    ],
    [
      'a frame without a symbol',
      facts(OOPS_FRAMES.with(0, { pc: '0xffffffffc04a1107', symbol: null, offset: 0 })),
      /^frame 0: found an address without a symbol, wanted lab_crash_here\+0x27$/,
    ],
    [
      'another user address',
      facts(OOPS_FRAMES.with(7, { pc: '0x1', symbol: null, offset: 0 })),
      /user space/,
    ],
    ['another task', facts(OOPS_FRAMES, { pid: 1 }), /^PID: found 1, wanted 136/],
    ['no stack at all', facts([], { failure: 'unknown ORC entry type 3' }), /none: unknown ORC/],
    ['another CPU', facts(OOPS_FRAMES, { cpu: 0 }), /^CPU/],
  ])('%s is found', (_, found, words) => {
    expect(differences(found).join('\n')).toMatch(words);
  });

  test('where drgn loses the stack is told', () => {
    const lost = [...OOPS_FRAMES.slice(0, 5), { pc: null, symbol: null, offset: 0 }];
    expect(differences(facts(lost))).toContain(
      'stack: found its end after do_one_initcall+0x59, wanted 7 frames',
    );
  });
});
