import type { VirtualAddress } from '@kcrash/vmcore/bytes/address';
import type { StackFrame } from '@kcrash/vmcore/kernel/stacks';
import { describe, expect, it } from 'vitest';
import { crashPlace, loggedPlace } from './crash_place.ts';

/** Frames of functions; `!name` is one that an exception or interrupt stopped. */
function frames(text: string): StackFrame[] {
  return text.split(' ').map((word, n) => ({
    address: BigInt(n) as VirtualAddress,
    symbol: word.replace('!', ''),
    offset: 0,
    size: 1,
    module: undefined,
    interrupted: n === 0 || word.startsWith('!'),
    certainty: 'exact',
    origin: word.startsWith('!') ? 'pt_regs' : 'call',
    sp: 0n as VirtualAddress,
    stack: 'task',
    regs: undefined,
  }));
}

const place = (text: string) => crashPlace(frames(text))?.symbol;

describe('where a kernel crashed', () => {
  it.each([
    [
      'the caller of panic',
      '__crash_kexec panic sysrq_handle_crash __handle_sysrq.cold',
      'sysrq_handle_crash',
    ],
    [
      'the same, in an interrupt',
      '__crash_kexec vpanic panic sysrq_handle_crash asm_common_interrupt !idle',
      'sysrq_handle_crash',
    ],
    [
      'what a page fault stopped',
      '__crash_kexec crash_kexec oops_end page_fault_oops exc_page_fault asm_exc_page_fault !lab_oops lab_write',
      'lab_oops',
    ],
    [
      'BUG()',
      '__crash_kexec crash_kexec oops_end do_trap do_error_trap exc_invalid_op asm_exc_invalid_op !lab_bug',
      'lab_bug',
    ],
    [
      'an oops that panics',
      '__crash_kexec panic oops_end.cold page_fault_oops exc_page_fault asm_exc_page_fault !f',
      'f',
    ],
    [
      'a soft lockup',
      '__crash_kexec panic watchdog_timer_fn.cold __hrtimer_run_queues asm_sysvec_apic_timer_interrupt !spin',
      'spin',
    ],
    [
      'an NMI',
      '__crash_kexec panic nmi_panic.cold unknown_nmi_error default_do_nmi exc_nmi end_repeat_nmi !pv_native_safe_halt',
      'pv_native_safe_halt',
    ],
    [
      'a stack overflow',
      '__crash_kexec panic die handle_stack_overflow exc_double_fault asm_exc_double_fault !recurse recurse',
      'recurse',
    ],
    ['init that exits', '__crash_kexec panic do_exit.cold do_group_exit', 'do_exit.cold'],
  ])('is %s', (_what, stack, symbol) => {
    expect(place(stack)).toBe(symbol);
  });

  it('is unknown without a stack, and where the stack does not lead there', () => {
    expect(crashPlace([])).toBeUndefined();
    expect(place('__crash_kexec panic')).toBeUndefined();
    expect(place('panic exc_page_fault asm_exc_page_fault')).toBeUndefined();
  });

  it('is named in the log too', () => {
    expect(loggedPlace(['dump_stack_lvl', 'panic', 'sysrq_handle_crash', 'f'])).toBe('sysrq_handle_crash');
    expect(loggedPlace(['dump_stack'])).toBeNull();
  });
});
