import { deflateSync } from 'node:zlib';
import { Btf } from '@kcrash/vmcore/describe/btf';
import { Kallsyms } from '@kcrash/vmcore/describe/kallsyms';
import { Types } from '@kcrash/vmcore/describe/types';
import { elfCore } from '../../vmcore/test/elf_writer.ts';
import { FAKE_BASE } from '../../vmcore/test/fake_dump.ts';
import { type FakeTask, FakeTasks } from '../../vmcore/test/fake_tasks.ts';
import { FlatMemory } from '../../vmcore/test/flat_memory.ts';
import { writeKallsyms } from '../../vmcore/test/kallsyms_writer.ts';
import { kdumpFile } from '../../vmcore/test/kdump_writer.ts';
import { PageTableWriter } from '../../vmcore/test/page_table_writer.ts';
import { type Message, PrintkRing } from '../../vmcore/test/printk_writer.ts';

const PAGE = 4096;
const IMAGE = 0xffff_ffff_8000_0000n;
/** Physical places of what the test kernel has beside its objects. */
const PAGE_TABLES = 0x90_0000;
const CODE = 0x100_0000;
const KALLSYMS = 0x110_0000;
const BTF = 0x120_0000;
/** Of CPU 0; that of CPU 1 lies 0x100000 bytes behind. */
const RUN_QUEUES = 0x130_0000;
const GIGABYTE = 2 ** 30;
/** In a kdump header and in its page descriptors. */
const COMPRESSED_BY_ZLIB = 1;

/** Functions of the test kernel, each of 0x100 bytes. */
const FUNCTIONS = ['_stext', 'schedule', 'do_idle', 'twice', 'twice', '_etext'];

/** Address of the n-th function. */
export function functionAddress(n: number): bigint {
  return IMAGE + BigInt(CODE + n * 0x100);
}

/** A dump of a kernel with tasks, a log, symbols, types and a few variables, small enough for every test. */
export interface SmallDump {
  readonly elf: Uint8Array;
  /** The same memory, each page compressed by zlib; the pages of `left` are left out. */
  kdump(left?: readonly number[]): Uint8Array;
  /** Addresses of the tasks by PID. */
  readonly tasks: ReadonlyMap<number, bigint>;
}

const TASKS: readonly FakeTask[] = [
  { pid: 1, comm: 'init', values: { __state: 1 } },
  { pid: 2, comm: 'kthreadd', values: { __state: 1, flags: 0x20_0000 } },
  { pid: 7, comm: 'worker', parent: 1, values: { 'thread_info.cpu': 1 } },
  { pid: 8, comm: 'worker\x1b[31m', tgid: 7, parent: 1, values: { __state: 2 } },
];

/** Writes the test kernel. */
export function smallDump(messages: readonly Message[]): SmallDump {
  const fake = new FakeTasks(TASKS);
  const { kernel } = fake;
  kernel.struct('new_utsname', { sysname: 'char[65]', nodename: 'char[65]', release: 'char[65]' });
  kernel.struct('uts_namespace', { name: 'new_utsname' });
  kernel.variables.init_uts_ns = kernel.object('uts_namespace', {
    'name.sysname': 'Linux',
    'name.nodename': 'edge-7',
    'name.release': '6.1.0-test',
  });
  kernel.btf.typedef('u64', kernel.btf.int('unsigned long long', 8));
  kernel.variable('jiffies_64', 'u64', 4_294_892_300n);
  kernel.variable('secret', 'u64', 7);
  const memory = new FlatMemory();
  putLog(memory, messages);
  const tables = new PageTableWriter(memory, 4, PAGE_TABLES);
  tables.map(FAKE_BASE, 0, GIGABYTE);
  tables.map(IMAGE, 0, GIGABYTE);
  putRunQueues(memory, fake);
  const btf = kernel.btf.bytes();
  memory.put(BTF, btf);
  const symbols = putKallsyms(memory, btf.length);
  const { physical } = kernel.memory.virtual;
  for (let frame = 0; frame < BTF / PAGE; frame++) {
    const page = physical.page(frame);
    if (typeof page !== 'string') memory.put(frame * PAGE, page);
  }
  const text = vmcoreinfo(symbols, tables.top, kernel.variables);
  const frames = [...memory.pages].sort(([a], [b]) => a - b);
  return {
    elf: elfCore(
      frames.map(([frame, bytes]) => ({ address: frame * PAGE, bytes })),
      [{ name: 'VMCOREINFO', type: 0, bytes: text }],
    ),
    kdump: (left = []) =>
      kdumpFile({
        frames: (RUN_QUEUES + 0x20_0000) / PAGE,
        pages: frames
          .filter(([frame]) => !left.includes(frame))
          .map(([frame, bytes]) => ({ frame, bytes: deflateSync(bytes), flags: COMPRESSED_BY_ZLIB })),
        excluded: left,
        status: COMPRESSED_BY_ZLIB,
        vmcoreinfo: text,
      }),
    tasks: fake.tasks,
  };
}

