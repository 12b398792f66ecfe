// What a stock 6.1 kernel logged, and what crash 8.0.2 printed of it: cut down, but otherwise as it was.

export const PANIC_LOG = `[    0.000000] Linux version 6.1.0-56-cloud-amd64 (debian-kernel@lists.debian.org)
[    0.100000] smp: Brought up 1 node, 2 CPUs
[   15.789434] lab: crash 7a4c5bb74754a0cd
[   16.188198] Uhhuh. NMI received for unknown reason 21 on CPU 0.
[   16.188198] Kernel panic - not syncing: NMI: Not continuing
[   16.188198] CPU: 0 PID: 0 Comm: swapper/0 Kdump: loaded Not tainted 6.1.0-56-cloud-amd64 #1  Debian 6.1.192-2
[   16.188198] Hardware name: QEMU Standard PC (Q35 + ICH9, 2009), BIOS 1.16.2-debian-1.16.2-1 04/01/2014
[   16.188198] Call Trace:
[   16.188198]  <NMI>
[   16.188198]  dump_stack_lvl+0x44/0x5c
[   16.188198]  panic+0x118/0x2f4
[   16.188198]  ? _printk+0x68/0x83
[   16.188198]  nmi_panic.cold+0xc/0xc
[   16.188198]  unknown_nmi_error.cold+0x3b/0x49
[   16.188198]  exc_nmi+0x11e/0x150
[   16.188198]  end_repeat_nmi+0x16/0x67
[   16.188198] RIP: 0010:native_safe_halt+0xb/0x10
[   16.188198] Code: 90 90 90 90 90 90 eb 07 0f 00 2d 5f d8 4f 00 f4 <c3> cc cc cc cc
[   16.188198] RSP: 0018:ffffffffa0e03e98 EFLAGS: 00000246
[   16.188198] RAX: 000000000001ad40 RBX: 0000000000000000 RCX: 0000000000000000
[   16.188198]  ? native_safe_halt+0xb/0x10
[   16.188198]  </NMI>
[   16.188198]  <TASK>
[   16.188198]  amd_e400_idle+0x3d/0x50
[   16.188198]  do_idle+0x206/0x2b0
[   16.188198]  secondary_startup_64_no_verify+0xe4/0xeb
[   16.188198]  </TASK>
`;

export const PANIC_BT = `PID: 0        TASK: ffffffffa0e1aa40  CPU: 0    COMMAND: "swapper/0"
 #0 [fffffe000000dd18] machine_kexec+0x1bf at ffffffff9f46c62f
 #1 [fffffe000000dd70] __crash_kexec+0x77 at ffffffff9f5646b7
 #2 [fffffe000000de30] panic+0x13d at ffffffff9fdcd06e
 #3 [fffffe000000deb8] unknown_nmi_error.cold+0x3b at ffffffff9fdc82f5
 #4 [fffffe000000ded0] exc_nmi+0x11e at ffffffff9fe05d6e
 #5 [fffffe000000def0] end_repeat_nmi+0x16 at ffffffffa0001680
    [exception RIP: native_safe_halt+11]
    RIP: ffffffff9fe17a0b  RSP: ffffffffa0e03e98  RFLAGS: 00000246
    RAX: 000000000001ad40  RBX: 0000000000000000  RCX: 0000000000000000
    ORIG_RAX: ffffffffffffffff  CS: 0010  SS: 0018
--- <NMI exception stack> ---
 #6 [ffffffffa0e03e98] native_safe_halt+0xb at ffffffff9fe17a0b
 #7 [ffffffffa0e03e98] amd_e400_idle+0x3d at ffffffff9f43c09d
 #8 [ffffffffa0e03ea8] do_idle+0x206 at ffffffff9f4eddc6
 #9 [ffffffffa0e03f50] secondary_startup_64_no_verify+0xe4 at ffffffff9f400159
`;

