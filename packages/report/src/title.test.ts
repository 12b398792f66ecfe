import { describe, expect, it } from 'vitest';
import { SAMPLES as COMMON } from '../test/title_samples.ts';
import { CHECKER_SAMPLES } from '../test/title_samples_checkers.ts';
import { RARE_SAMPLES } from '../test/title_samples_rare.ts';
import { titleOf, titleOfLines } from './title.ts';
import { LEAD, TITLE_RULES, type TitleRule } from './title_rules.ts';

const SAMPLES = [...CHECKER_SAMPLES, ...COMMON, ...RARE_SAMPLES];

function stamped(log: string, prefix: string): string {
  return log
    .split('\n')
    .map((line) => prefix + line)
    .join('\n');
}

/** The rule that holds of a log's first line that any rule knows. */
function ruleOf(lines: readonly string[]): TitleRule | undefined {
  const first = lines.find((line) => TITLE_RULES.some((rule) => rule.line.test(line))) ?? '';
  return TITLE_RULES.find(
    (rule) =>
      rule.line.test(first) && (rule.with === undefined || lines.some((line) => rule.with?.test(line))),
  );
}

const BOOT = `[    0.000000] Linux version 6.6.0 (builder@host) (gcc 13.2.0) #1 SMP
[    0.000000] Command line: root=/dev/vda1 panic_on_warn=1 oops=panic
[    1.234567] WARNING: See https://kernel.org/doc/html/latest/admin-guide/hw-vuln/srso.html for mitigation options.`;

