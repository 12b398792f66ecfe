import type { Sample } from './title_sample.ts';

const CALLS = `
Call Trace:
 dump_stack_lvl+0x44/0x5c`;

/** As `SAMPLES`: what kernels say less often. */
export const RARE_SAMPLES: readonly Sample[] = [
  {
    title: 'KCSAN: data-race in widget_irq',
    kind: 'KCSAN-DATARACE',
    log: `BUG: KCSAN: data-race in widget_irq+0x551/0xb10

race at unknown origin, with read to 0xffff933db8a2ae6c of 1 bytes by interrupt on cpu 0:
 widget_irq+0x551/0xb10`,
  },
  {
    title: 'UBSAN: undefined-behaviour in widget_scale',
    kind: 'UBSAN',
    log: `UBSAN: Undefined behaviour in drivers/misc/widget.c:12:3
signed integer overflow:${CALLS}
 ubsan_epilogue+0xd/0x40
 widget_scale+0x14/0x1d`,
  },
  {
    title: 'INFO: suspicious RCU usage in widget_find',
    kind: 'UNKNOWN',
    log: `[ INFO: suspicious RCU usage. ]
4.3.5 #1 Not tainted
-------------------------------
drivers/misc/widget.c:99 suspicious rcu_dereference_protected() usage!

stack backtrace:${CALLS}
 lockdep_rcu_suspicious+0x122/0x1a0
 widget_find+0x31/0x80`,
  },
  {
    title: 'BUG: held lock freed in widget_new',
    kind: 'LOCKDEP',
    log: `[ BUG: held lock freed! ]
widgetd/42 is freeing memory ffff8800178f8180-ffff8800178f8a77, with a lock still held there!
 (&w->lock){+.-...}, at: [<ffffffff835f22c9>] widget_new+0x3d9/0x12c0

stack backtrace:${CALLS}`,
  },
  {
    title: 'BUG: still has locks held in widget_lock',
    kind: 'LOCKDEP',
    log: `[ BUG: widgetd/42 still has locks held! ]
1 lock held by widgetd/42:
 #0:  (&w->mutex){+.+.+.}, at: [<ffffffff81844c6b>] widget_lock+0x5b/0x70

stack backtrace:${CALLS}`,
  },
  {
    title: 'WARNING: nested lock was not taken in widget_nest',
    kind: 'LOCKDEP',
    log: `WARNING: nested lock was not taken
widgetd/42 is trying to lock:${CALLS}
 __lock_acquire+0x976/0x1e90
 lock_acquire+0xc0/0x2d0
 widget_nest+0x31/0x80`,
  },
  {
    title: 'WARNING: locking bug in widget_twice',
    kind: 'LOCKDEP',
    log: `DEBUG_LOCKS_WARN_ON(1)
WARNING: CPU: 1 PID: 42 at kernel/locking/lockdep.c:232 __lock_acquire+0x976/0x1e90
RIP: 0010:__lock_acquire+0x976/0x1e90
Call Trace:
 lock_acquire+0xc0/0x2d0
 widget_twice+0x31/0x80`,
  },
  {
    title: 'WARNING: kobject bug in widget_add',
    kind: 'WARNING',
    log: `WARNING: CPU: 1 PID: 42 at lib/kobject.c:244 kobject_add_internal+0x3f6/0xbc0
RIP: 0010:kobject_add_internal+0x3f6/0xbc0
Call Trace:
 kobject_init_and_add+0xf9/0x150
 widget_add+0x31/0x80`,
  },
  {
    title: 'BUG: corrupted list in widget_append',
    kind: 'MEMORY_SAFETY_BUG',
    log: `list_add corruption. prev->next should be next (ffff888012345678), but was ffff888012345680. (prev=ffff888012345690).
WARNING: CPU: 1 PID: 42 at lib/list_debug.c:30 __list_add_valid+0x6c/0xa0
RIP: 0010:__list_add_valid+0x6c/0xa0
Call Trace:
 widget_append+0x31/0x80`,
  },
  {
    title: 'WARNING: kmalloc bug in widget_resize',
    kind: 'WARNING',
    log: `WARNING: CPU: 1 PID: 42 at mm/util.c:597 kvmalloc_node+0x111/0x120
RIP: 0010:kvmalloc_node+0x111/0x120
Call Trace:
 widget_resize+0x31/0x80`,
  },
  {
    title: 'WARNING: zero-size vmalloc in widget_resize',
    kind: 'WARNING',
    log: `WARNING: CPU: 1 PID: 42 at mm/vmalloc.c:3108 __vmalloc_node_range+0x1036/0x1300
RIP: 0010:__vmalloc_node_range+0x1036/0x1300
Call Trace:
 vzalloc+0x6b/0x80
 widget_resize+0x31/0x80`,
  },
  {
    title: 'WARNING: proc registration bug in widget_proc',
    kind: 'WARNING',
    log: `proc_dir_entry 'widget/0' already registered
WARNING: CPU: 1 PID: 42 at fs/proc/generic.c:377 proc_register+0x2dd/0x3d0
RIP: 0010:proc_register+0x2dd/0x3d0
Call Trace:
 proc_create_data+0x94/0xc0
 widget_proc+0x31/0x80`,
  },
  {
    title: "WARNING: kernel stack regs has bad 'bp' value",
    kind: 'UNKNOWN',
    log: "WARNING: kernel stack regs at ffff8801d100fea8 in widgetd:42 has bad 'bp' value ffff8801d100ff28",
  },
  {
    title: 'WARNING: kernel stack frame pointer has bad value',
    kind: 'UNKNOWN',
    log: 'WARNING: kernel stack frame pointer at ffff88003e1f7f40 in widgetd:42 has bad value ffffffff85632fb0',
  },
  {
    title: "INFO: task can't die in widget_rpc",
    kind: 'HANG',
    log: `INFO: task widgetd:42 can't die for more than 143 seconds.
Call Trace:
 __schedule+0x8b4/0x1e80
 schedule+0xd0/0x2a0
 widget_rpc+0x31/0x80`,
  },
  {
    title: 'BUG: bad usercopy in widget_copy',
    kind: 'BUG',
    log: `usercopy: Kernel memory overwrite attempt detected to SLUB object 'widget' (offset 0, size 7)!
kernel BUG at mm/usercopy.c:102!
invalid opcode: 0000 [#1] SMP
RIP: 0010:usercopy_abort+0xbd/0xbf
Call Trace:
 __check_object_size.cold+0x48/0xaf
 widget_copy+0x31/0x80`,
  },
  {
    title: 'stack segment fault in widget_pop',
    kind: 'DoS',
    log: 'stack segment: 0000 [#1] SMP\nRIP: 0010:widget_pop+0x17/0x70\nCall Trace:\n widget_open+0x31/0x80',
  },
  {
    title: 'kernel panic: kernel stack overflow',
    kind: 'DoS',
    log: `Insufficient stack space to handle exception!
ESR: 0x0000000096000047 -- DABT (current EL)
pc : widget_deep+0x31/0x80
Kernel panic - not syncing: kernel stack overflow
Call trace:
 widget_deep+0x31/0x80`,
  },
  {
    title: 'Alignment trap in corrupted',
    kind: 'DoS',
    corrupted: true,
    log: `Alignment trap: not handling instruction e1932f9f at [<8028bd58>]
Unhandled fault: alignment exception (0x001) at 0x000008ad
PC is at widget_fork+0x154/0x39c`,
  },
  {
    title: 'BUG: Bad page map',
    kind: 'UNKNOWN',
    log: `BUG: Bad page map in process widgetd  pte:8000000123456025 pmd:123456067${CALLS}
 print_bad_pte+0x1b0/0x2b0`,
  },
  {
    title: 'BUG: Bad rss-counter state',
    kind: 'UNKNOWN',
    log: 'BUG: Bad rss-counter state mm:00000000e3aa9a77 type:MM_ANONPAGES val:1',
  },
  {
    title: 'BUG: Dentry still in use in unmount',
    kind: 'UNKNOWN',
    log: 'BUG: Dentry ffff888119d8a000{i=0,n=.index}  still in use (1) [unmount of ramfs ramfs]',
  },
  {
    title: 'VFS: Busy inodes after unmount (use-after-free)',
    kind: 'DoS',
    log: 'VFS: Busy inodes after unmount of sda1. Self-destruct in 5 seconds.  Have a nice day...',
  },
  {
    title: 'INFO: Allocated in widget_new age=NUM cpu=NUM pid=NUM',
    kind: 'UNKNOWN',
    corrupted: true,
    log: 'INFO: Allocated in widget_new+0x29/0x90 age=1 cpu=1 pid=6024',
  },
  {
    title: 'kernel panic: Attempted to kill init!',
    kind: 'DoS',
    log: `Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000009${CALLS}
 panic+0x118/0x2ed`,
  },
  {
    title: 'trusty: ASSERT FAILED: list_is_in(&widget->node)',
    kind: 'DoS',
    log: 'trusty: panic (caller 0xffffffffe000fbd0): ASSERT FAILED at (lib/widget.c:12): list_is_in(&widget->node)',
  },
  {
    title: 'SYZFAIL: failed to open widget',
    kind: 'SYZ_FAILURE',
    log: 'SYZFAIL: failed to open widget',
  },
];