/** The one per-CPU variable, with its type in BTF as the kernel's own build writes it. */
function putRunQueues(memory: FlatMemory, fake: FakeTasks): void {
  const { kernel } = fake;
  delete kernel.variables.runqueues;
  for (const [cpu, idle] of fake.idle.entries()) {
    const at = RUN_QUEUES + cpu * 0x10_0000;
    memory.put(at, new Uint8Array(kernel.size('rq')));
    memory.u64(at, 3 + cpu);
    memory.u64(at + kernel.offset('rq', 'curr'), cpu === 0 ? fake.task(1) : idle);
    memory.u64(at + kernel.offset('rq', 'idle'), idle);
  }
  const rq = new Types(Btf.of(kernel.btf.bytes())).id('rq');
  // BTF_KIND_VAR and BTF_KIND_DATASEC.
  const runQueues = kernel.btf.record(14, 'runqueues', 0, rq, [1]);
  kernel.btf.record(15, '.data..percpu', 1, PAGE, [runQueues, 0, kernel.size('rq')]);
}

function putLog(memory: FlatMemory, messages: readonly Message[]): void {
  const ring = new PrintkRing(6, 14);
  for (const message of messages) ring.log(message);
  for (const [frame, bytes] of ring.physical.pages) memory.put(frame * PAGE, bytes);
}

/** Puts kallsyms and returns the lines of VMCOREINFO that tell where its tables are. */
function putKallsyms(memory: FlatMemory, btfBytes: number): string[] {
  const code = FUNCTIONS.map((name, n) => ({ name, type: 'T', offset: CODE + n * 0x100 }));
  const data = [
    { name: '__start_BTF', type: 'R', offset: BTF },
    { name: '__stop_BTF', type: 'R', offset: BTF + btfBytes },
    { name: 'runqueues', type: 'D', offset: RUN_QUEUES },
    { name: '_end', type: 'B', offset: RUN_QUEUES + PAGE },
  ];
  const { at, memory: tables } = writeKallsyms({
    image: IMAGE,
    symbols: [...code, ...data],
    encoding: 'base',
    tablesAt: KALLSYMS,
  });
  // What is read through the library's own reader is what the dump must have.
  const all = [...Kallsyms.at(tables, at).all()];
  if (all.length !== code.length + data.length) throw new Error('kallsyms of the test kernel is damaged');
  for (const page of tables.touched)
    memory.put(Number((page << 12n) - IMAGE), tables.read((page << 12n) as never, PAGE));
  const names = {
    kallsyms_names: at.names,
    kallsyms_num_syms: at.numSyms,
    kallsyms_token_table: at.tokenTable,
    kallsyms_token_index: at.tokenIndex,
    kallsyms_offsets: at.offsets,
    kallsyms_relative_base: at.relativeBase ?? 0n,
  };
  return Object.entries(names).map(([name, address]) => `SYMBOL(${name})=${address.toString(16)}`);
}

function vmcoreinfo(
  symbols: readonly string[],
  topTable: number,
  variables: Readonly<Record<string, bigint>>,
): Uint8Array {
  const lines = [
    'OSRELEASE=6.1.0-test',
    `BUILD-ID=${'ab'.repeat(20)}`,
    'PAGESIZE=4096',
    'NUMBER(phys_base)=0',
    `SYMBOL(init_top_pgt)=${(IMAGE + BigInt(topTable)).toString(16)}`,
    'CRASHTIME=1700000000',
    ...symbols,
    ...Object.entries(variables).map(([name, address]) => `SYMBOL(${name})=${address.toString(16)}`),
    new PrintkRing(6, 14).vmcoreinfo.text,
    '',
  ];
  return new TextEncoder().encode(lines.join('\n'));
}
