import { setTimeout as sleep } from 'node:timers/promises';
import { checkCollected, type Expected } from '../collected.ts';
import { secondsOf } from '../guest_words.ts';
import type { Machine } from '../qemu.ts';
import type { PowerCycle, Scenario } from '../scenario.ts';
import { BY_MAKEDUMPFILE, byModule, captureConsole, SYSRQ, SYSRQ_CRASH } from './parts.ts';

/**
 * A scenario that crashes in one way and checks everything that must be kept of it. By makedumpfile unless told
 * otherwise: which engine writes the dump makes no difference here but for the time that it takes under emulation.
 */
function trigger(
  name: string,
  core: boolean,
  shows: string,
  cycle: Omit<PowerCycle, 'ends'>,
  expected: Expected,
  more: Partial<Scenario> = {},
): Scenario {
  return {
    name,
    group: 'triggers',
    core,
    shows,
    conf: BY_MAKEDUMPFILE,
    cycles: [{ ends: 'reset', ...cycle }],
    async check(run, checks) {
      await checkCollected(run, 0, checks, expected);
    },
    ...more,
  };
}

function oneLine(pattern: RegExp, summary = pattern): Expected {
  return { starts: pattern, panic: pattern, summary };
}

const WITH_MODULE = { module: true };
const NULL_POINTER = /BUG: kernel NULL pointer dereference, address: 0000000000000000/;
const CRASH_WORD = /lab: crash [0-9a-f]+$/;

