import { describe, expect, it } from 'vitest';
import { Checks } from './checks.ts';
import { kernelBoots } from './console.ts';
import { checkConsole, checkDmesg, checkRebootStack, type Shown } from './contract.ts';
import type { Ext4Files } from './ext4.ts';
import type { CycleRun } from './scenario.ts';

const TOKEN = '00ff';
const PANIC = /Kernel panic - not syncing: test/;
const LOG = [
  '[    0.000000] Linux version 6.1.0',
  '[    1.000000] two',
  '               lines',
  `[    2.000000] lab: crash ${TOKEN}`,
  '[    2.000001] Kernel panic - not syncing: test',
  '[    2.000002] RIP: 0033:0x47b7a0',
];
const SHOWN = [
  'SeaBIOS',
  '[    0.000000] Linux version 6.1.0',
  '[    0.900000] lab: system boot',
  '[    1.000000] two',
  '[    1.000000] lines',
  'a program says something',
  `[    2.000000] lab: crash ${TOKEN}`,
  '[    2.000001] Kernel panic - not syncing: test',
  '[    2.000002] RIP: 0033:0x47b7a0',
];
const CAPTURE = [
  '[    0.000000] Linux version 6.1.0',
  '[    0.900000] lab: capture boot',
  '[    1.000000] >>>>>>>>>> Crashed kernel dmesg BEGIN <<<<<<<<<<',
  '[    1.000001] [    2.000001] Kernel panic - not syncing: test',
  '[    1.000002] a line of the capture kernel',
  '[    1.000003] [    2.000002] RIP: 0033:0x47b7a0',
  '[    1.000004] >>>>>>>>>> Crashed kernel dmesg END <<<<<<<<<<',
];

/** A power cycle of which only what these checks look at is there. */
function cycleOf(lines: readonly string[], files: Readonly<Record<string, string>> = {}): CycleRun {
  const persist = {
    find: (path: string) => (path in files ? { path } : undefined),
    text: (path: string) => files[path] ?? '',
  } as unknown as Ext4Files;
  return {
    plan: { ends: 'reset' },
    number: 1,
    startedUnixSeconds: 0,
    token: TOKEN,
    end: 'reset',
    seconds: 1,
    boots: kernelBoots(lines.map((text, at) => ({ at, text }))),
    persist,
    persistNeededReplay: false,
    lab: persist,
    root: undefined,
  };
}

const text = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join('');
const LOG_WITH_BOOT = [LOG[0] ?? '', '[    0.900000] lab: system boot', ...LOG.slice(1)];

describe('checkDmesg', () => {
  function failures(log: readonly string[], shown: readonly string[], mode: Shown = 'all') {
    const checks = new Checks();
    checkDmesg(cycleOf(shown), text(log), PANIC, mode, checks);
    return checks.failures;
  }

  it('takes a log that is what the console showed', () => {
    expect(failures(LOG_WITH_BOOT, SHOWN)).toEqual([]);
  });

  it('finds a line that is missing, and one that is another', () => {
    expect(failures(LOG_WITH_BOOT.slice(0, -1), SHOWN)).toHaveLength(2);
    expect(failures(LOG_WITH_BOOT.with(2, '[    1.000000] too'), SHOWN)[0]).toContain('line 3');
  });

  it('finds a log without its beginning, its last word or its crash', () => {
    expect(failures(LOG_WITH_BOOT.slice(1), SHOWN, 'incomparable')).toHaveLength(1);
    expect(failures(LOG.slice(0, 3), SHOWN, 'incomparable')).toHaveLength(2);
  });

  it('lets the console end early, or leave lines out, where that is said', () => {
    expect(failures(LOG_WITH_BOOT, SHOWN.slice(0, -2), 'beginning')).toEqual([]);
    expect(failures(LOG_WITH_BOOT, SHOWN.toSpliced(3, 2), 'some')).toEqual([]);
    expect(failures(LOG_WITH_BOOT, SHOWN.toSpliced(3, 2), 'all')).not.toEqual([]);
    expect(failures(LOG_WITH_BOOT, SHOWN.toSpliced(3, 0, '[    0.950000] extra'), 'some')).toHaveLength(1);
  });
});

describe('checkConsole', () => {
  function failures(capture: readonly string[]) {
    const checks = new Checks();
    checkConsole(cycleOf([...SHOWN, ...capture]), text(LOG), PANIC, checks);
    return checks.failures;
  }

  it('takes the crash between the marks, with lines of the capture kernel among it', () => {
    expect(failures(CAPTURE)).toEqual([]);
  });

  it('finds a missing mark, a missing line, and what is not of the crash', () => {
    expect(failures(CAPTURE.slice(0, -1))[0]).toContain('marks');
    expect(failures(CAPTURE.toSpliced(5, 1))[0]).toContain('missing');
    expect(failures(CAPTURE.toSpliced(5, 0, `[    1.0] [    2.000000] lab: crash ${TOKEN}`))).toHaveLength(1);
    expect(failures(CAPTURE.toSpliced(3, 0, '[    1.0] [    1.000000] two'))[0]).toContain('first line');
  });
});

describe('checkRebootStack', () => {
  function failures(stack: string, log: string | undefined) {
    const checks = new Checks();
    checkRebootStack(cycleOf(SHOWN, { '/reboot-stack': stack }), log, /it crashed/, checks);
    return checks.failures;
  }

  it('takes the whole log with a summary', () => {
    expect(failures(`${text(LOG)}it crashed\n`, text(LOG))).toEqual([]);
    expect(failures('it crashed\n', undefined)).toEqual([]);
  });

  it('finds a log that is cut, a summary that is missing or too long', () => {
    expect(failures(`${text(LOG.slice(1))}it crashed\n`, text(LOG))).not.toEqual([]);
    expect(failures(text(LOG), text(LOG))).not.toEqual([]);
    expect(failures(`${text(LOG)}${'x'.repeat(1600)}it crashed\n`, text(LOG))).toHaveLength(1);
  });

  it('takes the tail of a log over the limit, and finds one that is too short', () => {
    const log = Array.from(
      { length: 20_000 },
      (_, i) => `[    1.000000] line ${i} of many in a long log\n`,
    ).join('');
    const room = 524_288 - 'it crashed\n'.length;
    const from = log.indexOf('\n', log.length - room) + 1;
    expect(failures(`${log.slice(from)}it crashed\n`, log)).toEqual([]);
    expect(failures(`${log.slice(from + 50_000)}it crashed\n`, log)).not.toEqual([]);
    expect(failures(`${log}it crashed\n`, log)).not.toEqual([]);
  });
});
