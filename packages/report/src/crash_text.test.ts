import { describe, expect, it } from 'vitest';
import { findCrash, summarise } from './crash_text.ts';

const boot = [
  '[    0.000000] Linux version 6.1.0-40-cloud-amd64 (debian-kernel@lists.debian.org) (gcc-12) #1 SMP',
  '[    0.000000] Command line: root=/dev/vda1 crashkernel=128M',
  '[    1.500000] EXT4-fs (nvme0n1p2): mounted filesystem with ordered data mode. Quota mode: none.',
];

const survivedWarning = [
  '[    2.000000] ------------[ cut here ]------------',
  '[    2.000001] WARNING: CPU: 1 PID: 77 at drivers/net/foo.c:12 foo_open+0x10/0x40 [foo]',
  '[    2.000002] CPU: 1 PID: 77 Comm: ip Not tainted 6.1.0-40-cloud-amd64 #1  Debian 6.1.153-1',
  '[    2.000003] RIP: 0010:foo_open+0x10/0x40 [foo]',
  '[    2.000004] Call Trace:',
  '[    2.000005]  <TASK>',
  '[    2.000006]  __dev_open+0x100/0x1a0',
  '[    2.000007]  </TASK>',
  '[    2.000008] ---[ end trace 0000000000000000 ]---',
];

const sysrq = [
  '[    6.900000] sysrq: Trigger a crash',
  '[    6.900001] Kernel panic - not syncing: sysrq triggered crash',
  '[    6.900002] CPU: 1 PID: 93 Comm: sh Tainted: G           OE      6.1.0-40-cloud-amd64 #1  Debian 6.1.153-1',
  '[    6.900003] Hardware name: QEMU Standard PC (Q35 + ICH9, 2009), BIOS 1.16.2-debian-1.16.2-1 04/01/2014',
  '[    6.900004] Call Trace:',
  '[    6.900005]  <TASK>',
  '[    6.900006]  dump_stack_lvl+0x44/0x5c',
  '[    6.900007]  panic+0x118/0x2ed',
  '[    6.900008]  ? _printk+0x57/0x6d',
  '[    6.900009]  sysrq_handle_crash+0x16/0x20',
  '[    6.900010]  __handle_sysrq.cold+0x45/0xf2',
  '[    6.900011]  write_sysrq_trigger+0x24/0x40',
  '[    6.900012]  proc_reg_write+0x52/0x90',
  '[    6.900013]  vfs_write+0xc8/0x3c0',
  '[    6.900014]  ksys_write+0x6b/0xf0',
  '[    6.900015]  do_syscall_64+0x55/0xb0',
  '[    6.900016]  entry_SYSCALL_64_after_hwframe+0x6e/0xd8',
  '[    6.900017] RIP: 0033:0x7f6f1f0fb1e0',
  '[    6.900018] Code: 8b 15 41 dc 0d 00 f7 d8',
  '[    6.900019] RSP: 002b:00007ffd3d4a0c98 EFLAGS: 00000202 ORIG_RAX: 0000000000000001',
  '[    6.900020]  </TASK>',
];

const nullDereference = [
  '[    9.100000] BUG: kernel NULL pointer dereference, address: 0000000000000000',
  '[    9.100001] #PF: supervisor write access in kernel mode',
  '[    9.100002] #PF: error_code(0x0002) - not-present page',
  '[    9.100003] PGD 0 P4D 0 ',
  '[    9.100004] Oops: 0002 [#1] PREEMPT SMP NOPTI',
  '[    9.100005] CPU: 0 UID: 0 PID: 101 Comm: insmod Tainted: G           O       6.12.48+deb13-cloud-amd64 #1',
  '[    9.100006] Tainted: [O]=OOT_MODULE',
  '[    9.100007] RIP: 0010:lab_oops+0x5/0x10 [lab]',
  '[    9.100008] Code: 0f 1f 44 00 00 c7 04 25 00 00 00 00 <00>',
  '[    9.100009] RSP: 0018:ffffb0a540137c40 EFLAGS: 00010246',
  '[    9.100010] Call Trace:',
  '[    9.100011]  <TASK>',
  '[    9.100012]  ? __die_body.cold+0x19/0x27',
  '[    9.100013]  lab_init+0x15/0x1000 [lab]',
  '[    9.100014]  do_one_initcall+0x58/0x310',
  '[    9.100015]  </TASK>',
  '[    9.100016] Modules linked in: lab(O+)',
  '[    9.100017] CR2: 0000000000000000',
];

function crashOf(...parts: string[][]) {
  const lines = parts.flat();
  const crash = findCrash(lines);
  return { crash, first: crash === null ? '' : lines[crash.start], lines };
}

