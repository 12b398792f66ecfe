import type { Checks } from '../checks.ts';
import { checkCollected, checkRestart, crashDates } from '../collected.ts';
import { checkBootReason } from '../contract.ts';
import { MIB } from '../gpt.ts';
import type { GuestFile } from '../image.ts';
import type { CycleRun, Scenario } from '../scenario.ts';
import {
  BY_MAKEDUMPFILE,
  captureConsole,
  checkUntouched,
  dumpWrapper,
  FILL_PERSIST,
  HALF_A_DUMP,
  oldCrashes,
  oldDate,
  SYSRQ,
  SYSRQ_CRASH,
  WITH_WRAPPER,
} from './parts.ts';

const FILLERS = ['/filler', '/filler-2'];
const OLD = oldCrashes(5, 12 * MIB);
const PRECIOUS: Record<string, GuestFile> = { 'vault/volume.img': { content: 'somebody else’s\n' } };

const full: readonly Scenario[] = [
  {
    name: 'persist-full',
    group: 'persist',
    shows: 'on a full persist the oldest crashes of ours make room, and nothing else does',
    core: true,
    persist: { sizeMib: 128, files: { ...OLD, ...PRECIOUS } },
    cycles: [{ afterArm: FILL_PERSIST, crash: SYSRQ_CRASH, ends: 'reset' }],
    async check(run, checks) {
      const cycle = run.cycles[0];
      if (cycle === undefined) return;
      const kept = checkOldestWent(cycle, checks);
      await checkCollected(run, 0, checks, { ...SYSRQ, kept: kept + 1, others: [...FILLERS, '/vault'] });
      checks.at('old crashes that stay').between(kept, 1, 3);
      checkUntouched(cycle.persist, PRECIOUS, checks);
    },
  },
  {
    name: 'persist-nearly-full',
    group: 'persist',
    shows: 'with little room left the oldest crash goes, the newest five stay and the new one is whole',
    core: true,
    persist: { sizeMib: 192, files: { ...oldCrashes(5, 22 * MIB), ...PRECIOUS } },
    cycles: [
      {
        afterArm: `
          free=$(df -k /persist | awk 'END { print $4 }')
          dd if=/dev/zero of=/persist/filler bs=1k count=$((free - 8000)) 2>/dev/null
          sync
          say "persist has $(df -k /persist | awk 'END { print $4 }') KiB free"
        `,
        crash: SYSRQ_CRASH,
        ends: 'reset',
      },
    ],
    async check(run, checks) {
      const cycle = run.cycles[0];
      if (cycle === undefined) return;
      const kept = checkOldestWent(cycle, checks);
      await checkCollected(run, 0, checks, { ...SYSRQ, kept: kept + 1, others: ['/filler', '/vault'] });
      checks.at('old crashes that stay').between(kept, 3, 4);
      checkUntouched(cycle.persist, PRECIOUS, checks);
    },
  },
  {
    name: 'persist-full-no-crashes',
    group: 'persist',
    shows: 'on a full persist with nothing of ours to remove the reasons are told in the blocks they have',
    core: false,
    persist: {
      sizeMib: 64,
      files: {
        ...PRECIOUS,
        'reboot-reason': { content: 'an earlier reason\n' },
        'reboot-stack': { content: 'an earlier stack\n' },
        'boot-reason': { content: 'BootReasonFirst\n' },
      },
    },
    cycles: [{ afterArm: FILL_PERSIST, crash: SYSRQ_CRASH, ends: 'reset' }],
    check(run, checks) {
      const cycle = run.cycles[0];
      if (cycle === undefined) return;
      checkRestart(cycle, checks);
      const { persist } = cycle;
      checks
        .at('/reboot-reason')
        .matches(persist.text('/reboot-reason'), /^kernel panic, dmesg not collected: [^\n]+\n$/);
      checks.at('/reboot-stack').matches(persist.text('/reboot-stack'), SYSRQ.panic);
      checks.at('/reboot-stack').between(persist.text('/reboot-stack').length, 1, 4096);
      checkBootReason(cycle, undefined, checks.at('/boot-reason'));
      checks.at('/kcrashes').same(
        persist.in('/kcrashes').map(({ path }) => path),
        [],
      );
      checkUntouched(persist, PRECIOUS, checks);
    },
  },
  {
    name: 'persist-small',
    group: 'persist',
    shows: 'a dump that does not fit is cut, says so, and leaves a quarter of what was free',
    core: false,
    persist: { sizeMib: 64 },
    cycles: [
      {
        afterArm: `
          free=$(df -k /persist | awk 'END { print $4 }')
          dd if=/dev/zero of=/persist/filler bs=1k count=$((free - 8000)) 2>/dev/null
          sync
        `,
        crash: SYSRQ_CRASH,
        ends: 'reset',
      },
    ],
    async check(run, checks) {
      const found = await checkCollected(run, 0, checks, { ...SYSRQ, dump: 'cut', others: ['/filler'] });
      const size = run.cycles[0]?.persist.find(`/kcrashes/kdump-${found?.date}.dump`)?.size ?? 0;
      checks.at('size of the dump').between(size, 8 * MIB, 16 * MIB);
    },
  },
];

const HALF: Pick<Scenario, 'conf' | 'files'> = {
  conf: `${WITH_WRAPPER}dump_limit_seconds = 120\n`,
  files: { makedumpfile: dumpWrapper(`${HALF_A_DUMP}\nwait`) },
};

