import { readFileSync } from 'node:fs';
import { DumpError } from '@kcrash/vmcore/bytes/errors';
import { type Dump, openDump } from '@kcrash/vmcore/dump';
import { describe, expect, it } from 'vitest';
import { smallDump } from '../../cli/test/small_dump.ts';
import { MemorySource } from '../../vmcore/test/memory_source.ts';
import type { Message } from '../../vmcore/test/printk_writer.ts';
import { type Schema, schemaErrors } from '../test/json_schema.ts';
import { htmlReport } from './html/html_report.ts';
import { makeReport } from './make_report.ts';
import type { Report, SectionName } from './report.ts';
import { textReport } from './text/text_report.ts';

const schema = JSON.parse(
  readFileSync(new URL('../../../docs/report.schema.json', import.meta.url), 'utf8'),
) as Schema;

const CRASH = [
  'Linux version 6.1.0-test (builder)',
  'eth0: link up',
  'sysrq: Trigger a crash',
  'Kernel panic - not syncing: sysrq triggered crash',
  'CPU: 1 PID: 7 Comm: worker Not tainted 6.1.0-test #1',
  'Call Trace:',
  ' <TASK>',
  ' dump_stack_lvl+0x44/0x5c',
  ' panic+0x118/0x2f4',
  ' ? _printk+0x68/0x83',
  ' sysrq_handle_crash+0x16/0x20',
  ' </TASK>',
];

const messages = (lines: readonly string[]): Message[] =>
  lines.map((line, n) => ({
    text: new TextEncoder().encode(line),
    nanoseconds: n * 1e9,
    level: 6,
    caller: 7,
  }));

const small = smallDump(messages(CRASH));
const open = (bytes: Uint8Array): Dump => openDump(new MemorySource(bytes));

/** The report, after a look at whether it is one and can be shown. */
function checked(dump: Dump): Report {
  const report = makeReport(dump);
  expect(schemaErrors(schema, JSON.parse(JSON.stringify(report)))).toEqual([]);
  for (const line of textReport(report).split('\n')) expect(line).toMatch(/^[\x20-\x7e]{0,100}$/);
  expect(htmlReport(report)).toContain('</html>');
  return report;
}

const sectionsOf = ({ problems }: Report) => new Set(problems.map(({ section }) => section));

describe('a report', () => {
  const report = checked(open(small.elf));

  it('names the crash in the log', () => {
    expect(report).toMatchObject({
      schema: 'kcrash-report/1',
      title: 'kernel panic: sysrq triggered crash',
      kind: 'DoS',
      release: '6.1.0-test',
      panic: {
        message: 'Kernel panic - not syncing: sysrq triggered crash',
        reason: ['sysrq: Trigger a crash', 'Kernel panic - not syncing: sysrq triggered crash'],
        cpu: 1,
      },
    });
    // printf 'dump_stack_lvl\npanic\nsysrq_handle_crash\n' | sha1sum
    expect(report.hash).toBe('c6a71af7159611054da94e0f16f009ed68da0ba1');
  });

  it('has the whole log', () => {
    expect(report.log.map((item) => (item.kind === 'record' ? item.text : item))).toEqual(CRASH);
    expect(report.log[3]).toMatchObject({ sequence: 3, nanoseconds: 3e9, level: 6, caller: 'T7' });
  });

  it('has every task, and each CPU’s', () => {
    expect(report.tasks.map(({ pid, comm, state }) => `${pid} ${comm} ${state}`)).toEqual([
      ...['0 swapper/0 R', '0 swapper/1 R', '1 init S', '2 kthreadd S', '7 worker R', '8 worker\x1b[31m D'],
    ]);
    expect(report.tasks[5]).toMatchObject({ tgid: 7, ppid: 1, stack: [] });
    expect(report.cpus.map(({ cpu, task, idle, crashed }) => [cpu, task?.pid, idle, crashed])).toEqual([
      [0, 1, false, false],
      [1, 0, true, true],
    ]);
  });

  it('says of each section that the dump does not tell why', () => {
    const told: SectionName[] = [
      'machine',
      'taint',
      'memory',
      'modules',
      'network',
      'disks',
      'timers',
      'work',
    ];
    for (const section of [...told, 'when', 'mounts'] as const) expect(sectionsOf(report)).toContain(section);
    for (const section of ['log', 'title', 'container'] as const)
      expect(sectionsOf(report)).not.toContain(section);
    expect(report).toMatchObject({
      taint: null,
      memory: null,
      timers: { wheel: null, highResolution: null },
      when: { boot: null },
    });
    expect(report.when.crash).toBe('2023-11-14T22:13:20.000Z');
  });
});

describe('a report of a damaged dump', () => {
  it('goes on without a crash in the log', () => {
    const report = checked(open(smallDump(messages(['Linux version 6.1.0', 'all is well'])).elf));
    expect(report).toMatchObject({
      title: null,
      kind: null,
      hash: null,
      panic: { message: null, reason: [] },
    });
    expect(report.problems).toContainEqual({ section: 'title', message: 'The log tells of no crash' });
    expect(report.tasks).toHaveLength(6);
  });

  it('goes on without the log', () => {
    const dump = open(small.elf);
    // The ring lies in the first 16 MB, from 1 MB on; the tasks lie before.
    const left = Array.from({ length: 0x800 }, (_, n) => 0x100 + n);
    const report = checked(openDump(new MemorySource(small.kdump(left))));
    expect(sectionsOf(report)).toContain('title');
    expect(report.title).toBeNull();
    expect(report.tasks.length).toBe(makeReport(dump).tasks.length);
  });

  it('goes on without types, and says it in every section that needs them', () => {
    const dump = open(small.elf);
    Object.defineProperty(dump, 'types', {
      get: () => {
        throw new DumpError('not-described', 'The kernel has no BTF');
      },
    });
    const report = checked(dump);
    expect(report.title).toBe('kernel panic: sysrq triggered crash');
    expect(report.tasks).toEqual([]);
    expect(report.problems).toContainEqual({ section: 'tasks', message: 'The kernel has no BTF' });
    expect(textReport(report)).toMatch(
      /What could not be read\n(.*\n)* {4}The kernel has no BTF\n(.*\n)* {8}.*tasks/,
    );
  });

  it('lets through what is no fault of the dump', () => {
    const dump = open(small.elf);
    Object.defineProperty(dump, 'memory', {
      get: () => {
        throw new DumpError('io', 'the disk is gone');
      },
    });
    expect(() => makeReport(dump)).toThrow('the disk is gone');
  });

  it('is whole or a DumpError for a file cut anywhere', () => {
    for (const bytes of [small.elf, small.kdump()]) {
      for (let n = 1; n < 24; n++)
        expectReportOrError(bytes.subarray(0, Math.floor((bytes.length * n) / 24)));
    }
  });

  it('is whole or a DumpError for a file with wrong bytes', () => {
    const kdump = small.kdump();
    let seed = 1;
    const random = (limit: number) => {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
      return seed % limit;
    };
    for (let n = 0; n < 60; n++) {
      const bytes = (n % 2 === 0 ? small.elf : kdump).slice();
      for (let flips = 0; flips < 200; flips++) bytes[random(bytes.length)] = random(256);
      expectReportOrError(bytes);
    }
  });
});

function expectReportOrError(bytes: Uint8Array): void {
  try {
    checked(open(bytes));
  } catch (error) {
    if (!(error instanceof DumpError)) throw error;
  }
}
