import { type Sample, STACK, SYSCALL } from './title_sample.ts';

/** Warnings, hangs, faults and panics. */
export const SAMPLES: readonly Sample[] = [
  {
    title: 'WARNING: refcount bug in widget_get',
    kind: 'REFCOUNT_WARNING',
    log: `------------[ cut here ]------------
refcount_t: addition on 0; use-after-free.
WARNING: CPU: 1 PID: 42 at lib/refcount.c:25 refcount_warn_saturate+0x74/0x110
CPU: 1 PID: 42 Comm: widgetd Not tainted 6.6.0 #1
RIP: 0010:refcount_warn_saturate+0x74/0x110
Call Trace:
 <TASK>
 widget_get+0x31/0x80
${SYSCALL}`,
  },
  {
    title: 'WARNING: ODEBUG bug in widget_free',
    kind: 'WARNING',
    log: `ODEBUG: free active (active state 0) object: ffff888012345678 object type: timer_list
WARNING: lib/debugobjects.c:615 at debug_print_object+0x1a2/0x2b0, CPU#1: widgetd/42
CPU: 1 UID: 0 PID: 42 Comm: widgetd Not tainted 6.18.0 #1
RIP: 0010:debug_print_object+0x1a2/0x2b0
Call Trace:
 debug_check_no_obj_freed+0x3d8/0x520
 kfree+0x2ad/0x4d0
 widget_free+0x31/0x80`,
  },
  {
    title: 'WARNING in widget_bulk/usb_submit_urb',
    kind: 'WARNING',
    log: `usb 1-1: BOGUS urb xfer, pipe 1 != type 3
WARNING: CPU: 1 PID: 42 at drivers/usb/core/urb.c:503 usb_submit_urb+0xdd/0x1820
CPU: 1 PID: 42 Comm: widgetd Not tainted 6.6.0 #1
RIP: 0010:usb_submit_urb+0xdd/0x1820
Call Trace:
 widget_bulk+0x31/0x80`,
  },
  {
    title: 'WARNING in widget_check',
    kind: 'WARNING',
    log: `WARNING: CPU: 1 PID: 42 at drivers/misc/widget.c:7 widget_check+0x2b7/0x390
Kernel panic - not syncing: kernel: panic_on_warn set ...
${STACK}
 panic+0x118/0x2ed
 __warn.cold+0xf3/0x17a
 report_bug+0xff/0x140
 exc_invalid_op+0x13/0x60
 asm_exc_invalid_op+0x16/0x20
RIP: 0010:widget_check+0x2b7/0x390
 widget_open+0x31/0x80`,
  },
  {
    title: 'WARNING in corrupted',
    kind: 'WARNING',
    corrupted: true,
    log: 'WARNING: CPU: 1 PID: 42 at drivers/misc/widget.c:7 widget_check+0x2b7/0x390\nModules linked in:',
  },
  {
    title: 'WARNING: a widget is loose',
    kind: 'WARNING',
    log: `WARNING: a widget is loose${STACK}
 widget_turn+0x31/0x80`,
  },
  {
    title: 'INFO: task hung in widget_wait',
    kind: 'HANG',
    log: `INFO: task widgetd:42 blocked for more than 122 seconds.
      Not tainted 6.6.0 #1
"echo 0 > /proc/sys/kernel/hung_task_timeout_secs" disables this message.
task:widgetd         state:D stack:0     pid:42    ppid:1      flags:0x00004002
Call Trace:
 <TASK>
 __schedule+0x34d/0x9e0
 schedule+0x5a/0xd0
 schedule_timeout+0x11e/0x150
 wait_for_completion+0x83/0x150
 __flush_work.isra.0+0x171/0x220
 widget_wait+0x31/0x80
${SYSCALL}`,
  },
  {
    title: 'INFO: rcu detected stall in widget_ioctl',
    kind: 'HANG',
    log: `rcu: INFO: rcu_preempt self-detected stall on CPU
rcu: \t1-....: (20999 ticks this GP) idle=0ec4/1/0x4000000000000000 softirq=2311/2311 fqs=5249
NMI backtrace for cpu 1
CPU: 1 PID: 42 Comm: widgetd Not tainted 6.6.0 #1
Call Trace:
 <IRQ>
 rcu_dump_cpu_stacks+0xc4/0x100
 update_process_times+0x70/0xb0
 tick_sched_timer+0x62/0x80
 __hrtimer_run_queues+0x10f/0x2b0
 </IRQ>
RIP: 0010:widget_spin+0x31/0x80
 widget_ioctl+0x31/0x80
 __x64_sys_ioctl+0x8f/0xc0
${SYSCALL}`,
  },
  {
    title: 'BUG: soft lockup in sys_widget',
    kind: 'HANG',
    log: `watchdog: BUG: soft lockup - CPU#1 stuck for 26s! [widgetd:42]
CPU: 1 PID: 42 Comm: widgetd Not tainted 6.6.0 #1
RIP: 0010:widget_spin+0x31/0x80
Call Trace:
 widget_all+0x31/0x80
 __x64_sys_widget+0x31/0x80
${SYSCALL}`,
  },
  {
    title: 'BUG: workqueue lockup',
    kind: 'UNKNOWN',
    log: 'BUG: workqueue lockup - pool cpus=0 node=0 flags=0x0 nice=0 stuck for 32s!',
  },
  {
    title: 'BUG: corrupted list in widget_remove',
    kind: 'MEMORY_SAFETY_BUG',
    log: `list_del corruption. prev->next should be ffff98679438a5d0, but was ca53e83f5e8cf5a8
------------[ cut here ]------------
kernel BUG at lib/list_debug.c:59!
invalid opcode: 0000 [#1] PREEMPT SMP NOPTI
CPU: 1 PID: 42 Comm: widgetd Not tainted 6.6.0 #1
RIP: 0010:__list_del_entry_valid+0x84/0xc0
Call Trace:
 widget_remove+0x31/0x80`,
  },
  {
    title: 'kernel BUG in widget_assert',
    kind: 'BUG',
    log: `kernel BUG at drivers/misc/widget.c:7!
Oops: invalid opcode: 0000 [#1] PREEMPT SMP NOPTI
CPU: 1 UID: 0 PID: 42 Comm: widgetd Not tainted 6.12.0 #1
RIP: 0010:widget_assert+0x2b7/0x390
Call Trace:
 widget_open+0x31/0x80`,
  },
  {
    title: 'index out of bounds in <widget::Widget>::read',
    kind: 'DoS',
    log: `rust_kernel: panicked at drivers/misc/widget.rs:12:3:
index out of bounds
------------[ cut here ]------------
kernel BUG at rust/helpers/bug.c:7!
Oops: invalid opcode: 0000 [#1] PREEMPT SMP
RIP: 0010:rust_helper_BUG+0x8/0x10
Call Trace:
 _RNvCs0_7___rustc17rust_begin_unwind+0x15b/0x160
 _RNvNtCs0_4core9panicking9panic_fmt+0x84/0x90
 _RNvMCs0_6widgetNtB2_6Widget4read+0x17e/0x186`,
  },
  {
    title: 'BUG: unable to handle kernel paging request in widget_walk',
    kind: 'MEMORY_SAFETY_BUG',
    log: `BUG: unable to handle page fault for address: ffffc90000a3f000
#PF: supervisor read access in kernel mode
#PF: error_code(0x0000) - not-present page
PGD 100000067 P4D 100000067 PUD 0
Oops: 0000 [#1] PREEMPT SMP NOPTI
CPU: 1 PID: 42 Comm: widgetd Not tainted 6.6.0 #1
RIP: 0010:widget_walk+0x2b7/0x390 [widget]
Call Trace:
 <TASK>
 ? __die_body.cold+0x1a/0x1f
 widget_open+0x31/0x80`,
  },
  {
    title: 'BUG: unable to handle kernel NULL pointer dereference in widget_probe',
    kind: 'NULL-POINTER-DEREFERENCE',
    log: `Unable to handle kernel NULL pointer dereference at virtual address 0000000000000010
Mem abort info:
  ESR = 0x0000000096000004
Internal error: Oops: 0000000096000004 [#1] SMP
CPU: 1 PID: 42 Comm: widgetd Not tainted 6.6.0 #1
pstate: 60400005 (nZCv daif +PAN -UAO -TCO -DIT -SSBS BTYPE=--)
pc : widget_probe+0x31/0x80
lr : widget_bind+0x31/0x80
Call trace:
 widget_probe+0x31/0x80
 widget_bind+0x31/0x80`,
  },
  {
    title: 'BUG: unable to handle kernel access to user memory in widget_peek',
    kind: 'MEMORY_SAFETY_BUG',
    log: `Unable to handle kernel access to user memory outside uaccess routines at virtual address 0000000000000118
Oops [#1]
epc : widget_peek+0x31/0x80
Call Trace:
[<ffffffff80009a8c>] widget_peek+0x31/0x80`,
  },
  {
    title: 'general protection fault in widget_next',
    kind: 'DoS',
    log: `general protection fault, probably for non-canonical address 0xdffffc0000000003: 0000 [#1] PREEMPT SMP KASAN
KASAN: null-ptr-deref in range [0x0000000000000018-0x000000000000001f]
CPU: 1 PID: 42 Comm: widgetd Not tainted 6.6.0 #1
RIP: 0010:rb_next+0x15/0x70
Call Trace:
 widget_next+0x31/0x80`,
  },
  {
    title: 'BUG: stack guard page was hit in widget_setsockopt',
    kind: 'UNKNOWN',
    log: `BUG: TASK stack guard page was hit at ffffc900054afff8 (stack is ffffc900054b0000..ffffc900054b8000)
stack guard page: 0000 [#1] PREEMPT SMP
RIP: 0010:widget_deep+0x17/0x70
Call Trace:
 widget_deep+0x31/0x80
 widget_deep+0x31/0x80
 widget_setsockopt+0x31/0x80
 __sys_setsockopt+0x2db/0x610`,
  },
  {
    title: 'PANIC: double fault in widget_deep',
    kind: 'DoS',
    log: `traps: PANIC: double fault, error_code: 0x0
double fault: 0000 [#1] PREEMPT SMP NOPTI
RIP: 0010:widget_deep+0x17/0x70
Call Trace:
 <#DF>
 </#DF>
 widget_deep+0x31/0x80`,
  },
  {
    title: 'divide error in widget_rate',
    kind: 'DoS',
    log: `divide error: 0000 [#1] PREEMPT SMP
RIP: 0010:widget_rate+0x17/0x70
Call Trace:
 widget_open+0x31/0x80`,
  },
  {
    title: 'invalid opcode in widget_jump',
    kind: 'DoS',
    log: 'invalid opcode: 0000 [#1] SMP\nRIP: 0010:widget_jump+0x17/0x70\nCall Trace:\n widget_open+0x31/0x80',
  },
  {
    title: 'Internal error in widget_in',
    kind: 'DoS',
    log: `Internal error: synchronous external abort: 96000010 [#1] SMP
pc : __raw_readb+0x18/0x2c
Call trace:
 __raw_readb+0x18/0x2c
 widget_in+0x31/0x80`,
  },
  {
    title: 'Unhandled fault in widget_arm',
    kind: 'DoS',
    log: `8<--- cut here ---
Unhandled fault: page domain fault (0x01b) at 0x00000e30
Internal error: : 1b [#1] PREEMPT SMP ARM
PC is at widget_arm+0x4c/0x78
Backtrace:
[<802b3ffc>] (widget_arm) from [<802e1324>] (widget_open+0x6c/0x120)`,
  },
  {
    title: 'BUG: sleeping function called from invalid context in widget_alloc',
    kind: 'ATOMIC_SLEEP',
    log: `BUG: sleeping function called from invalid context at include/linux/sched/mm.h:306
in_atomic(): 1, irqs_disabled(): 0, non_block: 0, pid: 42, name: widgetd
Preemption disabled at:
[<ffffffff81234567>] widget_enter+0x31/0x80
${STACK}
 __might_resched+0x16c/0x1a0
 __kmem_cache_alloc_node+0x2a0/0x390
 widget_alloc+0x31/0x80`,
  },
  {
    title: 'BUG: scheduling while atomic in widget_loop',
    kind: 'ATOMIC_SLEEP',
    log: `BUG: scheduling while atomic: widgetd/42/0x00000002
${STACK}
 __schedule_bug.cold+0x44/0x51
 __schedule+0x9a2/0xa80
 schedule+0x5a/0xd0
 widget_loop+0x31/0x80`,
  },
  {
    title: 'BUG: using smp_processor_id() in preemptible code in widget_stat',
    kind: 'LOCKDEP',
    log: `BUG: using smp_processor_id() in preemptible [00000000] code: widgetd/42
caller is widget_stat+0x31/0x80
${STACK}
 check_preemption_disabled+0xd5/0xe0`,
  },
  {
    title: 'BUG: using __this_cpu_read() in preemptible code in widget_stat',
    kind: 'LOCKDEP',
    log: `BUG: using __this_cpu_read() in preemptible [00000000] code: widgetd/42
caller is __this_cpu_preempt_check+0x1c/0x20
${STACK}
 check_preemption_disabled+0xd5/0xe0
 __this_cpu_preempt_check+0x1c/0x20
 widget_stat+0x31/0x80`,
  },
  {
    title: 'BUG: workqueue leaked lock or atomic in widget_work',
    kind: 'UNKNOWN',
    log: `BUG: workqueue leaked lock or atomic: kworker/0:0/0x00000000/4
     last function: widget_work
1 lock held by kworker/0:0/4:`,
  },
  {
    title: 'memory leak in widget_new',
    kind: 'LEAK',
    log: `BUG: memory leak
unreferenced object 0xffff888012345678 (size 96):
  comm "widgetd", pid 42, jiffies 4294941388
  backtrace (crc c9a1c131):
    kmemleak_alloc+0x72/0xc0
    __kmalloc_cache_noprof+0x42f/0x5e0
    widget_new+0x57/0x110`,
  },
  {
    title: 'BUG: Bad page state in widget_map',
    kind: 'UNKNOWN',
    log: `BUG: Bad page state in process widgetd  pfn:7071f
page: refcount:0 mapcount:0 mapping:0000000000000000 index:0x7f467f1e8 pfn:0x7071f
page last allocated via order 0, migratetype Unmovable
 post_alloc_hook+0x1f3/0x230
 get_page_from_freelist+0x2e4c/0x2f10
 __alloc_pages_noprof+0x256/0x6c0
 widget_map+0x31/0x80`,
  },
  {
    title: 'BUG: Object already free',
    kind: 'DoS',
    corrupted: true,
    log: 'BUG widget_cache (Tainted: G    B         ): Object already free',
  },
  {
    title: 'unregister_netdevice: waiting for DEV to become free',
    kind: 'UNKNOWN',
    log: 'unregister_netdevice: waiting for widget0 to become free. Usage count = 2',
  },
  {
    title: 'kernel panic: corrupted stack end in widget_work',
    kind: 'DoS',
    log: `Kernel panic - not syncing: corrupted stack end detected inside scheduler
${STACK}
 panic+0x2ad/0x55f
 __schedule+0x1ec6/0x1ed0
 widget_deep+0x31/0x80
 widget_work+0x31/0x80
 process_one_work+0x1df/0x3d0
 worker_thread+0x4d/0x3d0`,
  },
  {
    title: 'kernel panic: stack is corrupted in widget_name',
    kind: 'DoS',
    log: 'Kernel panic - not syncing: stack-protector: Kernel stack is corrupted in: widget_name+0x77/0x80',
  },
  {
    title: 'kernel panic: VFS: Unable to mount root fs on unknown-block(NUM,NUM)',
    kind: 'DoS',
    log: `Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)
${STACK}
 panic+0x118/0x2ed
 mount_root_generic+0x1f0/0x350`,
  },
  {
    title: 'kernel panic: Fatal exception',
    kind: 'DoS',
    corrupted: true,
    log: 'Kernel panic - not syncing: Fatal exception in interrupt',
  },
];
