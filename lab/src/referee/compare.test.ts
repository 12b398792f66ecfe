import { describe, expect, test } from 'vitest';
import { compareLog } from './compare_log.ts';
import { compareSys, cpusOfLog, type WantedSys } from './compare_sys.ts';
import { parseSys } from './crash_output.ts';
import { OOPS_LOG, OOPS_SYS, PANIC_LOG } from './examples.ts';
import { kernelCrash } from './kernel_trace.ts';
import { parseUsage } from './measure.ts';
import { exitStatus, judge, refereeTable } from './verdict.ts';

const WANTED: WantedSys = {
  release: '6.1.0-56-cloud-amd64',
  machine: 'x86_64',
  cpus: 2,
  crashSeconds: Date.UTC(2026, 10, 24, 22, 39, 59) / 1000,
  crash: kernelCrash(OOPS_LOG),
};

describe("crash's sys", () => {
  const differences = (text: string, wanted: Partial<WantedSys> = {}) =>
    compareSys(parseSys(text), { ...WANTED, ...wanted }).differences;

  test('agrees', () => {
    expect(differences(OOPS_SYS)).toEqual([]);
    const bug = OOPS_SYS.replace(
      /PANIC: .*/,
      'PANIC: "BUG: kernel NULL pointer dereference, address: 0000000000000000"',
    );
    expect(differences(bug)).toEqual([]);
  });

  test.each([
    ['release', 'RELEASE: 6.1.0-56', 'RELEASE: 6.1.0-57', /^RELEASE: found "6\.1\.0-57/],
    ['number of CPUs', 'CPUS: 2', 'CPUS: 1', /^CPUS: found "1", wanted "2"/],
    ['offline CPUs', 'CPUS: 2', 'CPUS: 12', /^CPUS/],
    ['machine', 'MACHINE: x86_64', 'MACHINE: i686', /^MACHINE/],
    ['panic', 'Oops: 0002', 'Oops: 0000', /^PANIC: found "Oops: 0000/],
    ['date', '22:39:59', '22:40:02', /^DATE: .* ± 2 s/],
    ['date that is none', 'Tue Nov 24', 'Xyz Nov 99', /^DATE/],
  ])('another %s is found', (_, from, to, words) => {
    expect(differences(OOPS_SYS.replace(from, to)).join('\n')).toMatch(words);
  });

  test('nothing at all differs in everything', () => {
    expect(differences('')).toHaveLength(5);
  });

  test('an empty PANIC is a difference', () => {
    expect(differences(OOPS_SYS.replace(/PANIC: .*/, 'PANIC: ""'))[0]).toMatch(/^PANIC: found "", wanted/);
  });

  test('what nothing tells is noted', () => {
    const { differences, notes } = compareSys(parseSys(OOPS_SYS), {
      ...WANTED,
      cpus: null,
      crashSeconds: null,
    });
    expect([differences.length, notes.length]).toEqual([0, 2]);
  });

  test('the log tells the number of CPUs', () => {
    expect(cpusOfLog(PANIC_LOG)).toBe(2);
    expect(cpusOfLog(OOPS_LOG)).toBeNull();
  });
});

describe("a tool's log", () => {
  const differences = (found: string, wanted: string) => compareLog(found, wanted, 'crash').differences;

  test('agrees line by line', () => {
    expect(compareLog(OOPS_LOG, OOPS_LOG, 'crash')).toEqual({ differences: [], notes: [] });
  });

  test('its dialect is allowed for, and counted', () => {
    const log = '[    1.000000] a\\xc3\\xa9b\n               second line\n[    2.000000]   c\n';
    const crash = log.replace(/\\x../g, '.');
    expect(compareLog(crash, log, 'crash')).toMatchObject({
      differences: [],
      notes: [expect.stringMatching(/: 1$/)],
    });
    const drgn = '[    1.000000] a\xc3\xa9b\nsecond line\n[    2.000000]   c\n';
    expect(compareLog(drgn, log, 'drgn')).toMatchObject({
      differences: [],
      notes: [expect.stringMatching(/: 2$/)],
    });
    const extended = log.replaceAll('\\x', '\\xffffff');
    expect(compareLog(crash, extended, 'crash').differences).toEqual([]);
    expect(compareLog(drgn, extended, 'drgn').differences).toEqual([]);
    expect(compareLog(drgn, log, 'crash').differences).toHaveLength(2);
    expect(compareLog(crash, log, 'drgn').differences).toHaveLength(1);
    expect(compareLog(drgn.replace('  c', 'c'), log, 'drgn').differences).toHaveLength(1);
  });

  test('every kind of difference is found', () => {
    const lines = OOPS_LOG.split('\n');
    expect(differences(lines.toSpliced(3, 1).join('\n'), OOPS_LOG)[0]).toMatch(/^number of lines/);
    expect(differences(OOPS_LOG.replace('lab: crash', 'lab: cra.h'), OOPS_LOG)).toEqual([
      `line 2: found "[   12.091955] lab: cra.h b3091d69f4de8554", wanted "[   12.091955] lab: crash b3091d69f4de8554"`,
    ]);
    expect(differences(lines.toReversed().join('\n'), OOPS_LOG).length).toBeGreaterThan(3);
    expect(differences('', OOPS_LOG)).not.toEqual([]);
  });
});

describe('verdicts', () => {
  const limits = [
    { tool: /^crash 8/, check: /^tasks$/, said: /PID hash/, difference: /^TASKS/, why: 'old crash' },
  ];
  const row = { check: 'tasks', dump: 'd', tool: 'crash 8.0.2', notes: [], said: 'not in PID hash' };

  test('a known limit of the tool fails nothing, and is shown', () => {
    const known = judge({ ...row, differences: ['TASKS: found 3'] }, limits);
    expect(known).toMatchObject({ outcome: 'cannot', notes: ['known: old crash'] });
    expect(exitStatus([known])).toBe(0);
    expect(refereeTable([known], [])).toMatch(/tool fails[\s\S]*TASKS: found 3[\s\S]*known: old crash/);
  });

  test.each([
    ['another difference beside it', { differences: ['TASKS: found 3', 'RELEASE: found 5'] }],
    ['another tool', { tool: 'crash 9.0.0', differences: ['TASKS: found 3'] }],
    ['another check', { check: 'sys', differences: ['TASKS: found 3'] }],
    ['other words', { said: '', differences: ['TASKS: found 3'] }],
  ])('%s is a failure', (_, change) => {
    const failed = judge({ ...row, ...change }, limits);
    expect(failed.outcome).toBe('fail');
    expect(exitStatus([failed])).toBe(1);
  });

  test('no row at all is a failure', () => {
    expect(exitStatus([])).toBe(1);
    expect(exitStatus([judge({ ...row, differences: [] })])).toBe(0);
  });
});

describe('what GNU time wrote', () => {
  test('its last line counts', () => {
    const text = 'Command exited with non-zero status 1\n9.90 7.50 0.50 400000\n';
    expect(parseUsage(text)).toEqual({ seconds: 9.9, cpuSeconds: 8, peakBytes: 409_600_000 });
  });

  test('anything else is refused', () => {
    expect(() => parseUsage('Command terminated by signal 9\n')).toThrow(/wanted four numbers/);
  });
});
