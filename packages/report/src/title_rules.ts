/**
 * How a kernel's messages become titles, in the words of upstream's bug reports, so that a crash here and the
 * same crash there carry one name. Written from the kernel's own format strings (a comment names the source
 * file) and from the subjects of public bug reports.
 */

/** Where a rule finds the guilty function: the first that `title_frames.ts` does not call a mere carrier. */
export type FrameSource =
  /** Program counters and stack traces, in the report's order. */
  | 'trace'
  /** As `trace`; where there is none, the function that the message names (the group `at`). */
  | 'trace or at'
  /** The group `at`; where there is none, as `trace`. */
  | 'at or trace'
  /** The function that wanted the lock, or else one that took a lock already held: lockdep's ` at: ` lines. */
  | 'lock takers'
  /** The entry of the subsystem that a processor was handed to: what matters where it never came back. */
  | 'entry'
  /** As `trace`, for a task that waits: what it waits with is passed over too. */
  | 'waiter'
  /** As `trace`, for memory without an owner: what allocates for others is passed over too. */
  | 'allocation';

export interface TitleRule {
  /** Matches the crash's first message, without what `LEAD` takes off. */
  readonly line: RegExp;
  /** Matches a later message of the report, and the rule does not hold without. */
  readonly with?: RegExp;
  /** `{frame}` is the guilty function; other names are groups of `line` and `with` (`function…`: one by its source name). */
  readonly title: string;
  /** Needed where the title has a `{frame}`. */
  readonly frame?: FrameSource;
  /** Functions of the subsystem that found the mistake: not those that made it. */
  readonly skip?: RegExp;
  /** The kernel prints no stack with this message: a report without one is whole. */
  readonly stackless?: true;
  /** The processor or task that reports is not the one that failed: other crashes between do not end the report. */
  readonly longReport?: true;
}

