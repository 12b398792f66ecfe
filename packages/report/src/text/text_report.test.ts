import { describe, expect, it } from 'vitest';
import { emptyReport, frame, HOSTILE, sampleReport, task, WAIT } from '../../test/sample_report.ts';
import { textReport } from './text_report.ts';

const lines = (text: string) => text.split('\n');

describe('a report as text', () => {
  it('fits 100 columns of printable ASCII, whatever the dump holds', () => {
    for (const report of [sampleReport(), emptyReport()]) {
      for (const line of lines(textReport(report))) {
        expect(line.length, line).toBeLessThanOrEqual(100);
        expect(line).toMatch(/^[\x20-\x7e]*$/);
      }
    }
  });

  it('tells on the first screen what happened, where, why, and what else was wrong', () => {
    const screen = lines(textReport(sampleReport())).slice(0, 24).join('\n');
    expect(screen).toContain('BUG: unable to handle kernel paging request in <img src=x');
    expect(screen).toMatch(/^Where {4}bad_function\+0x10\/0x100 \[/m);
    expect(screen).toContain('2026-11-24 22:49:22 UTC, 2 days 07:33:20 after boot');
    expect(screen).toContain('Deadlock: holder (108) waits for waiter (2) waits for holder (108)');
    expect(screen).toContain('CPU 3 spins for spinlock lab_mutex [lab], holder unknown: nobody noted it');
    expect(screen).toMatch(/Missing {2}3 things could not be read/);
  });

  it('paints what it is told to, and counts no paint as width', () => {
    const painted = textReport(sampleReport(), { paint: (role, text) => `{${role}:${text}:}` });
    expect(painted).toContain('{title:BUG: unable to handle');
    expect(painted.replace(/\{[a-z]+:|:\}/g, '')).toBe(textReport(sampleReport()));
  });

  it('says of what is missing that it is unknown, and why', () => {
    const text = textReport(emptyReport());
    expect(text).toContain('crash without a title: unknown (The log was left out)');
    expect(text).toMatch(/^Where {4}place unknown, CPU unknown, task unknown$/m);
    expect(text).toContain('Kernel   unknown, taint unknown');
  });

  it('tells who waits for whom, and stacks that are equal once', () => {
    const text = textReport(sampleReport());
    expect(text).toContain(
      '  mutex lab_mutex [lab]: held by holder (108)\n    waited for by 2 tasks: waiter (2), holder (108)',
    );
    expect(text).toContain('rwsem lab_mutex [lab] (read): held by 2 readers, the last of them holder (108)');
    expect(text).toContain('  40 tasks: worker/0 (200), worker/1 (201)');
    expect(text).toMatch(/and 16 more\n {4}__schedule\+0x10\/0x100\n/);
    expect(text).toContain('CPUs 1, 2: idle');
  });

  it('marks frames that are a guess, and where a stack goes on elsewhere', () => {
    const text = textReport(sampleReport());
    expect(text).toContain(
      '    <IRQ>\n    panic+0x10/0x100\n    <TASK>\n    bad_function+0x10/0x100  <- interrupted\n    ? 0xffffffff81000010\n',
    );
    expect(text).toContain('(the stack could not be followed further: 0x12 is no code');
  });

  it('prints the code with the instruction in angle brackets', () => {
    expect(textReport(sampleReport())).toContain('90 90 <90> 90');
  });

  it('prints as much of the log as is wanted, and where messages are missing', () => {
    const all = textReport(sampleReport(), { logLines: 100 });
    expect(all).toContain('[2 messages missing here: text-overwritten]');
    const few = textReport(sampleReport(), { logLines: 3 });
    expect(few).toContain('Log: 3 messages (the last of 61)');
    expect(few).toContain('message 57');
    expect(few).not.toContain('message 56');
  });

  it('tells a recursion once', () => {
    const { panic } = sampleReport();
    const stack = [frame('f'), frame('recurse'), frame('recurse'), frame('recurse'), frame('main')];
    const text = textReport(sampleReport({ panic: { ...panic, stack } }));
    expect(text).toContain('    f+0x10/0x100\n    recurse+0x10/0x100  (3 times)\n    main+0x10/0x100\n');
  });

  it('gives each reason once, with all that is missing for it', () => {
    expect(textReport(sampleReport())).toContain('    the same\n        disks, network\n');
  });

  it('shows how long a task had been blocked, by the log’s clock', () => {
    const blocked = task(2, 'waiter', { state: 'D', lastRanSeconds: 9, waits: [WAIT], stack: [frame('f')] });
    expect(textReport(sampleReport({ tasks: [blocked] }))).toContain('waiter (2) blocked 50.0 s');
  });

  it('never lets a name through as it is', () => {
    expect(textReport(sampleReport())).not.toContain(HOSTILE);
  });
});
