import { KERNEL_MAP } from '../arch/x86_64/page_table.ts';
import { addTo, type VirtualAddress } from '../bytes/address.ts';
import { field } from '../describe/type_reader.ts';
import type { Dump } from '../dump.ts';
import { type Classification, classSet, rangeWalker, runWalker } from './classification.ts';
import { classIndex } from './page_class.ts';

/** Tables of the kernel image that describe it, by the symbols at their ends. */
const TABLES: readonly (readonly [string, string])[] = [
  ['__start_BTF', '__stop_BTF'],
  ['__start_orc_unwind', '__stop_orc_unwind'],
  ['__start_orc_unwind_ip', '__stop_orc_unwind_ip'],
  ['orc_lookup', 'orc_lookup_end'],
];
/** Tables of kallsyms in VMCOREINFO; they lie together. */
const KALLSYMS = [
  'kallsyms_offsets',
  'kallsyms_relative_base',
  'kallsyms_num_syms',
  'kallsyms_names',
  'kallsyms_markers',
  'kallsyms_token_table',
  'kallsyms_token_index',
] as const;

/** Where the image is looked for past its last known symbol, in steps of large pages, as far as it is mapped. */
const STEP = 0x20_0000;
const MOST_STEPS = 512;

const DATA = classIndex('kernel data');
const CODE = classIndex('kernel code');
const KERNEL_TABLES = classIndex('kernel tables');
const LOG = classIndex('log');

/** Addresses in the image. */
interface ImageRange {
  readonly start: VirtualAddress;
  readonly end: VirtualAddress;
}

/**
 * Parts of the image that are never given to the allocator, by the symbols at their ends, beside the code. A part of
 * the variables that begin as zeros is: what would have been shared with the host of an encrypted machine.
 */
const PARTS: readonly (readonly [string, string])[] = [
  ['__start_rodata', '__end_rodata'],
  ['_sdata', '_edata'],
];

/**
 * The kernel image: what is reserved and mapped where the kernel is linked to. Memory of its initialisation code
 * that was given to the allocator is mapped there too, and not reserved any more.
 */
export function classifyImage(into: Classification): void {
  const { dump, classes } = into;
  const start = dump.vmcoreinfo.findSymbol('_stext') ?? dump.variable('_stext');
  const end = dump.findVariable('_end') ?? mappedEnd(dump, start);
  const runsAt = runWalker(dump);
  const mark = (ranges: Iterable<ImageRange>, wanted: Uint8Array, value: number) => {
    const replace = classes.replacing(wanted, value);
    for (const range of ranges) for (const run of runsAt(range.start, range.end)) replace(run);
  };
  mark([{ start, end }], classSet('reserved'), DATA);
  keepParts(into, start);
  mark(dump.description.kallsyms.codeRanges(), classSet('kernel data'), CODE);
  mark(tableRanges(dump), classSet('kernel data', 'kernel code'), KERNEL_TABLES);
}

/**
 * Symbols and page tables are two witnesses, which outweigh a memory map that says that a page of the image is
 * another's; `phys_base` must agree with the page tables.
 */
function keepParts({ dump, classes, findings }: Classification, text: VirtualAddress): void {
  const base = dump.vmcoreinfo.findNumber('phys_base');
  if (base === undefined) return;
  const { pageSize } = dump.physical;
  const frameAt = (address: VirtualAddress) => Number(address - KERNEL_MAP + base) / pageSize;
  const framesAt = rangeWalker(dump);
  const image = classSet('kernel data');
  let others = 0;
  const code = dump.description.kallsyms.codeRanges().filter(({ start }) => start === text);
  for (const { start, end } of [...code, ...partsOf(dump, PARTS)]) {
    const first = Math.floor(frameAt(start));
    const last = frameAt(end);
    for (const frame of framesAt(start, end)) {
      if (frame < first || frame >= last || image[classes.get(frame)] === 1) continue;
      classes.set(frame, DATA);
      others++;
    }
  }
  if (others > 0) {
    findings.push(
      `${others} pages of the kernel image are another's by the memory map, and kept all the same`,
    );
  }
}

function mappedEnd(dump: Dump, start: VirtualAddress): VirtualAddress {
  let steps = 1;
  while (steps < MOST_STEPS && dump.memory.translate(addTo(start, steps * STEP)) !== undefined) steps++;
  return addTo(start, steps * STEP);
}

