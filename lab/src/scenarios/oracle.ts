import { checkCollected } from '../collected.ts';
import { ANSWERS, checkOracle, type Wanted } from '../oracle/check_oracle.ts';
import { MODULES, oracleFiles } from '../oracle/programs.ts';
import type { GuestShape, Scenario } from '../scenario.ts';
import { SYSRQ } from './parts.ts';

/** No tasks that wake up now and then to see whether others do. */
const QUIET = `
echo 0 >/proc/sys/kernel/hung_task_timeout_secs
echo 0 >/proc/sys/kernel/watchdog
echo 0 >/proc/sys/vm/compaction_proactiveness
echo 3600 >/proc/sys/vm/stat_interval
echo never >/sys/kernel/mm/transparent_hugepage/enabled
`;

/** Something of everything that a report tells of. */
const SURROUNDINGS = `
for name in ${MODULES.join(' ')}; do
  [ -f /lab/modules/$name.ko.xz ] && unxz -c /lab/modules/$name.ko.xz >/tmp/$name.ko
  module=/lab/modules/$name.ko
  [ -f $module ] || module=/tmp/$name.ko
  parameters=
  [ $name = nbd ] && parameters='nbds_max=2 max_part=0'
  insmod $module $parameters || say "insmod $name failed"
done
echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6
ifconfig lo 127.0.0.1 up
brctl addbr br0
ifconfig dummy0 192.0.2.1 netmask 255.255.255.0 mtu 1400 up
ping -c 3 -i 1 127.0.0.1 >/dev/null
hostname lab-oracle
mkdir '/tmp/a b' /tmp/part
mount -t tmpfs -o nosuid,nodev,noexec,noatime,size=1m 'lab tmpfs' '/tmp/a b'
mount -o bind,ro /boot /tmp/part
mount -t tmpfs tmpfs /run
fsfreeze --freeze /persist
`;

/** The files that the guest answers with, besides those of tasks. */
const PATHS = [
  '/dev/kmsg /tmp/dmesg /tmp/addresses',
  '/proc/kallsyms /proc/modules /proc/mounts /proc/net/dev /proc/partitions',
  '/proc/cmdline /proc/stat /proc/uptime /proc/1/ns/net',
  '/sys/module/*/version /sys/module/*/srcversion',
  '/sys/class/net/*/address /sys/class/net/*/mtu /sys/class/net/*/operstate',
  '/proc/sys/kernel/osrelease /proc/sys/kernel/version /proc/sys/kernel/hostname /proc/sys/kernel/tainted',
  '/proc/sys/kernel/panic* /proc/sys/kernel/*watchdog* /proc/sys/kernel/softlockup*',
  '/proc/sys/kernel/sysrq /proc/sys/kernel/kexec_load_disabled /proc/sys/kernel/hung_task_*',
  '/proc/sys/kernel/kptr_restrict /proc/sys/kernel/dmesg_restrict /proc/sys/kernel/randomize_va_space',
  '/proc/sys/vm/overcommit_* /proc/sys/vm/panic_on_oom /proc/sys/vm/min_free_kbytes /proc/sys/vm/swappiness',
  // Last, since looking at all of that takes memory itself.
  '/proc/meminfo',
].join(' ');

interface Variant {
  readonly name: string;
  readonly core: boolean;
  readonly shows: string;
  readonly guest: Partial<GuestShape>;
}

/** 300 tasks that are blocked in every way there is, and a crash while other CPUs spin. */
function tasks300({ guest, ...variant }: Variant): Scenario {
  const one = guest.cpus === 1;
  return oracleScenario({
    ...variant,
    guest: { cpus: 4, memoryMib: 1024, ...guest },
    crash: `
${QUIET}
${SURROUNDINGS}
tasks block 300
tasks spin ${one ? '0' : '1 3'}
ip -o addr >/tmp/addresses
dmesg >/tmp/dmesg
answer /lab${ANSWERS} all ${one ? 'none' : '2'} ${PATHS}
say "answer failed: $?"
`,
    wanted: { tasks: 300, frames: 1500, spinning: !one, asked: 'all' },
  });
}

function oracleScenario({
  crash,
  wanted,
  ...scenario
}: Variant & { readonly crash: string; readonly wanted: Wanted }): Scenario {
  return {
    ...scenario,
    group: 'oracle',
    persist: { sizeMib: 2048 },
    madeFiles: oracleFiles,
    limitSeconds: 1800,
    cycles: [{ crash, ends: 'reset' }],
    async check(run, checks) {
      await checkCollected(run, 0, checks, SYSRQ);
      await checkOracle(run, checks, wanted);
    },
  };
}

export const oracle: readonly Scenario[] = [
  tasks300({
    name: 'tasks-300',
    core: true,
    shows:
      'of 300 tasks blocked in every way, modules, symbols, mounts, network and log the report says what the kernel itself said',
    guest: {},
  }),
  tasks300({
    name: 'tasks-300-one-cpu',
    core: false,
    shows: 'the same on a machine with one CPU',
    guest: { cpus: 1 },
  }),
  tasks300({
    name: 'tasks-300-four-level',
    core: false,
    shows: 'the same with page tables of four levels',
    guest: { cpu: 'max,la57=off' },
  }),
  tasks300({
    name: 'tasks-300-eight-gigabytes',
    core: false,
    shows: 'the same on a machine with 8 GB of memory',
    guest: { memoryMib: 8192 },
  }),
  oracleScenario({
    name: 'threads-10000',
    core: false,
    shows: 'of 10,000 threads the report tells each state and stack as the kernel itself did',
    guest: { memoryMib: 3072 },
    crash: `
${QUIET}
tasks threads 10000
while [ "$(cut -d / -f 2 /proc/loadavg | cut -d ' ' -f 1)" -lt 10000 ]; do sleep 1; done
sleep 5
grep -E ' __(sched|lock)_text_(start|end)$' /proc/kallsyms >/tmp/kallsyms
answer /lab${ANSWERS} brief none /tmp/kallsyms
say "answer failed: $?"
`,
    wanted: { tasks: 10_000, frames: 40_000, spinning: false, asked: 'brief' },
  }),
];
