import { bestCodec } from '../best_codec.ts';
import type { Checks } from '../checks.ts';
import { checkCollected, type Expected } from '../collected.ts';
import { MIB } from '../gpt.ts';
import { secondsOf } from '../guest_words.ts';
import type { GuestFile } from '../image.ts';
import type { CycleRun, Scenario } from '../scenario.ts';
import { BY_MAKEDUMPFILE, captureConsole, dumpWrapper, SYSRQ, SYSRQ_CRASH, WITH_WRAPPER } from './parts.ts';

/** A scenario in which writing the dump goes wrong in some way; everything else must be kept. */
function fault(
  name: string,
  core: boolean,
  shows: string,
  how: { readonly conf: string; readonly files?: Readonly<Record<string, GuestFile>> },
  expected: Expected = { ...SYSRQ, dump: 'none' },
  more: Partial<Scenario> = {},
): Scenario {
  return {
    name,
    group: 'dump',
    core,
    shows,
    ...how,
    cycles: [{ crash: SYSRQ_CRASH, ends: 'reset' }],
    async check(run, checks) {
      await checkCollected(run, 0, checks, expected);
    },
    ...more,
  };
}

const HANG = '#!/bin/busybox sh\ntrap "" TERM INT HUP\nwhile :; do sleep 1000; done\n';

/** Takes memory a little at a time, since a single large request would be refused. */
const EATER = `exec awk 'BEGIN { line = sprintf("%500000s", "x"); while (1) kept[n++] = line n }'`;

/** Shell that kills `kcrash dump` as soon as it runs. */
const KILL_NATIVE = `
(
  while :; do
    for pid in $(pidof kcrash); do
      tr '\\0' ' ' </proc/$pid/cmdline | grep -q ' dump /proc/vmcore' && kill -9 $pid
    done
    usleep 50000
  done
) &
`;

/** The summary tells of each tier that had no room. */
function checkLeftOut(cycle: CycleRun | undefined, checks: Checks): void {
  const stack = cycle?.persist.text('/reboot-stack').slice(-1600) ?? '';
  checks
    .at('/reboot-stack')
    .matches(
      stack,
      /\nDump cut to the room there was: Left out .* pages of tier memory map of excluded memory/,
    );
}

export const dump: readonly Scenario[] = [
  fault(
    'makedumpfile-missing',
    true,
    'without makedumpfile kcrash reads the log and writes the dump by itself',
    { conf: 'makedumpfile_path = /usr/bin/no-such-program\n' },
    SYSRQ,
  ),
  fault(
    'native-killed',
    false,
    'where its own engine is killed makedumpfile writes the dump, and the summary says so',
    { conf: '' },
    undefined,
    {
      cycles: [{ crash: SYSRQ_CRASH, beforeCollect: KILL_NATIVE, ends: 'reset' }],
      async check(run, checks) {
        await checkCollected({ ...run, codec: await bestCodec() }, 0, checks, SYSRQ);
        const stack = run.cycles[0]?.persist.text('/reboot-stack').slice(-1600) ?? '';
        checks
          .at('/reboot-stack')
          .matches(stack, /\nDump by makedumpfile, since kcrash dump: killed by signal 9/);
      },
    },
  ),
  fault('makedumpfile-failing', false, 'a makedumpfile that fails costs the dump alone', {
    conf: WITH_WRAPPER,
    files: { makedumpfile: { content: '#!/bin/busybox sh\necho it went wrong >&2\nexit 1\n', mode: 0o755 } },
  }),
  fault(
    'makedumpfile-hanging',
    true,
    'a makedumpfile that hangs is killed at its time limit and costs the dump alone',
    {
      conf: `${WITH_WRAPPER}dmesg_limit_seconds = 5\ndump_limit_seconds = 8\n`,
      files: { makedumpfile: { content: HANG, mode: 0o755 } },
    },
    undefined,
    {
      async check(run, checks) {
        await checkCollected(run, 0, checks, { ...SYSRQ, dump: 'none' });
        const cycle = run.cycles[0];
        if (cycle === undefined) return;
        const collecting = cycle.seconds - (secondsOf(cycle, 'capture', /lab: collect$/) ?? Number.NaN);
        // 5 s for the log, 20 s for `-v` or 8 s for the dump, and what starting all that takes.
        checks.at('seconds from collect to reset').between(collecting, 5, 90);
      },
    },
  ),
  fault('makedumpfile-hanging-late', false, 'a dump that stops half way is dropped at its time limit', {
    conf: `${WITH_WRAPPER}dump_limit_seconds = 15\n`,
    files: {
      makedumpfile: dumpWrapper('/usr/bin/makedumpfile "$@" &\nusleep 1500000\nkill -STOP $!\nwait'),
    },
  }),
  fault(
    'makedumpfile-out-of-memory',
    false,
    'a makedumpfile killed for memory costs the dump alone',
    {
      conf: WITH_WRAPPER,
      files: { makedumpfile: dumpWrapper(EATER) },
    },
    undefined,
    {
      async check(run, checks) {
        await checkCollected(run, 0, checks, { ...SYSRQ, dump: 'none' });
        const cycle = run.cycles[0];
        if (cycle === undefined) return;
        checks
          .at('capture console')
          .matches(captureConsole(cycle), /Out of memory: Killed process \d+ \(awk\)/);
      },
    },
  ),
  fault('makedumpfile-garbage', false, 'what is no dump does not get the name of one', {
    conf: WITH_WRAPPER,
    files: { makedumpfile: dumpWrapper('echo this is not a dump >"$out"') },
  }),
  fault(
    'dump-budget',
    false,
    'a dump over its budget is cut by worth and says so',
    { conf: 'dump_budget_mib = 6\n' },
    { ...SYSRQ, dump: 'cut' },
    {
      async check(run, checks) {
        const found = await checkCollected(run, 0, checks, { ...SYSRQ, dump: 'cut' });
        const size = run.cycles[0]?.persist.find(`/kcrashes/kdump-${found?.date}.dump`)?.size ?? 0;
        checks.at('size of the dump').between(size, 4 * MIB, 6 * MIB);
        checkLeftOut(run.cycles[0], checks);
      },
    },
  ),
  fault(
    'dump-budget-tiny',
    false,
    'a budget below what is worth most leaves log and reason, and says what is missing',
    { conf: 'dump_budget_mib = 1\n' },
    { ...SYSRQ, dump: 'cut' },
    {
      async check(run, checks) {
        await checkCollected(run, 0, checks, { ...SYSRQ, dump: 'cut' });
        checkLeftOut(run.cycles[0], checks);
      },
    },
  ),
  fault(
    'makedumpfile-budget',
    false,
    'a dump by makedumpfile over its budget is cut and says so',
    { conf: `${BY_MAKEDUMPFILE}dump_budget_mib = 10\n` },
    { ...SYSRQ, dump: 'cut' },
  ),
];
