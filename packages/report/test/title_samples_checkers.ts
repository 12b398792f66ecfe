import { type Sample, STACK, SYSCALL } from './title_sample.ts';

/** What the sanitizers and the lock validator print. */
export const CHECKER_SAMPLES: readonly Sample[] = [
  {
    title: 'KASAN: slab-use-after-free Read in widget_close',
    kind: 'KASAN-USE-AFTER-FREE-READ',
    log: `==================================================================
BUG: KASAN: slab-use-after-free in __mutex_lock+0x10/0x200
Read of size 8 at addr ffff888012345678 by task widgetd/42

${STACK}
 print_report+0xcf/0x620
 kasan_report+0xb2/0xe0
 __mutex_lock+0x10/0x200
 widget_close+0x31/0x80 [widget]
 __fput+0x1a0/0x3b0
${SYSCALL}

Allocated by task 41:
 kasan_save_stack+0x1e/0x40
 widget_open+0x20/0x90 [widget]`,
  },
  {
    title: 'KASAN: slab-out-of-bounds Write in widget_parse',
    kind: 'KASAN-WRITE',
    log: `BUG: KASAN: slab-out-of-bounds in memcpy+0x39/0x60
Write of size 16 at addr ffff888012345678 by task widgetd/42
${STACK}
 kasan_report+0xb2/0xe0
 memcpy+0x39/0x60
 widget_parse.isra.0+0x71/0x120
${SYSCALL}`,
  },
  {
    title: 'KASAN: use-after-free Write in widget_put',
    kind: 'KASAN-USE-AFTER-FREE-WRITE',
    corrupted: true,
    log: `BUG: KASAN: use-after-free in widget_put+0x11/0x40 at addr ffff888012345678
Write of size 4 by task widgetd/42`,
  },
  {
    title: 'KASAN: null-ptr-deref Read in widget_poll',
    kind: 'KASAN-NULL-POINTER-DEREFERENCE-READ',
    log: `BUG: KASAN: null-ptr-deref in widget_poll+0x11/0x40
Read of size 4 at addr 0000000000000008 by task widgetd/42
${STACK}
 widget_poll+0x11/0x40
${SYSCALL}`,
  },
  {
    title: 'KASAN: null-ptr-deref Read',
    kind: 'KASAN-NULL-POINTER-DEREFERENCE-READ',
    corrupted: true,
    log: `BUG: KASAN: null-ptr-deref on address           (null)
Read of size 4 by task widgetd/42`,
  },
  {
    title: 'KASAN: invalid-free in widget_release',
    kind: 'KASAN-INVALID-FREE',
    log: `BUG: KASAN: double-free in kfree+0x80/0x110
Free of addr ffff888012345678 by task widgetd/42
${STACK}
 kasan_report_invalid_free+0x70/0xa0
 kfree+0x80/0x110
 widget_release+0x15/0x30
${SYSCALL}`,
  },
  {
    title: 'KASAN: slab-out-of-bounds in widget_cut',
    kind: 'KASAN-READ',
    corrupted: true,
    log: 'BUG: KASAN: slab-out-of-bounds in widget_cut+0x1/0x2',
  },
  {
    title: 'KFENCE: out-of-bounds read in widget_copy',
    kind: 'KFENCE-READ',
    log: `BUG: KFENCE: out-of-bounds read in widget_copy+0x20/0x60

Out-of-bounds read at 0xffff88823bc8cf68 (8B right of kfence-#69):
 widget_copy+0x20/0x60
 widget_ioctl+0x90/0x100

kfence-#69: 0xffff88823bc8ce00-0xffff88823bc8cfa7, size=424, cache=kmalloc-512`,
  },
  {
    title: 'KMSAN: uninit-value in widget_hash',
    kind: 'KMSAN-UNINIT-VALUE',
    log: `BUG: KMSAN: uninit-value in widget_hash+0x20/0x60
 widget_hash+0x20/0x60
 widget_lookup+0x90/0x100

Uninit was created at:
 slab_post_alloc_hook+0x100/0x200`,
  },
  {
    title: 'KMSAN: kernel-usb-infoleak in widget_send',
    kind: 'KMSAN-INFO-LEAK',
    log: `BUG: KMSAN: kernel-usb-infoleak in usb_submit_urb+0x500/0x2400
 usb_submit_urb+0x500/0x2400
 usb_start_wait_urb+0xc0/0x3a0
 usb_bulk_msg+0x400/0x600
 widget_send+0x90/0x100`,
  },
  {
    title: 'KCSAN: data-race in widget_read / widget_write',
    kind: 'KCSAN-DATARACE',
    log: `BUG: KCSAN: data-race in widget_read.isra.0 / widget_write

write to 0xffff8881001cb1e8 of 4 bytes by task 42 on cpu 0:
 widget_write+0x40/0x100

read to 0xffff8881001cb1e8 of 4 bytes by task 43 on cpu 1:
 widget_read.isra.0+0x40/0x100`,
  },
  {
    title: 'UBSAN: shift-out-of-bounds in widget_scale',
    kind: 'UBSAN',
    log: `UBSAN: shift-out-of-bounds in drivers/misc/widget.c:12:3
shift exponent 64 is too large for 32-bit type 'int'
${STACK}
 ubsan_epilogue+0x5/0x40
 __ubsan_handle_shift_out_of_bounds+0x10d/0x170
 widget_scale.cold+0x14/0x1d
${SYSCALL}`,
  },
  {
    title: 'possible deadlock in widget_start',
    kind: 'LOCKDEP',
    log: `======================================================
WARNING: possible circular locking dependency detected
6.6.0 #1 Not tainted
------------------------------------------------------
widgetd/42 is trying to acquire lock:
ffff888012345678 (&w->mutex){+.+.}-{3:3}, at: widget_start+0x31/0x80

but task is already holding lock:
ffff888012345680 (&w->list){+.+.}-{3:3}, at: widget_all+0x31/0x80

the existing dependency chain (in reverse order) is:

-> #1 (&w->list){+.+.}-{3:3}:
       __mutex_lock+0x95/0x9d0
       widget_stop+0x31/0x80

stack backtrace:${STACK}
 check_noncircular+0x134/0x150`,
  },
  {
    title: 'possible deadlock in widget_tick',
    kind: 'LOCKDEP',
    log: `WARNING: HARDIRQ-safe -> HARDIRQ-unsafe lock order detected
6.6.0 #1 Not tainted
-----------------------------------------------------
widgetd/42 [HC0[0]:SC0[0]:HE0:SE1] is trying to acquire:
ffff888012345678 (&w->lock){.+.+}-{2:2}, at: widget_notify+0x31/0x80

... which became HARDIRQ-irq-safe at:
  lock_acquire+0xc0/0x2d0
  _raw_spin_lock_irqsave+0x39/0x50
  widget_tick+0x31/0x80`,
  },
  {
    title: 'inconsistent lock state in widget_timer',
    kind: 'LOCKDEP',
    log: `WARNING: inconsistent lock state
6.6.0 #1 Not tainted
--------------------------------
inconsistent {SOFTIRQ-ON-W} -> {IN-SOFTIRQ-W} usage.
swapper/0/0 [HC0[0]:SC1[1]:HE1:SE0] takes:
ffff888012345678 (&w->lock){+.?.}-{2:2}, at: widget_timer+0x31/0x80
{SOFTIRQ-ON-W} state was registered at:
  lock_acquire+0xc0/0x2d0
  widget_open+0x31/0x80`,
  },
  {
    title: 'WARNING: suspicious RCU usage in widget_find',
    kind: 'LOCKDEP',
    log: `=============================
WARNING: suspicious RCU usage
6.6.0 #1 Not tainted
-----------------------------
drivers/misc/widget.c:99 suspicious rcu_dereference_check() usage!

stack backtrace:${STACK}
 lockdep_rcu_suspicious+0x122/0x1a0
 widget_find+0x31/0x80
${SYSCALL}`,
  },
  {
    title: 'WARNING: bad unlock balance in widget_unlock',
    kind: 'LOCKDEP',
    log: `WARNING: bad unlock balance detected!
widgetd/42 is trying to release lock (&w->mutex) at:
[<ffffffff834dea24>] widget_unlock+0xe4/0x140
but there are no more locks to release!
${STACK}
 lock_release+0x6fe/0xa40
 widget_unlock+0xe4/0x140`,
  },
  {
    title: 'WARNING: lock held when returning to user space in widget_freeze',
    kind: 'UNKNOWN',
    log: `WARNING: lock held when returning to user space!
widgetd/42 is leaving the kernel with locks still held!
1 lock held by widgetd/42:
 #0: ffff888012345678 (&w->mutex){+.+.}-{3:3}, at: widget_freeze+0x31/0x80`,
  },
  {
    title: 'WARNING: locking bug in widget_nested',
    kind: 'LOCKDEP',
    log: `[ BUG: Invalid wait context ]
6.6.0 #1 Not tainted
-----------------------------
widgetd/42 is trying to lock:
ffff888012345678 (&w->mutex){+.+.}-{3:3}, at: widget_nested+0x31/0x80
stack backtrace:${STACK}
 __lock_acquire+0x976/0x1e90
 lock_acquire+0xc0/0x2d0
 widget_nested+0x31/0x80`,
  },
  {
    title: 'INFO: trying to register non-static key in widget_setup',
    kind: 'UNKNOWN',
    log: `INFO: trying to register non-static key.
The code is fine but needs lockdep annotation, or maybe
${STACK}
 register_lock_class+0x55e/0x2c70
 __lock_acquire+0x203/0x4770
 _raw_spin_lock_bh+0x31/0x40
 widget_setup+0x31/0x80`,
  },
  {
    title: 'BUG: spinlock bad magic in widget_irq',
    kind: 'LOCKDEP',
    log: `BUG: spinlock bad magic on CPU#0, widgetd/42
 lock: 0xffff8800bb37e088, .magic: ffff8800, .owner: <none>/-1, .owner_cpu: 131071
${STACK}
 do_raw_spin_lock+0x66/0xb0
 _raw_spin_lock+0xe/0x10
 widget_irq+0x31/0x80`,
  },
];
