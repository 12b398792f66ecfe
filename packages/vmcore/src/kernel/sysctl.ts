import type { Dump } from '../dump.ts';
import { attempt } from './attempt.ts';
import { findSysctl } from './sysctl_tables.ts';

/** A setting of /proc/sys that bears on a crash. */
export interface Sysctl {
  /** As sysctl(8) names it: `kernel.panic_on_oops`. */
  readonly name: string;
  readonly value: bigint;
}

/** The settings that this kernel has, in a fixed order. */
export interface Sysctls {
  readonly settings: readonly Sysctl[];
  readonly problems: readonly string[];
}

/** Name, C type, and the variable that holds it, newest kernel's name first. */
const SETTINGS: readonly (readonly [name: string, type: 'int' | 'long', ...variables: string[]])[] = [
  ['kernel.panic', 'int', 'panic_timeout'],
  ['kernel.panic_on_oops', 'int', 'panic_on_oops'],
  ['kernel.panic_on_warn', 'int', 'panic_on_warn'],
  ['kernel.panic_on_io_nmi', 'int', 'panic_on_io_nmi'],
  ['kernel.panic_on_unrecovered_nmi', 'int', 'panic_on_unrecovered_nmi'],
  ['kernel.unknown_nmi_panic', 'int', 'unknown_nmi_panic'],
  ['kernel.panic_on_rcu_stall', 'int', 'sysctl_panic_on_rcu_stall'],
  ['kernel.max_rcu_stall_to_panic', 'int', 'sysctl_max_rcu_stall_to_panic'],
  ['kernel.panic_print', 'long', 'panic_print'],
  ['kernel.oops_limit', 'int', 'oops_limit'],
  ['kernel.warn_limit', 'int', 'warn_limit'],
  ['kernel.softlockup_panic', 'int', 'softlockup_panic'],
  ['kernel.hardlockup_panic', 'int', 'hardlockup_panic'],
  ['kernel.softlockup_all_cpu_backtrace', 'int', 'sysctl_softlockup_all_cpu_backtrace'],
  ['kernel.hardlockup_all_cpu_backtrace', 'int', 'sysctl_hardlockup_all_cpu_backtrace'],
  ['kernel.watchdog', 'int', 'watchdog_user_enabled'],
  ['kernel.watchdog_thresh', 'int', 'watchdog_thresh'],
  // Renamed in 6.5 (df95d3085caa).
  ['kernel.soft_watchdog', 'int', 'watchdog_softlockup_user_enabled', 'soft_watchdog_user_enabled'],
  ['kernel.nmi_watchdog', 'int', 'watchdog_hardlockup_user_enabled', 'nmi_watchdog_user_enabled'],
  ['kernel.hung_task_panic', 'int', 'sysctl_hung_task_panic'],
  ['kernel.hung_task_timeout_secs', 'long', 'sysctl_hung_task_timeout_secs'],
  ['kernel.hung_task_warnings', 'int', 'sysctl_hung_task_warnings'],
  ['kernel.kexec_load_disabled', 'int', 'kexec_load_disabled'],
  ['kernel.sysrq', 'int', 'sysrq_enabled'],
  ['kernel.modules_disabled', 'int', 'modules_disabled'],
  ['kernel.dmesg_restrict', 'int', 'dmesg_restrict'],
  ['kernel.kptr_restrict', 'int', 'kptr_restrict'],
  ['kernel.randomize_va_space', 'int', 'randomize_va_space'],
  ['vm.panic_on_oom', 'int', 'sysctl_panic_on_oom'],
  ['vm.oom_kill_allocating_task', 'int', 'sysctl_oom_kill_allocating_task'],
  ['vm.overcommit_memory', 'int', 'sysctl_overcommit_memory'],
  ['vm.overcommit_ratio', 'int', 'sysctl_overcommit_ratio'],
  ['vm.overcommit_kbytes', 'long', 'sysctl_overcommit_kbytes'],
  ['vm.min_free_kbytes', 'int', 'min_free_kbytes'],
  ['vm.swappiness', 'int', 'vm_swappiness'],
  ['vm.memory_failure_recovery', 'int', 'sysctl_memory_failure_recovery'],
];

/**
 * Reads the settings; those that this kernel does not have (by the names known here) are not listed, and those
 * whose memory cannot be read are a problem.
 */
export function readSysctls(dump: Dump): Sysctls {
  const problems: string[] = [];
  const settings: Sysctl[] = [];
  for (const [name, type, ...variables] of SETTINGS) {
    const value = attempt(problems, name, () => {
      const at =
        variables.map((variable) => dump.findVariable(variable)).find((each) => each !== undefined) ??
        // Where all variables have names, one that is missing is one that this kernel lacks.
        (dump.namesVariables ? undefined : findSysctl(dump, name)?.at);
      if (at === undefined) return undefined;
      return type === 'int' ? BigInt(dump.memory.i32(at)) : dump.memory.i64Big(at);
    });
    if (value !== undefined) settings.push({ name, value });
  }
  return { settings, problems };
}