describe('findCrash', () => {
  it('finds a crash by sysrq, its task and its stack', () => {
    const { crash, first, lines } = crashOf(boot, survivedWarning, sysrq);
    expect(first).toBe(sysrq[0]);
    expect(crash).toMatchObject({
      end: lines.length,
      title: 'kernel panic: sysrq triggered crash',
      kind: 'DoS',
      panic: 'Kernel panic - not syncing: sysrq triggered crash',
      cpu: 1,
      pid: 93,
      comm: 'sh',
      taint: 'Tainted: G           OE',
      rip: null,
    });
    expect(crash?.trace.slice(0, 4)).toEqual([
      'dump_stack_lvl',
      'panic',
      'sysrq_handle_crash',
      '__handle_sysrq.cold',
    ]);
    expect(crash?.trace.at(-1)).toBe('entry_SYSCALL_64_after_hwframe');
  });

  it('takes a line that a program wrote into the log for no panic', () => {
    const crash = findCrash([
      'Linux version 6.1.0-56-cloud-amd64',
      'Kernel panic - not syncing: not this one',
      'BUG: not this one either',
      ...Array.from({ length: 3 }, (_, n) => `eth0: link ${n} up`),
      'sysrq: Trigger a crash',
      'Kernel panic - not syncing: sysrq triggered crash',
      'CPU: 1 PID: 77 Comm: sh Not tainted 6.1.0-56-cloud-amd64 #1',
    ]);
    expect(crash).toMatchObject({
      start: 6,
      panic: 'Kernel panic - not syncing: sysrq triggered crash',
      cpu: 1,
    });
  });

  it('finds an oops that went straight to the capture kernel', () => {
    const { crash, first } = crashOf(boot, survivedWarning, nullDereference);
    expect(first).toBe(nullDereference[0]);
    expect(crash).toMatchObject({
      title: 'BUG: unable to handle kernel NULL pointer dereference in lab_oops',
      kind: 'NULL-POINTER-DEREFERENCE',
      panic: null,
      cpu: 0,
      pid: 101,
      comm: 'insmod',
      taint: 'Tainted: G           O',
      rip: 'lab_oops+0x5/0x10',
      trace: ['lab_init', 'do_one_initcall'],
    });
  });

  it('takes the last oops when an earlier one was survived', () => {
    const earlier = [...nullDereference, '[    9.200000] ---[ end trace 0000000000000000 ]---'];
    const later = nullDereference.map((line) => line.replace('[#1]', '[#2]').replace('    9.1', '   19.1'));
    expect(crashOf(boot, earlier, later).first).toBe(later[0]);
    expect(crashOf(boot, earlier, sysrq).first).toBe(sysrq[0]);
  });

  it('begins at the oops when die() panics', () => {
    const end = [
      '[    9.200000] ---[ end trace 0000000000000000 ]---',
      '[    9.200001] Kernel panic - not syncing: Fatal exception in interrupt',
      '[    9.200002] Kernel Offset: 0x1e00000 from 0xffffffff81000000',
    ];
    const { crash, first } = crashOf(boot, nullDereference, end);
    expect(first).toBe(nullDereference[0]);
    expect(crash?.panic).toBe('Kernel panic - not syncing: Fatal exception in interrupt');
    expect(crash?.title).toBe('BUG: unable to handle kernel NULL pointer dereference in lab_oops');
  });

  it('begins BUG() at the line of dashes above it', () => {
    const bug = [
      '[    9.000000] ------------[ cut here ]------------',
      '[    9.000001] kernel BUG at /build/lab/lab.c:42!',
      '[    9.000002] invalid opcode: 0000 [#1] PREEMPT SMP NOPTI',
      '[    9.000003] CPU: 0 PID: 100 Comm: insmod Tainted: G           OE      6.1.0 #1',
      '[    9.000004] RIP: 0010:lab_bug+0x4/0x10 [lab]',
    ];
    const { crash, first } = crashOf(boot, survivedWarning, bug);
    expect(first).toBe(bug[0]);
    expect(crash?.title).toBe('kernel BUG in lab_bug');
  });

  it.each([
    [
      'an unknown NMI',
      [
        'Uhhuh. NMI received for unknown reason 30 on CPU 0.',
        'Kernel panic - not syncing: NMI: Not continuing',
      ],
    ],
    [
      'memory',
      [
        'stress invoked oom-killer: gfp_mask=0x140dca(GFP_HIGHUSER_MOVABLE|__GFP_COMP), order=0, oom_score_adj=0',
        'CPU: 1 PID: 300 Comm: stress Not tainted 6.1.0 #1',
        'Mem-Info:',
        'Kernel panic - not syncing: Out of memory: system-wide panic_on_oom is enabled',
      ],
    ],
    [
      'a soft lockup',
      [
        'watchdog: BUG: soft lockup - CPU#1 stuck for 26s! [insmod:101]',
        'Modules linked in: lab(O+)',
        'Kernel panic - not syncing: softlockup: hung tasks',
      ],
    ],
    ['init that exits', ['Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000100']],
    [
      'a hung task',
      [
        'INFO: task dd:200 blocked for more than 120 seconds.',
        'Kernel panic - not syncing: hung_task: blocked tasks',
      ],
    ],
    [
      'a hard lockup',
      ['NMI watchdog: Watchdog detected hard LOCKUP on cpu 1', 'Kernel panic - not syncing: Hard LOCKUP'],
    ],
    [
      'a stack that ran over',
      [
        'BUG: TASK stack guard page was hit at 00000000a6b4b3a4 (stack is 0000000051b1a9c8..00000000b5a7a8a4)',
        'stack guard page: 0000 [#1] PREEMPT SMP NOPTI',
        'RIP: 0010:recurse+0x1/0x40 [lab]',
        'Kernel panic - not syncing: Fatal exception in interrupt',
      ],
    ],
    [
      'a double fault',
      [
        'traps: PANIC: double fault, error_code: 0x0',
        'double fault: 0000 [#1] PREEMPT SMP NOPTI',
        'RIP: 0010:recurse+0x1/0x40 [lab]',
        'Kernel panic - not syncing: Fatal exception in interrupt',
      ],
    ],
  ])('begins a crash by %s at its first line', (_name, lines) => {
    const { crash, first } = crashOf(boot, survivedWarning, lines);
    expect(first).toBe(lines[0]);
    expect(crash?.panic).toBe(lines.at(-1));
  });

  it('reads every prefix a log may have', () => {
    const bare = sysrq.map((line) => line.replace(/^\[ {4}6\.\d+\] /, ''));
    const expected = findCrash(sysrq);
    for (const prefix of [
      '',
      '<0>',
      '[    6.900000] ',
      '[12345.678901][   T93] ',
      '<4>[    6.900000][    C1] ',
    ]) {
      expect(findCrash(bare.map((line) => prefix + line))).toEqual(expected);
    }
  });

  it('keeps apart what two processors print at once', () => {
    const log = `[    9.000000][   T93] sysrq: Trigger a crash
[    9.000001][   T93] Kernel panic - not syncing: sysrq triggered crash
[    9.000002][   T93] Call Trace:
[    9.000003][   T93]  panic+0x118/0x2ed
[    9.000004][   T77] eth0: link is down
[    9.000005][   T93]  sysrq_handle_crash+0x16/0x20`;
    expect(findCrash(log.split('\n'))?.trace).toEqual(['panic', 'sysrq_handle_crash']);
  });

  it('finds nothing in a log that tells of no crash', () => {
    expect(findCrash([])).toBeNull();
    expect(findCrash([...boot, ...survivedWarning])).toBeNull();
    expect(findCrash(['\u0000\u0001\u0002[[[[<<<<', '[#1]', ''])).toBeNull();
  });
});

