import { FAKE_BASE } from '../../packages/vmcore/test/fake_dump.ts';
import { FakeTasks } from '../../packages/vmcore/test/fake_tasks.ts';
import type { FlatMemory } from '../../packages/vmcore/test/flat_memory.ts';
import { writeKallsyms } from '../../packages/vmcore/test/kallsyms_writer.ts';
import { PageTableWriter } from '../../packages/vmcore/test/page_table_writer.ts';
import { PrintkRing, RecordLog } from '../../packages/vmcore/test/printk_writer.ts';

/** Memory of a machine and what the kernel's VMCOREINFO says of it. */
export interface SmallMachine {
  readonly pages: ReadonlyMap<number, Uint8Array>;
  readonly vmcoreinfo: Uint8Array;
}

const PAGE = 4096;
const KERNEL_MAP = 0xffff_ffff_8000_0000n;
/** Physical places of what each writer makes; the log's lies at the start. */
const SYMBOLS_AT = 0x200_0000;
const BTF_AT = 0x280_0000;
const TABLES_AT = 0x300_0000;
const OBJECTS_AT = 0x400_0000;
const LARGE_PAGE = 0x20_0000;
/** Per-CPU symbols are small numbers; see `writeSymbols`. */
const RUNQUEUES = 0x1000;

/** A machine of two CPUs and a few tasks, with a log that ends in a panic, and tables that describe it all. */
export function smallMachine(log: 'ring' | 'records'): SmallMachine {
  const memory = log === 'ring' ? writeRing() : writeRecords();
  const physical = memory.physical;
  const { kernel } = new FakeTasks([
    { pid: 1, comm: 'init' },
    { pid: 2, comm: 'kthreadd', values: { flags: 0x20_0000 } },
    { pid: 7, comm: 'worker', parent: 2, values: { __state: 2, flags: 0x20_0000 } },
    { pid: 20, comm: 'server', parent: 1, values: { __state: 1 } },
    { pid: 21, tgid: 20, comm: 'thread', parent: 1, values: { __state: 1 } },
    { pid: 30, comm: 'crasher', parent: 1 },
  ]);
  const { variables } = kernel;
  kernel.struct('uts_name', { sysname: 'char[65]', nodename: 'char[65]' });
  const offsets = variables.__per_cpu_offset as bigint;
  for (const cpu of [0, 1]) {
    const start = (variables.runqueues as bigint) - BigInt(RUNQUEUES) + BigInt(cpu) * 0x10_0000n;
    kernel.memory.number(offsets + BigInt(cpu * 8), start);
  }
  const btf = kernel.btf.bytes();
  physical.put(BTF_AT, btf);
  const symbols = writeSymbols(physical, btf.length);
  copyObjects(kernel.memory.virtual.physical, physical);
  const tables = new PageTableWriter(physical, 4, TABLES_AT);
  for (let at = 0; at < OBJECTS_AT; at += LARGE_PAGE) tables.map(KERNEL_MAP + BigInt(at), at, LARGE_PAGE);
  for (let at = 0; at < 2 * LARGE_PAGE; at += LARGE_PAGE) {
    tables.map(FAKE_BASE + BigInt(at), OBJECTS_AT + at, LARGE_PAGE);
  }
  const { runqueues: _perCpu, ...named } = variables;
  const lines = [
    'OSRELEASE=6.1.0-small',
    'PAGESIZE=4096',
    'NUMBER(phys_base)=0',
    `SYMBOL(init_top_pgt)=${(KERNEL_MAP + BigInt(tables.top)).toString(16)}`,
    ...Object.entries({ ...symbols, ...named }).map(([name, at]) => `SYMBOL(${name})=${at.toString(16)}`),
    ...memory.lines,
    'CRASHTIME=1700000000',
    '',
  ];
  return { pages: physical.pages, vmcoreinfo: new TextEncoder().encode(lines.join('\n')) };
}

