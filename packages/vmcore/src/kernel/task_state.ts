/**
 * What a task is doing, in the words and letters of /proc/PID/status. The bits are macros of
 * include/linux/sched.h, which no kernel describes in its BTF; they stand as they are since 4.14.
 */

const UNINTERRUPTIBLE = 0x2;
const REPORTED = 0x7f;
const NOLOAD = 0x400;
/** A task that sleeps uninterruptibly and counts for nothing in the load: an idle kernel thread. */
const IDLE = UNINTERRUPTIBLE | NOLOAD;
/** A sleeping spinlock of PREEMPT_RT, since 5.15. */
const RTLOCK_WAIT = 0x1000;
const FROZEN = 0x8000;

/** By the highest bit that is set, from none to `TASK_REPORT_IDLE`. */
const LETTERS = 'RSDTtXZPI';
const WORDS = [
  'running',
  'sleeping',
  'disk sleep',
  'stopped',
  'tracing stop',
  'dead',
  'zombie',
  'parked',
  'idle',
] as const;

type BitName = readonly [bit: number, name: string];

const BIT_NAMES: readonly BitName[] = [
  [0x1, 'TASK_INTERRUPTIBLE'],
  [0x2, 'TASK_UNINTERRUPTIBLE'],
  [0x4, '__TASK_STOPPED'],
  [0x8, '__TASK_TRACED'],
  [0x10, 'EXIT_DEAD'],
  [0x20, 'EXIT_ZOMBIE'],
  [0x40, 'TASK_PARKED'],
  [0x80, 'TASK_DEAD'],
  [0x100, 'TASK_WAKEKILL'],
  [0x200, 'TASK_WAKING'],
  [NOLOAD, 'TASK_NOLOAD'],
  [0x800, 'TASK_NEW'],
  [RTLOCK_WAIT, 'TASK_RTLOCK_WAIT'],
  [0x2000, 'TASK_FREEZABLE'],
  [FROZEN, 'TASK_FROZEN'],
];

/** A task's state. */
export interface TaskState {
  /** As `ps` and the kernel's own task dump print it: one of `RSDTtXZPI`. */
  readonly letter: string;
  /** The same in /proc/PID/status's words. `running` only means able to: see `Task.onCpu`. */
  readonly word: (typeof WORDS)[number];
  /** Names of the bits that are set; empty for a task that runs or waits for a CPU. */
  readonly bits: readonly string[];
}

/** The state by `task_struct.__state` (`state` before 5.14) and `exit_state`, as the kernel reports it. */
export function taskState(state: number, exitState: number): TaskState {
  let reported = (state | exitState) & REPORTED;
  if ((state & IDLE) === IDLE) reported = REPORTED + 1;
  if ((state & (RTLOCK_WAIT | FROZEN)) !== 0) reported = UNINTERRUPTIBLE;
  const index = 32 - Math.clz32(reported);
  return {
    letter: LETTERS[index] as string,
    word: WORDS[index] as TaskState['word'],
    bits: namesOf(state | exitState, BIT_NAMES),
  };
}

/** `PF_…` of `task_struct.flags` that mean the same in every kernel since 5.4. */
const FLAG_NAMES: readonly BitName[] = [
  [0x1, 'PF_VCPU'],
  [0x2, 'PF_IDLE'],
  [0x4, 'PF_EXITING'],
  [0x20, 'PF_WQ_WORKER'],
  [0x40, 'PF_FORKNOEXEC'],
  [0x80, 'PF_MCE_PROCESS'],
  [0x100, 'PF_SUPERPRIV'],
  [0x200, 'PF_DUMPCORE'],
  [0x400, 'PF_SIGNALED'],
  [0x800, 'PF_MEMALLOC'],
  [0x8000, 'PF_NOFREEZE'],
  [0x20000, 'PF_KSWAPD'],
  [0x20_0000, 'PF_KTHREAD'],
  [0x400_0000, 'PF_NO_SETAFFINITY'],
];

/** `PF_KTHREAD`: a kernel thread. */
export const PF_KTHREAD = 0x20_0000;

/** Names of the flags that are set, of those with one meaning in all kernels. */
export function taskFlagNames(flags: number): string[] {
  return namesOf(flags, FLAG_NAMES);
}

/** By index: taking pairs apart makes two objects for each, before an engine has optimized it. */
function namesOf(bits: number, table: readonly BitName[]): string[] {
  return table.filter((entry) => (bits & entry[0]) !== 0).map((entry) => entry[1]);
}

const POLICIES: Readonly<Record<number, string>> = {
  0: 'SCHED_NORMAL',
  1: 'SCHED_FIFO',
  2: 'SCHED_RR',
  3: 'SCHED_BATCH',
  5: 'SCHED_IDLE',
  6: 'SCHED_DEADLINE',
  7: 'SCHED_EXT',
};

/** Name of a scheduling policy (include/uapi/linux/sched.h). */
export function policyName(policy: number): string {
  return POLICIES[policy] ?? `policy ${policy}`;
}