describe('summarise', () => {
  it('says what crashed, where, and the stack', () => {
    const crash = findCrash([...boot, ...nullDereference]);
    if (crash === null) throw new Error('no crash found');
    expect(summarise(crash, { release: '6.12.48', dmesgPath: '/persist/kcrashes/dmesg-1.log' })).toBe(
      [
        'kcrash: BUG: unable to handle kernel NULL pointer dereference in lab_oops',
        'Kernel: 6.12.48, Tainted: G           O',
        'Task: insmod (PID 101) on CPU 0',
        'At: lab_oops+0x5/0x10',
        'Log: /persist/kcrashes/dmesg-1.log',
        'Stack:',
        ' lab_init',
        ' do_one_initcall',
        '',
      ].join('\n'),
    );
  });

  it('tells a recursion once', () => {
    const crash = findCrash([...boot, ...nullDereference]);
    if (crash === null) throw new Error('no crash found');
    const trace = ['a', 'b', 'b', 'b', 'a'];
    expect(summarise({ ...crash, trace })).toMatch(/Stack:\n a\n b \(3 times\)\n a\n$/);
  });

  it('keeps to its limit and to ASCII whatever the crash holds', () => {
    const crash = findCrash([...boot, ...sysrq]);
    if (crash === null) throw new Error('no crash found');
    const trace = Array.from({ length: 300 }, (_, i) => `function_${i}_\u00e9`);
    const long = { ...crash, trace, title: '\u2603'.repeat(5000), comm: '\n\u0000' };
    for (const limit of [10, 100, 500, 1600]) {
      const text = summarise(long, { release: '6.1' }, limit);
      expect(text.length).toBeLessThanOrEqual(limit);
      expect(text).toMatch(/^[\x20-\x7e\n]*$/);
    }
    expect(summarise(long)).toMatch(/ \.\.\. \d+ more\n$/);
  });
});
