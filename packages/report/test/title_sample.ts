/** Logs in the kernel's own formats, written for these tests, and the titles they must get. */
export interface Sample {
  readonly title: string;
  readonly kind: string;
  readonly corrupted?: true;
  readonly log: string;
}

/** The beginning of a stack as dump_stack() prints it. */
export const STACK = `
CPU: 1 PID: 42 Comm: widgetd Not tainted 6.6.0 #1
Hardware name: QEMU Standard PC (Q35 + ICH9, 2009), BIOS 1.16.2 04/01/2014
Call Trace:
 <TASK>
 dump_stack_lvl+0x44/0x5c`;

/** The end of a stack that a system call began. */
export const SYSCALL = `
 do_syscall_64+0x55/0xb0
 entry_SYSCALL_64_after_hwframe+0x6e/0xd8
RIP: 0033:0x7f6f1f0fb1e0
 </TASK>`;