export const OOPS_LOG = `[    0.000000] Linux version 6.1.0-56-cloud-amd64 (debian-kernel@lists.debian.org)
[   12.091955] lab: crash b3091d69f4de8554
[   12.160070] BUG: kernel NULL pointer dereference, address: 0000000000000000
[   12.160447] #PF: supervisor write access in kernel mode
[   12.163280] Oops: 0002 [#1] PREEMPT SMP NOPTI
[   12.163280] CPU: 1 PID: 136 Comm: insmod Kdump: loaded Tainted: G           OE      6.1.0-56-cloud-amd64 #1  Debian 6.1.192-2
[   12.163280] RIP: 0010:lab_crash_here+0x27/0x80 [lab_crash]
[   12.163280] Code: 74 41 48 8b 3d
[   12.163280] RSP: 0018:ff4e4db3c03cfb78 EFLAGS: 00000246
[   12.163280] Call Trace:
[   12.163280]  <TASK>
[   12.163280]  lab_crash_nest+0x37/0x45 [lab_crash]
[   12.163280]  lab_crash_nest+0x14/0x45 [lab_crash]
[   12.163280]  lab_crash_nest+0x14/0x45 [lab_crash]
[   12.163280]  ? 0xffffffffc052f000
[   12.163280]  do_one_initcall+0x59/0x220
[   12.163280]  do_syscall_64+0x5d/0x90
[   12.163280]  ? do_fault+0x1a7/0x410
[   12.163280]  ? __handle_mm_fault+0x660/0xfa0
[   12.163280]  entry_SYSCALL_64_after_hwframe+0x6e/0xd8
[   12.163280] RIP: 0033:0x47fbe9
[   12.163280] Code: 40 00 48
[   12.163280] RSP: 002b:00007ffec140e648 EFLAGS: 00000246 ORIG_RAX: 0000000000000139
[   12.163280]  </TASK>
[   12.163280] Modules linked in: lab_crash(OE+)
[   12.163280] CR2: 0000000000000000
`;

export const OOPS_BT = `PID: 136      TASK: ff2c060c02430000  CPU: 1    COMMAND: "insmod"
 #0 [ff4e4db3c03cf8d8] machine_kexec+0x1bf at ffffffffba66c62f
 #1 [ff4e4db3c03cf930] __crash_kexec+0x77 at ffffffffba7646b7
 #2 [ff4e4db3c03cf9f0] crash_kexec+0x28 at ffffffffba765748
 #3 [ff4e4db3c03cf9f8] oops_end+0xa1 at ffffffffba633d61
 #4 [ff4e4db3c03cfac0] asm_exc_page_fault+0x22 at ffffffffbb200c02
    [exception RIP: lab_crash_here+39]
    RIP: ffffffffc052a107  RSP: ff4e4db3c03cfb78  RFLAGS: 00000246
    RAX: 0000000000000000  RBX: ff2c060c02871e50  RCX: 0000000000000000
    ORIG_RAX: ffffffffffffffff  CS: 0010  SS: 0018
 #5 [ff4e4db3c03cfb80] lab_crash_nest+0x37 at ffffffffc052a197 [lab_crash]
 #6 [ff4e4db3c03cfb90] lab_crash_nest+0x14 at ffffffffc052a174 [lab_crash]
 #7 [ff4e4db3c03cfba0] lab_crash_nest+0x14 at ffffffffc052a174 [lab_crash]
 #8 [ff4e4db3c03cfbc0] do_one_initcall+0x59 at ffffffffba6024b9
 #9 [ff4e4db3c03cfd20] do_syscall_64+0x5d at ffffffffbb003f4d
#10 [ff4e4db3c03cfdb0] do_fault+0x1a7 at ffffffffba8bd3a7
#11 [ff4e4db3c03cff50] entry_SYSCALL_64_after_hwframe+0x6e at ffffffffbb200126
    RIP: 000000000047fbe9  RSP: 00007ffec140e648  RFLAGS: 00000246
    RAX: ffffffffffffffda  RBX: 00000000144e74b0  RCX: 000000000047fbe9
    ORIG_RAX: 0000000000000139  CS: 0033  SS: 002b
`;

export const OOPS_SYS = `      KERNEL: vmlinux-6.1.0-56-cloud-amd64  [TAINTED]
    DUMPFILE: kdump.dump  [PARTIAL DUMP]
        CPUS: 2
        DATE: Tue Nov 24 22:39:59 UTC 2026
      UPTIME: 00:00:12
LOAD AVERAGE: 0.23, 0.05, 0.02
       TASKS: 3
    NODENAME: (none)
     RELEASE: 6.1.0-56-cloud-amd64
     VERSION: #1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-11-16)
     MACHINE: x86_64  (1996 Mhz)
      MEMORY: 511.5 MB
       PANIC: "Oops: 0002 [#1] PREEMPT SMP NOPTI" (check log for details)
`;