/** Ranges between symbols of which the kernel names both. */
function partsOf(dump: Dump, names: readonly (readonly [string, string])[]): ImageRange[] {
  return names.flatMap(([from, to]) => {
    const start = dump.findVariable(from);
    const end = dump.findVariable(to);
    return start !== undefined && end !== undefined && end > start ? [{ start, end }] : [];
  });
}

function tableRanges(dump: Dump): ImageRange[] {
  const ranges = partsOf(dump, TABLES);
  const parts = KALLSYMS.map((name) => dump.findVariable(name)).filter((at) => at !== undefined);
  const [first] = parts.sort((a, b) => (a < b ? -1 : 1));
  const last = parts.at(-1);
  if (first !== undefined && last !== undefined) {
    ranges.push({ start: first, end: addTo(last, dump.physical.pageSize) });
  }
  return ranges;
}

/**
 * The ring of printk where it was made at boot for `log_buf_len`, or for many CPUs: its text, and its descriptors
 * and records, which are reserved memory like much of less worth. The command line is too.
 */
export function classifyLog({ dump, classes }: Classification): void {
  const { memory, types } = dump;
  const ring = memory.pointer(dump.variable('prb'));
  const field = (path: string) => addTo(ring, types.offsetof('printk_ringbuffer', path));
  const descriptors = 2 ** memory.u32(field('desc_ring.count_bits'));
  const parts: [VirtualAddress, number][] = [
    [memory.pointer(field('text_data_ring.data')), 2 ** memory.u32(field('text_data_ring.size_bits'))],
    [memory.pointer(field('desc_ring.descs')), descriptors * types.sizeof('prb_desc')],
    [memory.pointer(field('desc_ring.infos')), descriptors * types.sizeof('printk_info')],
  ];
  const line = dump.findVariable('saved_command_line');
  if (line !== undefined) parts.push([memory.pointer(line), MOST_COMMAND_LINE]);
  const framesAt = rangeWalker(dump);
  const allowed = classSet('reserved', 'unidentified');
  for (const [start, length] of parts) {
    for (const frame of framesAt(start, start + BigInt(Math.min(length, MOST_LOG)))) {
      if (allowed[classes.get(frame)] === 1) classes.set(frame, LOG);
    }
  }
}

/** `COMMAND_LINE_SIZE` of x86_64. */
const MOST_COMMAND_LINE = 2048;
/** `log_buf_len=` can be 2 GB at most. */
const MOST_LOG = 2 ** 31;

const CAPTURE = classIndex('capture kernel');

const RESOURCE = {
  start: field.number('start'),
  last: field.number('end'),
  name: field.pointer('name'),
  sibling: field.pointer('sibling'),
  child: field.pointer('child'),
};
/** Lines of /proc/iomem. */
const MOST_RESOURCES = 1 << 14;

/**
 * Memory that the capture kernel runs in: the crashed one reserved it and never used it. Only what the memory map
 * says is reserved, or one damaged word would throw the whole dump away.
 */
export function classifyCaptureKernel({ dump, classes }: Classification): void {
  const { pageSize } = dump.physical;
  const replace = classes.replacing(classSet('reserved'), CAPTURE);
  for (const at of captureResources(dump)) {
    const { start, last } = dump.reader('resource', RESOURCE)(at);
    if (last === 0) continue;
    const end = Math.min(Math.floor(last / pageSize) + 1, classes.limit);
    replace({ start: Math.floor(start / pageSize), end });
  }
}

/** By their names; where only code has names, as /proc/iomem finds them. */
function captureResources(dump: Dump): VirtualAddress[] {
  const named = ['crashk_res', 'crashk_low_res'].flatMap((name) => dump.findVariable(name) ?? []);
  const root = named.length > 0 ? undefined : dump.findVariable('iomem_resource');
  if (root === undefined) return named;
  const seen = new Set<VirtualAddress>([root]);
  for (const at of seen) {
    const { name, sibling, child } = dump.reader('resource', RESOURCE)(at);
    if (name !== 0n && dump.memory.cString(name, 32) === 'Crash kernel') named.push(at);
    // A set takes what is added while it is gone through.
    for (const next of [child, sibling]) if (next !== 0n && seen.size < MOST_RESOURCES) seen.add(next);
  }
  return named;
}