describe('titleOf', () => {
  it.each(SAMPLES.map((sample) => [sample.title, sample] as const))('says: %s', (title, sample) => {
    for (const prefix of ['[   12.345678] ', '[   12.345678][   T42] ', '<4>[   12.345678][    C1] ']) {
      const found = titleOf(
        `${BOOT}\n${stamped(sample.log, prefix)}\n[   13.000000] reboot: Restarting system`,
      );
      expect(found).toMatchObject({ title, kind: sample.kind, corrupted: sample.corrupted ?? false });
      expect(found?.frame === null || title.includes(found?.frame ?? '')).toBe(true);
    }
  });

  it('has a sample for every rule', () => {
    const logs = SAMPLES.map((sample) => sample.log.split('\n').map((line) => line.replace(LEAD, '')));
    const named = new Set(logs.map(ruleOf));
    expect(TITLE_RULES.filter((rule) => !named.has(rule)).map((rule) => rule.title)).toEqual([]);
  });

  it('has only rules whose every alternative begins at the start of the message', () => {
    const outermost = (source: string): string => {
      const inner = source.replace(/\\.|\[[^\]]*\]|\([^()]*\)/g, '');
      return inner === source ? source : outermost(inner);
    };
    const alternatives = TITLE_RULES.flatMap(({ line }) => outermost(line.source).split('|'));
    expect(alternatives.filter((source) => !source.startsWith('^'))).toEqual([]);
  });

  it('takes the first crash of a log', () => {
    const [one, two] = SAMPLES;
    if (one === undefined || two === undefined) throw new Error('no samples');
    const both = (a: string, b: string) => titleOf(stamped(`${a}\n${b}`, '[   12.345678] '))?.title;
    expect(both(one.log, two.log)).toBe(one.title);
    expect(both(two.log, one.log)).toBe(two.title);
  });

  it('keeps apart what two contexts print at once', () => {
    const log = `[    5.000000][   T42] general protection fault: 0000 [#1] SMP
[    5.000001][   T77] general protection fault: 0000 [#2] SMP
[    5.000002][   T77] RIP: 0010:other_read+0x1/0x2
[    5.000003][   T42] RIP: 0010:widget_read+0x1/0x2
[    5.000004][   T42] Call Trace:
[    5.000005][   T77]  other_open+0x1/0x2
[    5.000006][   T42]  widget_open+0x1/0x2`;
    expect(titleOf(log)).toMatchObject({
      title: 'general protection fault in widget_read',
      corrupted: false,
    });
  });

  it('finds a message behind what another program wrote on the line', () => {
    const log = `widget login: [   16.305150] general protection fault: 0000 [#1] [   16.305151] audit: type=1326
[   16.305152] RIP: 0010:widget_read+0x1/0x2
[   16.305153] Call Trace:
[   16.305154]  widget_open+0x1/0x2`;
    expect(titleOf(log)?.title).toBe('general protection fault in widget_read');
    const glued = log
      .replace('audit: type=1326', '')
      .replace(' [   16.305151] ', '')
      .replace('general', 'memory accessgeneral');
    expect(titleOf(glued)?.title).toBe('general protection fault in widget_read');
  });

  it('ends a report where another begins', () => {
    const log = `[   12.000000] WARNING: CPU: 1 PID: 42 at drivers/misc/widget.c:7 widget_check+0x2b7/0x390
[   12.000001] BUG: unable to handle page fault for address: ffffc90000a3f000
[   12.000002] RIP: 0010:other_read+0x1/0x2`;
    expect(titleOf(log)).toMatchObject({ title: 'WARNING in corrupted', corrupted: true });
    const injected = `[   12.000000] WARNING: CPU: 1 PID: 42 at drivers/misc/widget.c:7 widget_check+0x2b7/0x390
[   12.000001] FAULT_INJECTION: forcing a failure.
[   12.000002] Call Trace:
[   12.000003]  should_fail+0x1/0x2
[   12.000004]  other_read+0x1/0x2`;
    expect(titleOf(injected)?.title).toBe('WARNING in corrupted');
  });

  it('marks a report with lost lines', () => {
    const log = `[   12.000000] divide error: 0000 [#1] SMP
** 12 printk messages dropped **
[   12.000002] RIP: 0010:widget_rate+0x1/0x2
[   12.000003] Call Trace:
[   12.000004]  widget_open+0x1/0x2`;
    expect(titleOf(log)).toMatchObject({ title: 'divide error in widget_rate', corrupted: true });
  });

  it('waits for the whole of a message that the kernel prints again', () => {
    const log = `[   12.000000] INFO: t
** replaying previous printk message **
[   12.000000] INFO: task widgetd:42 blocked for more than 122 seconds.
[   12.000001] Call Trace:
[   12.000002]  schedule+0x1/0x2
[   12.000003]  widget_wait+0x1/0x2`;
    expect(titleOf(log)?.title).toBe('INFO: task hung in widget_wait');
  });

  it('takes a WARNING that no rule knows for a crash only when it shows a stack', () => {
    const warning = '[   11.000000] WARNING: a widget is loose';
    const crash = `[   12.000000] divide error: 0000 [#1] SMP
[   12.000001] RIP: 0010:widget_rate+0x1/0x2
[   12.000002] Call Trace:
[   12.000003]  widget_open+0x1/0x2`;
    expect(titleOf(warning)).toBeNull();
    expect(titleOf(`${warning}\n${crash}`)?.title).toBe('divide error in widget_rate');
    const panic = '[   12.000000] Kernel panic - not syncing: widget\n[   12.000001]  panic+0x1/0x2';
    expect(titleOf(`${warning}\n${panic}`)?.title).toBe('kernel panic: widget');
  });

  it('finds a crash behind any number of warnings', () => {
    const warnings = '[   11.000000] WARNING: a widget is loose\n'.repeat(1000);
    const crash = '[   12.000000] divide error: 0000 [#1] SMP\n[   12.000001] RIP: 0010:widget_rate+0x1/0x2';
    expect(titleOf(warnings + crash)?.title).toBe('divide error in widget_rate');
  });

  it('reads the prefix of kernels that name processor and task', () => {
    const log = `[   12.000000]  [2:    kworker/2:1: 1608] divide error: 0000 [#1] SMP
[   12.000001]  [2:    kworker/2:1: 1608] RIP: 0010:widget_rate+0x1/0x2`;
    expect(titleOf(log)?.title).toBe('divide error in widget_rate');
  });

  it('gives a symbolized report the title of the plain one', () => {
    const log = `[   12.000000] BUG: KASAN: slab-out-of-bounds in widget_at include/linux/widget.h:3 [inline]
[   12.000001] BUG: KASAN: slab-out-of-bounds in widget_cut+0x1/0x2 drivers/misc/widget.c:7
[   12.000002] Write of size 4 at addr ffff888012345678 by task widgetd/42
[   12.000003] Call Trace:
[   12.000004]  __dump_stack lib/dump_stack.c:88 [inline]
[   12.000005]  dump_stack_lvl+0x1/0x2 lib/dump_stack.c:106
[   12.000006]  widget_at include/linux/widget.h:3 [inline]
[   12.000007]  widget_cut+0x1/0x2 drivers/misc/widget.c:7`;
    expect(titleOf(log)?.title).toBe('KASAN: slab-out-of-bounds Write in widget_cut');
  });

  it('tells of a reboot that nobody asked for', () => {
    const lived = '[  900.000000] widget: fine\n';
    expect(titleOf(BOOT)).toBeNull();
    expect(titleOf(`${BOOT}\n${lived}${BOOT}`)?.title).toBe('unexpected kernel reboot');
    expect(titleOf(`${BOOT}\n${lived}[  901.000000] reboot: Restarting system\n${BOOT}`)).toBeNull();
  });

  it.each([
    '[    1.000000] INFO: lockdep is turned off.',
    'INFO: NMI handler (perf_event_nmi_handler) took too long to run: 2.277 msecs',
    '[    1.000000] WARNING: /etc/widget does not exist',
    '[    1.000000] EXT4-fs (loop1): INFO: recovery required on readonly filesystem',
    '[    1.000000] WARNING: the mand mount option is being deprecated and',
    "[    1.000000] warning: `widgetd' uses wireless extensions which will stop working for Wi-Fi 7 hardware",
    'Nov 24 21:58:00 host widgetd[42]: caught "BUG: KASAN: use-after-free in nothing"',
    '[    0.000000] Command line: quiet msg="Kernel panic - not syncing: no"',
    '[    1.000000] widgetd[42]: segfault at 4cb420 ip 00000000004cb420 sp 00007f27fd37a250 error 15',
    '[    1.000000] ODEBUG: Out of memory. ODEBUG disabled',
    '',
  ])('finds no crash in: %s', (log) => {
    expect(titleOf(log)).toBeNull();
  });

  it('reads a syslog file', () => {
    const log = `Nov 24 21:58:00 host kernel: [   12.000000] divide error: 0000 [#1] SMP
Nov 24 21:58:00 host kernel: [   12.000001] RIP: 0010:widget_rate+0x1/0x2
Nov 24 21:58:00 host kernel: [   12.000002] Call Trace:
Nov 24 21:58:00 host kernel: [   12.000003]  widget_open+0x1/0x2`;
    expect(titleOf(log)?.title).toBe('divide error in widget_rate');
    expect(titleOf(log.replaceAll(/\[ {3}12\.\d{6}\] /g, ''))?.title).toBe('divide error in widget_rate');
  });

  it('gives lines and text one title', () => {
    for (const sample of SAMPLES) {
      const text = stamped(sample.log, '[   12.345678] ');
      expect(titleOfLines(text.split('\n'))).toEqual(titleOf(text));
    }
  });
});
