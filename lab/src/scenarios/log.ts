import { checkCollected, crashDates } from '../collected.ts';
import { linesOf } from '../guest_words.ts';
import type { Scenario } from '../scenario.ts';
import { BY_MAKEDUMPFILE, noise, SYSRQ, SYSRQ_CRASH } from './parts.ts';

const LONG_LINES = 2000;
const LONG_TEXT = 'x'.repeat(900);
/** Lines that go to the log alone: the console takes only what is more urgent. */
const QUIET = 'echo 4 >/proc/sys/kernel/printk';

const CRASHES = 7;
const KEPT = 5;

export const log: readonly Scenario[] = [
  {
    name: 'log-2m',
    conf: BY_MAKEDUMPFILE,
    group: 'log',
    shows: 'a log of 2 MB is kept whole, and its tail in reboot-stack',
    core: true,
    guest: { append: 'log_buf_len=2M printk.devkmsg=on' },
    cycles: [
      {
        afterArm: `
          ${QUIET}
          awk 'BEGIN { for (i = 1; i <= ${LONG_LINES}; i++) { printf "<7>long %d ${LONG_TEXT}\\n", i; fflush() } }' >/dev/kmsg
        `,
        crash: SYSRQ_CRASH,
        ends: 'reset',
      },
    ],
    async check(run, checks) {
      const found = await checkCollected(run, 0, checks, { ...SYSRQ, shown: 'some' });
      const lines = found?.dmesg?.split('\n').flatMap((line) => / long (\d+) x{900}$/.exec(line)?.[1] ?? []);
      checks.at('long lines in the log').equal(lines?.length, LONG_LINES);
      const inOrder = lines?.every((number, i) => Number(number) === i + 1);
      checks.at('long lines in order').equal(inOrder, true);
    },
  },
  {
    name: 'log-wrapped',
    group: 'log',
    shows: 'of a log that has lost its beginning everything that is left is kept',
    core: false,
    guest: { append: 'printk.devkmsg=on' },
    cycles: [
      {
        afterArm: `
          ${QUIET}
          awk 'BEGIN { for (i = 1; i <= ${LONG_LINES}; i++) { printf "<7>long %d ${LONG_TEXT}\\n", i; fflush() } }' >/dev/kmsg
        `,
        crash: SYSRQ_CRASH,
        ends: 'reset',
      },
    ],
    async check(run, checks) {
      const found = await checkCollected(run, 0, checks, { ...SYSRQ, shown: 'wrapped' });
      const lines = found?.dmesg?.split('\n').flatMap((line) => / long (\d+) x{900}$/.exec(line)?.[1] ?? []);
      // The ring has 128 KiB or more, a record of these 912 bytes and a little.
      checks.at('long lines in the log').between(lines?.length ?? 0, 100, LONG_LINES - 1);
      const first = LONG_LINES - (lines?.length ?? 0) + 1;
      const inOrder = lines?.every((number, i) => Number(number) === first + i);
      checks.at('long lines in order, up to the last').equal(inOrder, true);
    },
  },
  {
    name: 'log-junk',
    conf: BY_MAKEDUMPFILE,
    group: 'log',
    shows: 'bytes that are no text in the log harm neither the files nor the console',
    core: true,
    guest: { append: 'printk.devkmsg=on' },
    files: { junk: { content: noise(40 * 900, 7) } },
    cycles: [
      {
        afterArm: `
          ${QUIET}
          echo '<6>junk begins' >/dev/kmsg
          dd if=/lab/junk of=/dev/kmsg bs=900 2>/dev/null
          echo '<6>junk ends' >/dev/kmsg
        `,
        crash: SYSRQ_CRASH,
        ends: 'reset',
      },
    ],
    async check(run, checks) {
      const found = await checkCollected(run, 0, checks, { ...SYSRQ, shown: 'incomparable' });
      const [, after = ''] = found?.dmesg?.split('junk begins\n') ?? [];
      const [junk = ''] = after.split(/\n.*junk ends\n/);
      checks.at('bytes of junk in the log').between(junk.length, 40 * 900, 40 * 900 * 5);
      const cycle = run.cycles[0];
      if (cycle === undefined) return;
      const odd = linesOf(cycle, 'capture').find((line) => /[^\x20-\x7e\t]/.test(line));
      checks.at('capture console').equal(odd, undefined);
    },
  },
  {
    name: 'log-false-panic',
    group: 'log',
    shows: 'what programs write of panics into the log is not taken for the crash',
    core: false,
    cycles: [
      {
        afterArm: `
          echo '<6>reboot-reason: Kernel panic - not syncing: not this one' >/dev/kmsg
          echo '<6>Kernel panic - not syncing: not this one' >/dev/kmsg
          echo '<6>BUG: kernel NULL pointer dereference, address: 0000000000000000, nor this' >/dev/kmsg
        `,
        crash: SYSRQ_CRASH,
        ends: 'reset',
      },
    ],
    async check(run, checks) {
      await checkCollected(run, 0, checks, SYSRQ);
      const stack = run.cycles[0]?.persist.text('/reboot-stack') ?? '';
      checks.at('/reboot-stack: summary').lacks(stack.slice(-1000), /not this one|nor this/);
    },
  },
  {
    name: 'seven-crashes',
    conf: BY_MAKEDUMPFILE,
    group: 'log',
    shows: 'of seven crashes in a row the newest five stay, each whole',
    core: true,
    cycles: Array.from({ length: CRASHES }, () => ({ crash: SYSRQ_CRASH, ends: 'reset' as const })),
    async check(run, checks) {
      const dates: string[] = [];
      for (const [index, cycle] of run.cycles.entries()) {
        const found = await checkCollected(run, index, checks, { ...SYSRQ, kept: Math.min(index + 1, KEPT) });
        dates.push(found?.date ?? '(none)');
        const at = checks.at(`cycle ${index + 1}: /kcrashes`);
        at.same(crashDates(cycle.persist, at), dates.slice(-KEPT));
        const before = run.cycles[index - 1]?.persist;
        for (const { path, size, modified } of cycle.persist.in('/kcrashes')) {
          const was = before?.find(path);
          if (was !== undefined) at.at(path).same([`${size} ${modified}`], [`${was.size} ${was.modified}`]);
        }
      }
    },
  },
];
