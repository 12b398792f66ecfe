import { statSync } from 'node:fs';
import { jsonLine } from '@kcrash/report/json_text';
import { titleOfLines } from '@kcrash/report/title';
import { DumpError } from '@kcrash/vmcore/bytes/errors';
import type { Dump } from '@kcrash/vmcore/dump';
import { readCommandLine } from '@kcrash/vmcore/kernel/command_line';
import { crashedCpu, readCpus } from '@kcrash/vmcore/kernel/cpus';
import { readLoad } from '@kcrash/vmcore/kernel/loadavg';
import { readMemory } from '@kcrash/vmcore/kernel/memory';
import { readModules } from '@kcrash/vmcore/kernel/modules';
import { readLog, recordText } from '@kcrash/vmcore/kernel/printk';
import { readTaint } from '@kcrash/vmcore/kernel/taint';
import { readTasks } from '@kcrash/vmcore/kernel/tasks';
import { readClocks } from '@kcrash/vmcore/kernel/uptime';
import { readUts } from '@kcrash/vmcore/kernel/uts';
import type { Command } from 'commander';
import { dumpCommand } from '../dump_command.ts';
import { type DumpOptions, openDumpFile } from '../open_dump.ts';
import type { Io } from '../output.ts';
import { printable } from '../printable.ts';
import { calendarTime, durationText } from '../time_text.ts';

/** A fact, or why it is not known. */
type Known<T> =
  | { readonly value: T; readonly why?: undefined }
  | { readonly value: undefined; readonly why: string };

/** makedumpfile's `-d`, bit by bit. */
const LEFT_OUT: readonly (readonly [bit: number, name: string])[] = [
  [1, 'zero'],
  [2, 'cache without private data'],
  [4, 'cache with private data'],
  [8, 'user'],
  [16, 'free'],
];

/** `kcrash info DUMP`: what the file is, of which kernel and machine, and what is in it. */
export function addInfoCommand(program: Command, { out }: Io): void {
  dumpCommand(program, 'info', 'tell what a dump is, of which kernel and machine, and what is in it').action(
    (file: string, options: DumpOptions) => {
      const dump = openDumpFile(file, options);
      const files = [file, ...(options.with ?? [])].map((path) => ({ path, bytes: statSync(path).size }));
      const facts = collect(dump);
      const { problems } = dump.container;
      if (options.json) {
        out.write(jsonLine({ files, ...factsJson(facts), problems }));
        return;
      }
      const rows = [['FILE', files.map(({ path, bytes }) => `${path} (${bytesText(bytes)})`).join(', ')]];
      for (const [label, fact, text] of labelled(facts)) {
        rows.push([label, fact.why === undefined ? text() : `unknown: ${fact.why}`]);
      }
      for (const problem of problems) rows.push(['PROBLEM', problem]);
      for (const [label = '', value = ''] of rows) out.line(`${label.padStart(14)}: ${printable(value)}`);
    },
  );
}

/** Everything, each part for itself: what the dump lacks has its reason. */
function collect(dump: Dump) {
  const { container, vmcoreinfo } = dump;
  const uts = known(() => readUts(dump));
  const clocks = known(() => readClocks(dump));
  return {
    container,
    uts,
    clocks,
    release: vmcoreinfo.osRelease,
    buildId: vmcoreinfo.buildId,
    crashTime: vmcoreinfo.crashTime,
    title: known(() => titleOfLines(logLines(dump))),
    cpus: known(() => readCpus(dump).filter(({ online }) => online !== false).length),
    crashedCpu: known(() => crashedCpu(dump)),
    memory: known(() => readMemory(dump).total ?? unknown('the kernel does not count it')),
    load: known(() => readLoad(dump).averages ?? unknown('the kernel does not keep it')),
    commandLine: known(() => readCommandLine(dump)),
    taint: known(() => readTaint(dump)),
    tasks: known(() => readTasks(dump).tasks.length),
    modules: known(() => readModules(dump).modules.length),
    symbols: known(() => dump.description.kallsyms),
    types: known(() => dump.types.btf.end - 1),
  };
}

type Facts = ReturnType<typeof collect>;

function known<T>(step: () => T): Known<T> {
  try {
    return { value: step() };
  } catch (error) {
    if (error instanceof DumpError && error.code !== 'io') return { value: undefined, why: error.message };
    throw error;
  }
}

