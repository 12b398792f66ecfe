import type { StackFrame } from '@kcrash/vmcore/kernel/stacks';

/** What runs once the kernel has given up, and what prints the stack of it in the log. */
const PANIC =
  /^(?:(?:v|nmi_)?panic|__crash_kexec|crash_kexec|machine_(?:crash_)?(?:kexec|shutdown)|oops_(?:begin|end)|check_panic_on_warn|die|__die(?:_body|_header)?|die_addr|make_task_dead|panic_other_cpus_shutdown|(?:__)?dump_stack(?:_lvl)?|show_stack)(?:\.|$)/;

/**
 * What reports the failure of the code that it interrupted: exceptions, NMIs, and the watchdogs that look in from
 * a timer's interrupt.
 */
const REPORTER =
  /^(?:asm_exc_|exc_|page_fault_oops|no_context|__?bad_area|bad_area|do_(?:user|kern)_addr_fault|kernelmode_fixup_or_oops|handle_(?:bug|page_fault|stack_overflow)|do_(?:error_)?trap|fixup_exception|report_bug|__warn|(?:nmi|perf_event_nmi)_handle|default_do_nmi|unknown_nmi_error|io_check_error|pci_serr_error|die_nmi|end_repeat_nmi|asm_nmi|watchdog_(?:timer_fn|hardlockup_check|overflow_callback)|rcu_sched_clock_irq|check_cpu_stall|df_|double_fault)/;

/**
 * The frame of a crashed stack where things went wrong: that of an exception's, NMI's or watchdog's victim, else the
 * function that called panic. Undefined where the stack does not lead there.
 */
export function crashPlace(frames: readonly StackFrame[]): StackFrame | undefined {
  const at = frames.findIndex(({ symbol }) => !PANIC.test(symbol ?? ''));
  const first = frames[at];
  if (!REPORTER.test(first?.symbol ?? '')) return first;
  return frames.slice(at).find(({ interrupted }) => interrupted);
}

/** The function of a stack in the log that called panic; null where there is none. */
export function loggedPlace(functions: readonly string[]): string | null {
  return functions.find((name) => !PANIC.test(name) && !REPORTER.test(name)) ?? null;
}