const faults: readonly Scenario[] = [
  {
    name: 'power-cut-in-dump',
    group: 'persist',
    shows: 'power lost in the middle of the dump costs the dump alone, and the next crash is collected',
    core: true,
    ...HALF,
    cycles: [
      {
        crash: SYSRQ_CRASH,
        host: [{ at: 'half a dump', during: 'capture', act: (machine) => machine.cut() }],
        ends: 'cut',
      },
      { afterArm: 'echo "engine = makedumpfile" >/lab/kcrash.conf', crash: SYSRQ_CRASH, ends: 'reset' },
    ],
    async check(run, checks) {
      const first = await checkCollected(run, 0, checks, { ...SYSRQ, dump: 'none', restarts: false });
      await checkCollected(run, 1, checks, { ...SYSRQ, kept: 2 });
      if (first?.dmesg === undefined) return;
      const name = `kcrashes/dmesg-${first.date}.log`;
      const later = run.cycles[1]?.persist;
      if (later !== undefined) {
        checkUntouched(later, { [name]: { content: Buffer.from(first.dmesg, 'latin1') } }, checks);
      }
    },
  },
  {
    name: 'persist-mounted-read-only',
    conf: BY_MAKEDUMPFILE,
    group: 'persist',
    shows: 'a persist that came up read-only is remounted and everything is kept',
    core: true,
    cycles: [{ beforeMount: 'PERSIST_OPTIONS=ro', crash: SYSRQ_CRASH, ends: 'reset' }],
    async check(run, checks) {
      await checkCollected(run, 0, checks, SYSRQ);
    },
  },
  {
    name: 'persist-device-read-only',
    group: 'persist',
    shows: 'on a read-only device the panic is shown, nothing is written, and the machine restarts',
    core: false,
    persist: { files: PRECIOUS },
    cycles: [
      {
        beforeMount: 'blockdev --setro $PERSIST_DEVICE\nPERSIST_OPTIONS=ro,noload',
        crash: SYSRQ_CRASH,
        ends: 'reset',
      },
    ],
    check: checkShownAlone,
  },
  {
    name: 'persist-not-mounted',
    group: 'persist',
    shows: 'without its mount persist is a folder of the root, and everything is kept there',
    core: false,
    guest: { root: 'rw' },
    cycles: [{ beforeMount: 'PERSIST_MOUNT=no', crash: SYSRQ_CRASH, ends: 'reset' }],
    async check(run, checks) {
      const root = run.cycles[0]?.root;
      if (root === undefined) return;
      await checkCollected(run, 0, checks, { ...SYSRQ, on: root.below('/persist'), unmounted: false });
    },
  },
  {
    name: 'persist-in-memory',
    group: 'persist',
    shows: 'where persist is memory the panic is shown, and the machine restarts',
    core: false,
    cycles: [
      {
        beforeMount: 'PERSIST_MOUNT=no\nmount -t tmpfs tmpfs /persist',
        crash: SYSRQ_CRASH,
        ends: 'reset',
      },
    ],
    check: (run, checks) => checkShownAlone(run, checks, false),
  },
  {
    name: 'persist-journal',
    group: 'persist',
    shows: 'what lay only in the journal when the kernel crashed is there beside the collected crash',
    core: false,
    cycles: [
      {
        // Each fsync commits to the journal; the checkpoint that moves it to its place comes much later.
        crash: `
          i=0
          while [ $i -lt 200 ]; do i=$((i + 1)); echo $i >/persist/file-$i; done
          dd if=/dev/zero of=/persist/last bs=4k count=1 conv=fsync 2>/dev/null
          ${SYSRQ_CRASH}
        `,
        ends: 'reset',
      },
    ],
    async check(run, checks) {
      const files = Array.from({ length: 200 }, (_, i) => `/file-${i + 1}`);
      await checkCollected(run, 0, checks, { ...SYSRQ, others: [...files, '/last'] });
      const cycle = run.cycles[0];
      if (cycle === undefined) return;
      checks.at('capture console').matches(captureConsole(cycle), /EXT4-fs \(nvme0n1p2\): recovery complete/);
      checks.at('/last').equal(cycle.persist.find('/last')?.size, 4096);
    },
  },
];

/** Of the old crashes a row of the oldest is gone and the rest is as it was. Returns how many stay. */
function checkOldestWent(cycle: CycleRun, checks: Checks): number {
  const dates = crashDates(cycle.persist, checks).filter((date) => date.startsWith('2024-05-'));
  const wanted = [1, 2, 3, 4, 5].map(oldDate).slice(5 - dates.length);
  checks.at('old crashes that stay').same(dates, wanted);
  const expected = oldCrashes(5, cycle.persist.find(`/kcrashes/kdump-${oldDate(5)}.dump`)?.size ?? 0);
  const stay = Object.entries(expected).filter(([name]) => wanted.some((date) => name.includes(date)));
  checkUntouched(cycle.persist, Object.fromEntries(stay), checks);
  return dates.length;
}

/** Nothing could be kept: persist is as the system kernel left it, and the panic was shown. */
function checkShownAlone(
  run: { readonly cycles: readonly CycleRun[] },
  checks: Checks,
  unmounted = false,
): void {
  const cycle = run.cycles[0];
  if (cycle === undefined) return;
  checkRestart(cycle, checks, unmounted);
  const shown = captureConsole(cycle);
  checks.at('capture console').matches(shown, />>>>>>>>>> Crashed kernel dmesg BEGIN <<<<<<<<<</);
  checks.at('capture console').matches(shown, SYSRQ.panic);
  checks.at('capture console').matches(shown, />>>>>>>>>> Crashed kernel dmesg END <<<<<<<<<</);
  const ours = cycle.persist.in('/').filter(({ path }) => /reason|stack|kcrashes/.test(path));
  checks.at('persist').same(
    ours.map(({ path }) => path),
    [],
  );
}

export const persist: readonly Scenario[] = [...full, ...faults];