const LOG = [
  'Linux version 6.1.0-small (builder@example)',
  'sysrq: Trigger a crash',
  'Kernel panic - not syncing: sysrq triggered crash',
  'CPU: 0 PID: 30 Comm: crasher Not tainted 6.1.0-small #1',
  'Call Trace:',
  ' <TASK>',
  ' panic+0x10/0x100',
  ' sysrq_handle_crash+0x16/0x20',
  ' </TASK>',
  '---[ end Kernel panic - not syncing: sysrq triggered crash ]---',
];

interface WrittenLog {
  readonly physical: FlatMemory;
  readonly lines: readonly string[];
}

function writeRing(): WrittenLog {
  const ring = new PrintkRing(5, 12);
  for (let n = 0; n < 20; n++) ring.log({ text: text(`message ${n} of an ordinary boot`) });
  for (const line of LOG) ring.log({ text: text(line), level: 0 });
  return { physical: ring.physical, lines: linesOf(ring.vmcoreinfo) };
}

function writeRecords(): WrittenLog {
  const log = new RecordLog(4096, { caller: true });
  let at = 0;
  for (const line of LOG) at = log.record(at, { text: text(line), level: 0 }, 'SUBSYSTEM=pci');
  log.setRange(0, at);
  return { physical: log.physical, lines: linesOf(log.vmcoreinfo) };
}

function text(line: string): Uint8Array {
  return new TextEncoder().encode(line);
}

function linesOf({ text }: { text: string }): string[] {
  return text.split('\n').filter((line) => line !== '');
}

/** Tables of kallsyms, of `base` kind: per-CPU symbols are absolute, others count from the image's start. */
function writeSymbols(physical: FlatMemory, btfBytes: number): Record<string, bigint> {
  const image = KERNEL_MAP + 0x100_0000n;
  const from = (at: number) => at - 0x100_0000;
  const { at, memory } = writeKallsyms({
    image,
    encoding: 'percpu-absolute',
    tablesAt: SYMBOLS_AT - 0x100_0000,
    symbols: [
      { name: 'fixed_percpu_data', type: 'A', offset: 0, perCpu: true },
      { name: 'runqueues', type: 'A', offset: RUNQUEUES, perCpu: true },
      { name: '_stext', type: 'T', offset: 0 },
      { name: 'panic', type: 'T', offset: 0x1000 },
      { name: 'sysrq_handle_crash', type: 't', offset: 0x1200 },
      { name: 'schedule', type: 'T', offset: 0x1400 },
      { name: '_etext', type: 'T', offset: 0x8000 },
      { name: '__start_BTF', type: 'R', offset: from(BTF_AT) },
      { name: '__stop_BTF', type: 'R', offset: from(BTF_AT + btfBytes) },
      { name: '_end', type: 'B', offset: from(TABLES_AT) },
    ],
  });
  const lastPage = Math.floor(Number((at.relativeBase ?? at.offsets) - KERNEL_MAP) / PAGE) * PAGE;
  for (let page = SYMBOLS_AT; page <= lastPage; page += PAGE) {
    physical.put(page, memory.read(KERNEL_MAP + BigInt(page), PAGE));
  }
  return {
    kallsyms_names: at.names,
    kallsyms_num_syms: at.numSyms,
    kallsyms_token_table: at.tokenTable,
    kallsyms_token_index: at.tokenIndex,
    kallsyms_offsets: at.offsets,
    ...(at.relativeBase === undefined ? {} : { kallsyms_relative_base: at.relativeBase }),
  };
}

function copyObjects(
  from: { nextHeld(frame: number): number; page(frame: number): Uint8Array | string },
  to: FlatMemory,
) {
  const limit = OBJECTS_AT / PAGE;
  for (let frame = from.nextHeld(0); frame < limit; frame = from.nextHeld(frame + 1)) {
    const page = from.page(frame);
    if (typeof page !== 'string') to.put(OBJECTS_AT + frame * PAGE, page);
  }
}