/** What may stand before a crash's first message: a subsystem's name, lockdep's old brackets, another program's date. */
export const LEAD =
  /^ {0,4}(?:\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d )?(?:\[ |rcu: |(?:NMI )?watchdog: |traps: |Oops: |segment-related |CPU \d{1,4} |-{1,20} *)?/;

const ACCESS = /^(?<access>Read|Write) (?:of size|at addr) /;
const AT = / at: (?:\[<[0-9a-f]{8,16}>\])?\s{0,8}(?<at>[\w.]+)\+0x/;

/**
 * A WARNING from a file, and a function where it matters: `WARNING: CPU: 1 PID: 2 at fs/a.c:3 f+0x4/0x5`, and on
 * newer kernels `WARNING: fs/a.c:3 at f+0x4/0x5, CPU#1: a/2`. Both are sources of regular expressions.
 */
function warnedIn(file: string, inFunction = ''): RegExp {
  return new RegExp(
    String.raw`^WARNING: (?:CPU: \d+ PID: \d+ )?(?:at )?\S{0,200}?${file.replaceAll('.', '\\.')}:\d+ (?:at )?${inFunction}`,
  );
}

/** What hands a driver's request to a USB controller. */
const USB_CORE = /^usb_(?:submit_urb|start_wait_urb|bulk_msg|interrupt_msg|control_msg\w*)$/;

/** The first rule whose `line` and `with` match names the crash. */
// biome-ignore format: a table, one rule a line
export const TITLE_RULES: readonly TitleRule[] = [
  // mm/kasan/report.c
  { line: /^BUG: KASAN: (?:double-free or invalid-free|double-free|invalid-free) in (?<at>\S+)/, title: 'KASAN: invalid-free in {frame}', frame: 'trace or at' },
  { line: /^BUG: KASAN: (?<what>[a-z-]+) on address/, with: ACCESS, title: 'KASAN: {what} {access}' },
  { line: /^BUG: KASAN: (?<what>[a-z-]+) in (?<at>\S+)/, with: ACCESS, title: 'KASAN: {what} {access} in {frame}', frame: 'trace or at' },
  { line: /^BUG: KASAN: (?<what>.{1,200})/, title: 'KASAN: {what}' },
  // mm/kfence/report.c
  { line: /^BUG: KFENCE: (?<what>[a-z -]+) in (?<at>\S+)/, title: 'KFENCE: {what} in {frame}', frame: 'trace or at' },
  // mm/kmsan/report.c
  { line: /^BUG: KMSAN: (?<what>[a-z-]+) in (?<at>\S+)/, title: 'KMSAN: {what} in {frame}', frame: 'trace or at', skip: USB_CORE },
  // kernel/kcsan/report.c: the kernel itself sorts the two names
  { line: /^BUG: KCSAN: (?<what>data-race|assert: race) in (?<function1>[\w.]+)\S* \/ (?<function2>[\w.]+)/, title: 'KCSAN: {what} in {function1} / {function2}' },
  { line: /^BUG: KCSAN: (?<what>data-race|assert: race) in (?<at>[\w.]+)/, title: 'KCSAN: {what} in {frame}', frame: 'at or trace' },
  // lib/ubsan.c
  { line: /^UBSAN: Undefined behaviour in /, title: 'UBSAN: undefined-behaviour in {frame}', frame: 'trace' },
  { line: /^UBSAN: (?<what>[a-z-]+) in /, title: 'UBSAN: {what} in {frame}', frame: 'trace' },

  // kernel/locking/lockdep.c
  { line: /^(?:INFO|WARNING): \S+-safe -> \S+-unsafe lock order detected/, with: AT, title: 'possible deadlock in {frame}', frame: 'trace or at' },
  { line: /^(?:INFO|WARNING): possible (?:circular locking dependency|recursive locking|irq lock inversion dependency|unsafe locking|[a-z -]*lock order) *(?:detected)?/, with: AT, title: 'possible deadlock in {frame}', frame: 'lock takers' },
  { line: /^(?:INFO|WARNING): inconsistent lock state/, with: AT, title: 'inconsistent lock state in {frame}', frame: 'lock takers' },
  { line: /^INFO: suspicious RCU usage/, title: 'INFO: suspicious RCU usage in {frame}', frame: 'trace' },
  { line: /^WARNING: suspicious RCU usage/, with: /^\S{1,200}\.[chS]:\d+ .{1,200}!/, title: 'WARNING: suspicious RCU usage in {frame}', frame: 'trace' },
  { line: /^(?<word>BUG|WARNING): bad (?<what>unlock balance|contention) detected/, title: '{word}: bad {what} in {frame}', frame: 'trace' },
  { line: /^(?<word>BUG|WARNING): held lock freed/, with: AT, title: '{word}: held lock freed in {frame}', frame: 'lock takers' },
  { line: /^(?<word>BUG|WARNING): lock held when returning to user space/, with: AT, title: '{word}: lock held when returning to user space in {frame}', frame: 'lock takers', stackless: true },
  { line: /^(?<word>BUG|WARNING): .{1,60} still has locks held/, with: AT, title: '{word}: still has locks held in {frame}', frame: 'lock takers' },
  { line: /^(?<word>BUG|WARNING): nested lock was not taken/, title: '{word}: nested lock was not taken in {frame}', frame: 'trace' },
  { line: /^(?:BUG|WARNING): [Ii]nvalid wait context/, title: 'WARNING: locking bug in {frame}', frame: 'trace' },
  { line: /^INFO: trying to register non-static key/, title: 'INFO: trying to register non-static key in {frame}', frame: 'trace' },
  // kernel/locking/spinlock_debug.c
  { line: /^BUG: (?<what>(?:spin|rw)lock [\w ]{1,40}?),? on (?:CPU|UP)/, title: 'BUG: {what} in {frame}', frame: 'trace' },

  // Warnings with a name of their own, by the file and function that warn: kernel/panic.c.
  { line: warnedIn('lib/refcount.c'), title: 'WARNING: refcount bug in {frame}', frame: 'trace' },
  { line: warnedIn('lib/debugobjects.c'), title: 'WARNING: ODEBUG bug in {frame}', frame: 'trace', skip: /^_*call_rcu\w*$/ },
  { line: warnedIn('kernel/locking/lockdep.c'), title: 'WARNING: locking bug in {frame}', frame: 'trace' },
  { line: warnedIn('lib/kobject.c'), title: 'WARNING: kobject bug in {frame}', frame: 'trace' },
  { line: warnedIn('lib/list_debug.c'), title: 'BUG: corrupted list in {frame}', frame: 'trace' },
  { line: warnedIn('mm/(?:slab_common|slub|util).c', '(?:kmalloc_slab|_*kvmalloc_node)'), title: 'WARNING: kmalloc bug in {frame}', frame: 'trace' },
  { line: warnedIn('mm/vmalloc.c', '_*vmalloc_node'), title: 'WARNING: zero-size vmalloc in {frame}', frame: 'trace' },
  { line: warnedIn('fs/proc/generic.c', 'proc_register'), title: 'WARNING: proc registration bug in {frame}', frame: 'trace', skip: /^_*(?:proc_|remove_proc)\w+$/ },
  { line: warnedIn('drivers/usb/core/urb.c', 'usb_submit_urb'), title: 'WARNING in {frame}/usb_submit_urb', frame: 'trace', skip: USB_CORE },
  { line: /^WARNING: kernel stack regs at .{0,100}has bad '(?<what>\w+)' value/, title: "WARNING: kernel stack regs has bad '{what}' value", stackless: true },
  { line: /^WARNING: kernel stack frame pointer at .{0,100}has bad value/, title: 'WARNING: kernel stack frame pointer has bad value', stackless: true },
  { line: /^WARNING: (?:CPU: \d+ PID: \d+|at \S|\S+:\d+ at )/, title: 'WARNING in {frame}', frame: 'trace' },

  // kernel/hung_task.c, kernel/watchdog.c, kernel/rcu/tree_stall.h, kernel/workqueue.c
  { line: /^INFO: task .{1,80} blocked (?:for more than|in I\/O wait|on )/, title: 'INFO: task hung in {frame}', frame: 'waiter' },
  { line: /^INFO: task .{1,80} can't die for more than/, title: "INFO: task can't die in {frame}", frame: 'waiter' },
  { line: /^INFO: rcu\w* (?:self-)?detected (?:expedited )?stalls?/, title: 'INFO: rcu detected stall in {frame}', frame: 'entry', longReport: true },
  { line: /^BUG: soft lockup/, title: 'BUG: soft lockup in {frame}', frame: 'entry' },
  { line: /^BUG: workqueue lockup/, title: 'BUG: workqueue lockup', stackless: true },

  // BUG()s with a name of their own, by file.
  { line: /^[kK]ernel BUG at .{0,200}lib\/list_debug\.c/, title: 'BUG: corrupted list in {frame}', frame: 'trace' },
  { line: /^[kK]ernel BUG at .{0,200}mm\/usercopy\.c/, title: 'BUG: bad usercopy in {frame}', frame: 'trace' },
  { line: /^[kK]ernel BUG (?:at |in )|^Kernel bug detected/, title: 'kernel BUG in {frame}', frame: 'trace' },
  // library/core/src/panicking.rs, rust/kernel/lib.rs
  { line: /^rust_kernel: panicked at /, with: /^(?<what>\S.{0,200})$/, title: '{what} in {frame}', frame: 'trace' },

  // arch/*/mm/fault.c
  { line: /^(?:BUG: )?[uU]nable to handle (?:kernel )?(?:paging request|page fault)/, title: 'BUG: unable to handle kernel paging request in {frame}', frame: 'trace' },
  { line: /^BUG: [kK]ernel NULL pointer dereference|^(?:BUG: )?[uU]nable to handle (?:kernel )?NULL pointer dereference/, title: 'BUG: unable to handle kernel NULL pointer dereference in {frame}', frame: 'trace' },
  { line: /^(?:BUG: )?[uU]nable to handle kernel (?<what>[a-z][a-zA-Z -]{2,80}?)(?: in virtual| at | outside |,|$)/, title: 'BUG: unable to handle kernel {what} in {frame}', frame: 'trace' },
  // arch/x86/kernel/traps.c, dumpstack.c
  { line: /^general protection fault/, title: 'general protection fault in {frame}', frame: 'trace' },
  { line: /^BUG: (?:\S+ )?stack guard page was hit/, title: 'BUG: stack guard page was hit in {frame}', frame: 'entry' },
  { line: /^PANIC: double fault/, title: 'PANIC: double fault in {frame}', frame: 'trace' },
  { line: /^divide[ _]error: /, title: 'divide error in {frame}', frame: 'trace' },
  { line: /^stack[ _]segment: /, title: 'stack segment fault in {frame}', frame: 'trace' },
  { line: /^(?<what>invalid opcode|segment not present|coprocessor segment overrun|invalid TSS|alignment check|double fault|int3|SIMD exception|bounds|overflow|control protection fault|unexpected #\w+)(?:, .{0,80})?: [0-9a-f]{4} \[#/, title: '{what} in {frame}', frame: 'trace' },
  // arch/arm*/kernel/traps.c, arch/arm/mm
  { line: /^Insufficient stack space to handle exception/, title: 'kernel panic: kernel stack overflow', longReport: true },
  { line: /^Alignment trap: /, title: 'Alignment trap in {frame}', frame: 'trace' },
  { line: /^Unhandled fault: /, title: 'Unhandled fault in {frame}', frame: 'trace' },
  { line: /^Internal error: /, title: 'Internal error in {frame}', frame: 'trace' },

  // Mistakes the kernel checks for: kernel/sched/core.c, lib/smp_processor_id.c, kernel/workqueue.c, mm/kmemleak.c, mm, fs
  { line: /^BUG: sleeping function called from invalid context/, title: 'BUG: sleeping function called from invalid context in {frame}', frame: 'trace' },
  { line: /^BUG: scheduling while atomic/, title: 'BUG: scheduling while atomic in {frame}', frame: 'trace' },
  { line: /^BUG: using (?<what>\w+\(\)) in preemptible /, with: /^caller is (?!__this_cpu|debug_smp)(?<at>[\w.]+)/, title: 'BUG: using {what} in preemptible code in {frame}', frame: 'at or trace' },
  { line: /^BUG: using (?<what>\w+\(\)) in preemptible /, title: 'BUG: using {what} in preemptible code in {frame}', frame: 'trace' },
  { line: /^BUG: workqueue leaked (?<what>[\w ,]{1,40}?):/, with: /last function: (?<at>[\w.]+)/, title: 'BUG: workqueue leaked {what} in {frame}', frame: 'at or trace', stackless: true },
  { line: /^BUG: memory leak/, with: /^unreferenced object/, title: 'memory leak in {frame}', frame: 'allocation' },
  { line: /^BUG: Bad page state in process/, with: /^page last allocated via/, title: 'BUG: Bad page state in {frame}', frame: 'trace' },
  { line: /^BUG: Bad page (?<what>state|map|cache)/, title: 'BUG: Bad page {what}' },
  { line: /^BUG: Bad rss-counter state/, title: 'BUG: Bad rss-counter state', stackless: true },
  { line: /^BUG: Dentry .{0,200}still in use \(-?\d+\) \[(?<what>unmount) of/, title: 'BUG: Dentry still in use in {what}', stackless: true },
  { line: /^VFS: Busy inodes after unmount/, title: 'VFS: Busy inodes after unmount (use-after-free)', stackless: true },
  { line: /^unregister_netdevice: waiting for \S+ to become free/, title: 'unregister_netdevice: waiting for DEV to become free', stackless: true },
  // mm/slub.c
  { line: /^BUG [\w.-]+ \((?:Not tainted|Tainted.{0,80})\): (?!kasan: bad access)(?<what>.{1,200})/, title: 'BUG: {what}' },
  { line: /^INFO: (?<what>(?:Allocated|Freed) in .{1,200})/, title: 'INFO: {what}' },

  // kernel/panic.c prints the words of whoever gave up.
  { line: /^Kernel panic - not syncing: corrupted stack end detected/, title: 'kernel panic: corrupted stack end in {frame}', frame: 'entry' },
  { line: /^Kernel panic - not syncing: stack-protector: Kernel stack is corrupted in: (?:[0-9a-f]{8,16}\b|(?<at>[A-Za-z_][\w.]*))?/, title: 'kernel panic: stack is corrupted in {frame}', frame: 'at or trace', stackless: true },
  { line: /^Kernel panic - not syncing: (?<what>Attempted to kill init!|Couldn't open N_TTY ldisc|kernel stack overflow)/, title: 'kernel panic: {what}' },
  { line: /^Kernel panic - not syncing: (?:Oops: )?(?<what>Fatal exception|panic_on_warn set|.{1,200})/, title: 'kernel panic: {what}' },

  // Others who speak on the same console: a TrustZone's kernel, a fuzzer that fails by itself.
  { line: /^trusty: .{0,200}ASSERT FAILED at \((?:.{1,200}?\): (?<what>.{1,200}))?/, title: 'trusty: ASSERT FAILED: {what}', stackless: true },
  { line: /^(?<who>SYZFATAL|SYZFAIL): (?<what>.{1,300})/, title: '{who}: {what}', stackless: true },
];

/** What no rule knows, and yet begins like a crash: its own words are its title, if a WARNING shows a stack. */
export const OTHER_CRASH = /^(?<what>(?:BUG|WARNING): .{1,300})/;

/** Reports of other than crashes that bring a stack of their own: what follows is theirs. */
export const FOREIGN_REPORT =
  /^FAULT_INJECTION: forcing a failure|vmalloc: allocation failure|page allocation failure/;

/** What sort of failure a title names. The first that matches counts. */
// biome-ignore format: a table, one kind a line
export const KINDS: readonly (readonly [title: RegExp, kind: string])[] = [
  [/^KASAN: (?:slab-)?use-after-free Write/, 'KASAN-USE-AFTER-FREE-WRITE'],
  [/^KASAN: (?:slab-)?use-after-free/, 'KASAN-USE-AFTER-FREE-READ'],
  [/^KASAN: null-ptr-deref Write/, 'KASAN-NULL-POINTER-DEREFERENCE-WRITE'],
  [/^KASAN: null-ptr-deref/, 'KASAN-NULL-POINTER-DEREFERENCE-READ'],
  [/^KASAN: (?:\w+-or-)?invalid-free/, 'KASAN-INVALID-FREE'],
  [/^KASAN: .*\bWrite\b/, 'KASAN-WRITE'],
  [/^KASAN: /, 'KASAN-READ'],
  [/^KFENCE: use-after-free write/, 'KFENCE-USE-AFTER-FREE-WRITE'],
  [/^KFENCE: use-after-free/, 'KFENCE-USE-AFTER-FREE-READ'],
  [/^KFENCE: invalid free/, 'KFENCE-INVALID-FREE'],
  [/^KFENCE: memory corruption/, 'KFENCE-MEMORY-CORRUPTION'],
  [/^KFENCE: .*\bwrite\b/, 'KFENCE-WRITE'],
  [/^KFENCE: /, 'KFENCE-READ'],
  [/^KMSAN: uninit-value/, 'KMSAN-UNINIT-VALUE'],
  [/^KMSAN: .*infoleak/, 'KMSAN-INFO-LEAK'],
  [/^KMSAN: /, 'KMSAN-USE-AFTER-FREE-READ'],
  [/^KCSAN: data-race/, 'KCSAN-DATARACE'],
  [/^KCSAN: /, 'KCSAN-ASSERT'],
  [/^UBSAN: (?:array-index-out-of-bounds|object-size)/, 'MEMORY_SAFETY_UBSAN'],
  [/^UBSAN: /, 'UBSAN'],
  [/^memory leak/, 'LEAK'],
  [/^WARNING: refcount bug/, 'REFCOUNT_WARNING'],
  [/^possible deadlock|^inconsistent lock state|^WARNING: (?:suspicious RCU usage in|locking bug)/, 'LOCKDEP'],
  [/^(?:BUG|WARNING): (?:bad unlock balance|bad contention|held lock freed|still has locks held|nested lock)/, 'LOCKDEP'],
  [/^BUG: (?:spinlock|rwlock|using )/, 'LOCKDEP'],
  [/^WARNING: (?:kernel stack|lock held when)/, 'UNKNOWN'],
  [/^WARNING/, 'WARNING'],
  [/^INFO: (?:task |rcu )|^BUG: soft lockup/, 'HANG'],
  [/^BUG: (?:sleeping function|scheduling while atomic)/, 'ATOMIC_SLEEP'],
  [/^BUG: unable to handle kernel NULL/, 'NULL-POINTER-DEREFERENCE'],
  [/^BUG: (?:unable to handle|corrupted list)/, 'MEMORY_SAFETY_BUG'],
  [/^BUG: Object already free/, 'DoS'],
  [/^kernel BUG|^BUG: bad usercopy/, 'BUG'],
  [/^SYZ/, 'SYZ_FAILURE'],
  [/^(?:BUG|INFO|unregister_netdevice): |overflow in </, 'UNKNOWN'],
  [/^/, 'DoS'],
];
