import { jsonLine } from '@kcrash/report/json_text';
import { DumpError } from '@kcrash/vmcore/bytes/errors';
import type { Dump } from '@kcrash/vmcore/dump';
import { type LogGap, type LogItem, type LogRecord, readLog, recordText } from '@kcrash/vmcore/kernel/printk';
import { formatRecord } from '@kcrash/vmcore/kernel/printk_format';
import { readClocks } from '@kcrash/vmcore/kernel/uptime';
import type { Command } from 'commander';
import { dumpCommand } from '../dump_command.ts';
import { Failure } from '../failure.ts';
import { type DumpOptions, openDumpFile } from '../open_dump.ts';
import type { Io, Output, Style } from '../output.ts';
import { calendarTime } from '../time_text.ts';

/** By number, as dmesg names them. */
const LEVELS: readonly string[] = ['emerg', 'alert', 'crit', 'err', 'warn', 'notice', 'info', 'debug'];

interface Options extends DumpOptions {
  readonly time?: true;
  readonly decode?: true;
  readonly caller?: true;
  readonly level?: ReadonlySet<number>;
}

/** `kcrash log DUMP`: the kernel's log as dmesg prints it. */
export function addLogCommand(program: Command, { out }: Io): void {
  dumpCommand(program, 'log', 'print the kernel log')
    .option('-T, --time', 'times of the wall clock, by the kernel’s clock at the crash')
    .option('-x, --decode', 'name the facility and level of each message')
    .option('-c, --caller', 'the thread (T) or CPU (C) that logged it')
    .option('-l, --level <levels>', `only these levels: ${LEVELS.join(' ')}, err+ for err and above`, levels)
    .action((file: string, options: Options) => {
      const dump = openDumpFile(file, options);
      const wanted = (item: LogItem) => item.kind === 'gap' || (options.level?.has(item.level) ?? true);
      const items = readLog(dump.memory, dump.vmcoreinfo);
      if (options.json) {
        const bootNanoseconds = wallClockAtBoot(dump);
        const all = [...items].filter(wanted).map((item) => toJson(item, bootNanoseconds));
        out.write(jsonLine({ release: dump.vmcoreinfo.osRelease, items: all }));
        return;
      }
      const print = printer(out, options, options.time ? bootTimeOrFail(dump) : undefined);
      for (const item of items) if (wanted(item)) print(item);
    });
}

function levels(text: string): ReadonlySet<number> {
  const chosen = new Set<number>();
  for (const word of text.split(',')) {
    const name = word.replace(/\+$/, '');
    const level = /^[0-7]$/.test(name) ? Number(name) : LEVELS.indexOf(name);
    if (level < 0) {
      throw new Failure(`${word} is no level of the log`, `Levels are ${LEVELS.join(', ')}.`, 2);
    }
    chosen.add(level);
    if (word.endsWith('+')) for (let worse = 0; worse < level; worse++) chosen.add(worse);
  }
  return chosen;
}

/** What the wall clock showed at boot, in nanoseconds since the epoch; undefined where the dump does not tell. */
function wallClockAtBoot(dump: Dump): bigint | undefined {
  try {
    return readClocks(dump).bootNanoseconds;
  } catch (error) {
    if (error instanceof DumpError && error.code !== 'io') return undefined;
    throw error;
  }
}

function bootTimeOrFail(dump: Dump): bigint {
  const nanoseconds = wallClockAtBoot(dump);
  if (nanoseconds !== undefined) return nanoseconds;
  throw new Failure('The dump does not tell the time of the wall clock at boot', 'Leave out -T.');
}

function milliseconds(record: LogRecord, bootNanoseconds: bigint): number {
  return Number(bootNanoseconds / 1_000_000n) + record.nanoseconds / 1e6;
}

function printer(
  out: Output,
  { decode, caller }: Options,
  bootNanoseconds: bigint | undefined,
): (item: LogItem) => void {
  return (item) => {
    if (item.kind === 'gap') {
      out.line(out.style('dim', gapText(item)));
      return;
    }
    const lines = formatRecord(item, { style: 'kernel', caller: caller === true })
      .slice(0, -1)
      .split('\n');
    for (const line of lines) {
      const timed =
        bootNanoseconds === undefined
          ? line
          : line.replace(/^\[ *\d+\.\d+\]/, () => `[${calendarTime(milliseconds(item, bootNanoseconds))}]`);
      out.line(`${decode ? decoded(item) : ''}${coloured(out, item, timed)}`);
    }
  };
}

/** `kern  :warn  : `, as `dmesg -x` has it. */
function decoded({ facility, level }: LogRecord): string {
  return `${(FACILITIES[facility] ?? String(facility)).padEnd(6)}:${(LEVELS[level] ?? String(level)).padEnd(6)}: `;
}

/** Numbers of syslog(3). */
const FACILITIES = ['kern', 'user', 'mail', 'daemon', 'auth', 'syslog', 'lpr', 'news', 'uucp', 'cron'];

function coloured(out: Output, { level }: LogRecord, line: string): string {
  const style: Style | undefined = level <= 2 ? ['red', 'bold'] : level === 3 ? 'red' : undefined;
  if (style === undefined || !out.colour) return line;
  const end = line.indexOf('] ') + 2;
  return `${line.slice(0, end)}${out.style(style, line.slice(end))}`;
}

function gapText({ records, reason }: LogGap): string {
  return `[kcrash: ${records} message${records === 1 ? '' : 's'} missing here: ${reason}]`;
}

function toJson(item: LogItem, bootNanoseconds: bigint | undefined) {
  if (item.kind === 'gap') return item;
  const { sequence, nanoseconds, level, facility, caller, dictionary } = item;
  const at = bootNanoseconds === undefined ? undefined : milliseconds(item, bootNanoseconds);
  return {
    kind: 'record',
    sequence,
    nanoseconds,
    time: at === undefined ? null : isoTime(at),
    level,
    facility,
    caller,
    text: recordText(item),
    dictionary,
  };
}

function isoTime(at: number): string | null {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}