const ways: readonly Scenario[] = [
  trigger('c-sysrq', true, '`c` written to /proc/sysrq-trigger is collected', { crash: SYSRQ_CRASH }, SYSRQ, {
    conf: '',
  }),
  trigger(
    'c-keyboard',
    true,
    'ALT-SysRq-c pressed on a PS/2 keyboard is collected',
    { crash: '', host: [{ at: CRASH_WORD, during: 'system', act: pressAltSysrqC }] },
    SYSRQ,
  ),
  trigger(
    'oops-null',
    true,
    'die(): a NULL dereference in a module is collected',
    { crash: byModule('null') },
    oneLine(NULL_POINTER, /NULL pointer dereference in lab_crash_here\b/),
    WITH_MODULE,
  ),
  trigger(
    'oops-interrupt',
    false,
    'die() in a timer interrupt is collected',
    { crash: byModule('irq_null') },
    oneLine(NULL_POINTER, /NULL pointer dereference in lab_crash_timer\b/),
    WITH_MODULE,
  ),
  trigger(
    'bug',
    false,
    'BUG() in a module is collected',
    { crash: byModule('bug') },
    {
      starts: /cut here|kernel BUG at /,
      panic: /kernel BUG at /,
      summary: /kernel BUG (at|in) .*lab_crash/,
    },
    WITH_MODULE,
  ),
  trigger(
    'stack-overflow',
    false,
    'a kernel stack that runs over its guard page is collected',
    { crash: byModule('stack') },
    // A double fault prints to the log alone: no console may be called from there.
    {
      ...oneLine(/stack guard page was hit|kernel stack overflow/, /stack .*lab_crash_recurse/s),
      shown: 'beginning',
    },
    WITH_MODULE,
  ),
  trigger(
    'warn',
    false,
    'WARN() with panic_on_warn is collected',
    { crash: `echo 1 >/proc/sys/kernel/panic_on_warn\n${byModule('warn')}` },
    {
      starts: /cut here|WARNING: |Kernel panic/,
      panic: /panic_on_warn set|WARNING: /,
      summary: /WARNING in lab_crash_here|panic_on_warn/,
    },
    WITH_MODULE,
  ),
  trigger(
    'nmi',
    true,
    'an NMI of unknown origin with unknown_nmi_panic is collected',
    {
      crash: 'echo 1 >/proc/sys/kernel/unknown_nmi_panic',
      host: [{ at: CRASH_WORD, during: 'system', act: injectNmi }],
    },
    // The kernel prints from an NMI to its log alone.
    {
      ...oneLine(/Kernel panic - not syncing: NMI: Not continuing|NMI received for unknown reason/),
      shown: 'beginning',
    },
  ),
  trigger(
    'init-exits',
    false,
    'the end of init is collected',
    { crash: 'exit 7' },
    oneLine(/Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000700/),
  ),
  trigger(
    'out-of-memory',
    false,
    'running out of memory with panic_on_oom is collected',
    {
      crash: `
        echo 1 >/proc/sys/vm/panic_on_oom
        mount -o remount,size=4g /tmp
        dd if=/dev/zero of=/tmp/fill bs=1M
      `,
    },
    {
      starts: /invoked oom-killer|Kernel panic - not syncing: Out of memory/,
      panic: /Kernel panic - not syncing: Out of memory/,
    },
  ),
  trigger(
    'soft-lockup',
    false,
    'a soft lockup with softlockup_panic is collected',
    {
      crash: `
        echo 3 >/proc/sys/kernel/watchdog_thresh
        echo 1 >/proc/sys/kernel/softlockup_panic
        ${byModule('softlockup')}
      `,
    },
    { starts: /soft lockup - CPU#\d+ stuck/, panic: /soft lockup - CPU#\d+ stuck|softlockup: hung tasks/ },
    WITH_MODULE,
  ),
  trigger(
    'panic-beside-irqs-off',
    true,
    'a panic while another CPU spins with interrupts off is collected',
    { crash: byModule('spin_irqoff') },
    oneLine(/Kernel panic - not syncing: lab: spin_irqoff/),
    WITH_MODULE,
  ),
  trigger(
    'panic-beside-console-lock',
    true,
    'a panic while another CPU holds the console lock is collected',
    { crash: byModule('console_lock') },
    { ...oneLine(/Kernel panic - not syncing: lab: console_lock/), shown: 'beginning' },
    WITH_MODULE,
  ),
];

const PAUSE_SECONDS = 7;
const UNMOUNTED = /EXT4-fs \(nvme0n1p2\): unmounting/;

const panicTimeouts: readonly Scenario[] = [
  {
    name: 'panic-timeout-positive',
    group: 'triggers',
    shows: `with panic=${PAUSE_SECONDS} the machine restarts that many seconds after collecting`,
    core: false,
    guest: { panic: PAUSE_SECONDS },
    cycles: [{ crash: SYSRQ_CRASH, ends: 'reset' }],
    async check(run, checks) {
      await checkCollected(run, 0, checks, SYSRQ);
      const cycle = run.cycles[0];
      if (cycle === undefined) return;
      const unmounted = secondsOf(cycle, 'capture', UNMOUNTED) ?? Number.NaN;
      // Emulated time may run a little ahead of the host's.
      checks
        .at('seconds from unmount to reset')
        .between(cycle.seconds - unmounted, PAUSE_SECONDS - 1, PAUSE_SECONDS + 10);
    },
  },
  {
    name: 'panic-timeout-zero',
    conf: BY_MAKEDUMPFILE,
    group: 'triggers',
    shows: 'with panic=0 everything is collected and the machine then stays as it is',
    core: true,
    guest: { panic: 0 },
    cycles: [
      {
        crash: SYSRQ_CRASH,
        host: [{ at: UNMOUNTED, during: 'capture', act: cutLater(20) }],
        ends: 'cut',
      },
    ],
    async check(run, checks) {
      await checkCollected(run, 0, checks, { ...SYSRQ, restarts: false });
      const cycle = run.cycles[0];
      if (cycle === undefined) return;
      checks.at('capture console').lacks(captureConsole(cycle), /sysrq: Resetting|reboot: /);
      checks.at("persist's journal, to be replayed").equal(cycle.persistNeededReplay, false);
    },
  },
  {
    name: 'panic-timeout-negative',
    group: 'triggers',
    shows: 'with panic=-1 the machine restarts at once after collecting',
    core: false,
    guest: { panic: -1 },
    cycles: [{ crash: SYSRQ_CRASH, ends: 'reset' }],
    async check(run, checks) {
      await checkCollected(run, 0, checks, SYSRQ);
      const cycle = run.cycles[0];
      if (cycle === undefined) return;
      const unmounted = secondsOf(cycle, 'capture', UNMOUNTED) ?? Number.NaN;
      checks.at('seconds from unmount to reset').between(cycle.seconds - unmounted, 0, 5);
    },
  },
];

/** As a person would press it: the kernel wants SysRq held with ALT, then the letter. */
async function pressAltSysrqC(machine: Machine): Promise<void> {
  await sleep(500);
  const keys = ['alt', 'sysrq', 'c'].map((data) => ({ type: 'qcode', data }));
  await machine.qmp.execute('send-key', { keys, 'hold-time': 200 });
}

async function injectNmi(machine: Machine): Promise<void> {
  await sleep(500);
  await machine.qmp.execute('inject-nmi');
}

function cutLater(seconds: number): (machine: Machine) => Promise<void> {
  return async (machine) => {
    await sleep(seconds * 1000);
    machine.cut();
  };
}

export const triggers: readonly Scenario[] = [...ways, ...panicTimeouts];