function unknown(why: string): never {
  throw new DumpError('not-described', why);
}

function logLines(dump: Dump): string[] {
  const lines: string[] = [];
  for (const item of readLog(dump.memory, dump.vmcoreinfo)) {
    if (item.kind !== 'record') continue;
    const seconds = (item.nanoseconds / 1e9).toFixed(6).padStart(12);
    for (const line of recordText(item).split('\n')) lines.push(`[${seconds}] ${line}`);
  }
  return lines;
}

type Row = readonly [label: string, fact: Known<unknown>, text: () => string];

function row<T>(label: string, fact: Known<T>, text: (value: T) => string): Row {
  return [label, fact, () => (fact.why === undefined ? text(fact.value as T) : '')];
}

function told<T>(value: T | undefined, why: string): Known<T> {
  return value === undefined ? { value: undefined, why } : { value };
}

function labelled(facts: Facts): Row[] {
  const { container, uts, clocks } = facts;
  return [
    row('FORMAT', told(formatText(container), ''), (text) => text),
    row('CRASH', facts.title, (title) => title?.title ?? 'none that the log tells of'),
    row('DATE', told(facts.crashTime, 'VMCOREINFO has no CRASHTIME'), (at) => calendarTime(at * 1000)),
    row('UPTIME', clocks, ({ uptimeNanoseconds }) => durationText(Number(uptimeNanoseconds) / 1e9)),
    row('NODENAME', uts, ({ nodename }) => nodename),
    row('RELEASE', told(facts.release, ''), (release) => release),
    row('VERSION', uts, ({ version }) => version),
    row('BUILD-ID', told(facts.buildId, 'the kernel was linked without one'), (id) => id),
    row('MACHINE', told(container.machine, ''), (machine) => machine),
    row('CPUS', facts.cpus, (count) => String(count)),
    row('CRASHED CPU', facts.crashedCpu, (cpu) => (cpu === undefined ? 'none' : String(cpu))),
    row('MEMORY', facts.memory, bytesText),
    row('LOAD AVERAGE', facts.load, (load) => load.map((average) => average.toFixed(2)).join(', ')),
    row('COMMAND LINE', facts.commandLine, (line) => line),
    row('TAINT', facts.taint, ({ text }) => text),
    row('TASKS', facts.tasks, (count) => String(count)),
    row('MODULES', facts.modules, (count) => String(count)),
    row('SYMBOLS', facts.symbols, ({ count, hasVariables }) =>
      hasVariables ? String(count) : `${count}, of functions only`,
    ),
    row('TYPES', facts.types, (count) => String(count)),
  ];
}

function formatText({ format, compression, dumpLevel }: Dump['container']): string {
  const parts = [format === 'elf' ? 'ELF core' : 'kdump-compressed'];
  if (compression !== undefined) parts.push(compression);
  if (dumpLevel !== undefined) {
    const names = LEFT_OUT.filter(([bit]) => (dumpLevel & bit) !== 0).map(([, name]) => name);
    parts.push(names.length === 0 ? 'all pages' : `without ${names.join(', ')} pages (-d ${dumpLevel})`);
  }
  return parts.join(', ');
}

function bytesText(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

function factsJson(facts: Facts) {
  const { container, uts, clocks, taint, symbols, title } = facts;
  const why: Record<string, string> = {};
  for (const [name, fact] of Object.entries(facts)) {
    if (typeof fact === 'object' && 'why' in fact && fact.why !== undefined) why[name] = fact.why;
  }
  return {
    format: container.format,
    compression: container.compression,
    dumpLevel: container.dumpLevel,
    machine: container.machine,
    title: title.value?.title,
    kind: title.value?.kind,
    crashSeconds: facts.crashTime,
    release: facts.release,
    version: uts.value?.version,
    nodename: uts.value?.nodename,
    buildId: facts.buildId,
    uptimeSeconds: clocks.value === undefined ? null : Number(clocks.value.uptimeNanoseconds) / 1e9,
    cpus: facts.cpus.value,
    crashedCpu: facts.crashedCpu.value,
    memoryBytes: facts.memory.value,
    loadAverages: facts.load.value,
    commandLine: facts.commandLine.value,
    taint: taint.value?.text,
    tasks: facts.tasks.value,
    modules: facts.modules.value,
    symbols: symbols.value?.count,
    hasVariables: symbols.value?.hasVariables,
    types: facts.types.value,
    unknown: why,
  };
}
