import type { Checks } from '../checks.ts';
import { checkCollected, checkRestart } from '../collected.ts';
import { words } from '../guest_words.ts';
import type { CycleRun, Scenario } from '../scenario.ts';
import {
  captureConsole,
  dumpWrapper,
  HALF_A_DUMP,
  noise,
  SYSRQ,
  SYSRQ_CRASH,
  WITH_WRAPPER,
} from './parts.ts';

/** What each process may have resident. The agent is small; its engine stays below makedumpfile's 37 MB. */
const PEAK_KIB = { collect: 8 * 1024, dump: 32 * 1024 };

/** Tells each new peak of a process by what it was told to do. */
const PEAK_SAMPLER = `
(
  most_collect=0
  most_dump=0
  while :; do
    for pid in $(pidof kcrash exe); do
      job=$(tr '\\0' '\\n' </proc/$pid/cmdline 2>/dev/null | sed -n 2p)
      case $job in
      collect | dump) ;;
      *) continue ;;
      esac
      peak=$(sed -n 's/^VmHWM:[^0-9]*\\([0-9]*\\) kB/\\1/p' /proc/$pid/status 2>/dev/null)
      eval most=\\$most_$job
      if [ "\${peak:-0}" -gt $most ]; then
        eval most_$job=$peak
        say "$job peak $peak KiB"
      fi
    done
    usleep 100000
  done
) &
`;

export const capture: readonly Scenario[] = [
  {
    name: 'capture-panics',
    group: 'capture',
    shows: 'a capture kernel that panics itself restarts, and what was kept before stays whole',
    core: true,
    conf: WITH_WRAPPER,
    files: { makedumpfile: dumpWrapper(`${HALF_A_DUMP}\necho c >/proc/sysrq-trigger`) },
    cycles: [
      { crash: SYSRQ_CRASH, ends: 'reset' },
      { afterArm: 'echo "engine = makedumpfile" >/lab/kcrash.conf', crash: SYSRQ_CRASH, ends: 'reset' },
    ],
    async check(run, checks) {
      await checkCollected(run, 0, checks, { ...SYSRQ, dump: 'none', restarts: false });
      const cycle = run.cycles[0];
      if (cycle !== undefined) checks.at('capture console').matches(captureConsole(cycle), SYSRQ.panic);
      await checkCollected(run, 1, checks, { ...SYSRQ, kept: 2 });
    },
  },
  {
    name: 'capture-panics-at-once',
    group: 'capture',
    shows: 'a capture kernel that panics before anything is kept restarts, and the next crash is collected',
    core: false,
    cycles: [
      { crash: SYSRQ_CRASH, beforeCollect: SYSRQ_CRASH, ends: 'reset' },
      { crash: SYSRQ_CRASH, ends: 'reset' },
    ],
    async check(run, checks) {
      checks.at('persist').same(run.cycles[0]?.persist.in('/').map(({ path }) => path) ?? [], []);
      await checkCollected(run, 1, checks, SYSRQ);
    },
  },
  {
    name: 'no-vmcore',
    group: 'capture',
    shows:
      '`elfcorehdr=` with no /proc/vmcore is a capture boot: reasons are written and the machine restarts',
    core: true,
    cycles: [{ append: 'elfcorehdr=0x1000', ends: 'reset' }],
    check(run, checks) {
      const cycle = run.cycles[0];
      if (cycle === undefined) return;
      checks.at('guest').same(words(cycle, 'capture').slice(-1), ['collect']);
      checkRestart(cycle, checks);
      checkReasonsAlone(cycle, /no \/proc\/vmcore/, checks);
    },
  },
  {
    name: 'vmcore-garbage',
    group: 'capture',
    shows: 'with garbage in /proc/vmcore the reasons are written and the machine restarts',
    core: false,
    files: { garbage: { content: noise(1 << 20, 1) } },
    cycles: [{ beforeCollect: 'mount --bind /lab/garbage /proc/vmcore', crash: SYSRQ_CRASH, ends: 'reset' }],
    check(run, checks) {
      const cycle = run.cycles[0];
      if (cycle === undefined) return;
      checkRestart(cycle, checks);
      checkReasonsAlone(cycle, /./, checks);
    },
  },
  {
    name: 'capture-bare',
    group: 'capture',
    shows: 'with /dev, /proc and /persist alone, as on EVE, and no writable /tmp, everything is kept',
    core: false,
    cycles: [{ beforeCollect: 'umount /lab\numount /tmp', crash: SYSRQ_CRASH, ends: 'reset' }],
    async check(run, checks) {
      await checkCollected(run, 0, checks, SYSRQ);
    },
  },
  {
    name: 'capture-forty-gigabytes',
    group: 'capture',
    shows: 'with 40 GB of memory, and the usual 128 MB reserved, the dump is written all the same',
    core: false,
    guest: { memoryMib: 40_960 },
    cycles: [{ crash: SYSRQ_CRASH, ends: 'reset' }],
    async check(run, checks) {
      await checkCollected(run, 0, checks, SYSRQ);
    },
  },
  {
    name: 'capture-memory',
    group: 'capture',
    shows: 'what collects has at most 8 MiB of resident memory, and its dump engine at most 32 MiB',
    core: false,
    cycles: [{ beforeCollect: PEAK_SAMPLER, crash: SYSRQ_CRASH, ends: 'reset' }],
    async check(run, checks) {
      await checkCollected(run, 0, checks, SYSRQ);
      const cycle = run.cycles[0];
      if (cycle === undefined) return;
      for (const [job, limit] of Object.entries(PEAK_KIB)) {
        const peaks = words(cycle, 'capture').flatMap(
          (word) => new RegExp(`^${job} peak (\\d+) KiB$`).exec(word)?.[1] ?? [],
        );
        checks.at(`peak of ${job} in KiB`).between(Math.max(0, ...peaks.map(Number)), 500, limit);
      }
    },
  },
];

/** The log could not be had: the small files say so, and nothing is in the folder. */
function checkReasonsAlone(cycle: CycleRun, why: RegExp, checks: Checks): void {
  const { persist } = cycle;
  const reason = persist.find('/reboot-reason') === undefined ? '(no file)' : persist.text('/reboot-reason');
  checks.at('/reboot-reason').matches(reason, /^kernel panic, dmesg not collected: [^\n]+\n$/);
  checks.at('/reboot-reason').matches(reason, why);
  checks.at('/reboot-stack').between(persist.find('/reboot-stack')?.size ?? 0, 1, 1600);
  checks.at('/boot-reason').equal(persist.text('/boot-reason'), 'BootReasonKernel\n');
  checks.at('/kcrashes').same(
    persist.in('/kcrashes').map(({ path }) => path),
    [],
  );
}
