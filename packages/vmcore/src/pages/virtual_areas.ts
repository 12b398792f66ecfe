import { addTo, type VirtualAddress, virtualAddress } from '../bytes/address.ts';
import { u32 } from '../bytes/cursor.ts';
import { field } from '../describe/type_reader.ts';
import type { Dump } from '../dump.ts';
import { attempt } from '../kernel/attempt.ts';
import { readCpus } from '../kernel/cpus.ts';
import { listEntries } from '../kernel/list.ts';
import { perCpu } from '../kernel/percpu.ts';
import { taskStackBounds } from '../kernel/stack_bounds.ts';
import { readTasks } from '../kernel/tasks.ts';
import { type Classification, classSet, rangeWalker } from './classification.ts';
import { classIndex } from './page_class.ts';

const AREA = { start: field.pointer('va_start'), end: field.pointer('va_end'), vm: field.pointer('vm') };
const VM = { flags: field.number('flags'), caller: field.pointer('caller') };
const NODE = { busy: field.address('busy.head') };

/** `VM_IOREMAP`: no memory, but a device. `VM_USERMAP`: made to be mapped by processes. */
const VM_IOREMAP = 1;
const VM_USERMAP = 8;

const MOST_AREAS = 1 << 20;
const MOST_NODES = 1 << 12;
/** A chunk of per-CPU memory has a unit for each CPU. */
const MOST_UNIT = 64 << 20;
/** A large page, in which the unit of a single CPU lies. */
const USUAL_UNIT = 2 << 20;

const VMALLOC = classIndex('vmalloc');
const PER_CPU = classIndex('per-CPU');
const STACK = classIndex('kernel stack');
const MODULE = classIndex('module');
const MAPPED = classIndex('mapped by users');

/** A range of kernel addresses in use. */
interface VirtualArea {
  readonly start: VirtualAddress;
  readonly end: VirtualAddress;
  readonly vm: VirtualAddress;
}

/** What flags leave without a name is vmalloc's where an area maps it; more is known of some areas. */
export function classifyAreas(into: Classification): void {
  const { dump, classes, findings } = into;
  const framesAt = rangeWalker(dump);
  const unnamed = classSet('unidentified');
  const chunks = dump.description.kallsyms.find('pcpu_get_vm_areas').map(({ address }) => address as bigint);
  const { areas, problems } = dump.once(virtualAreas);
  findings.push(...problems);
  for (const { start, end, vm } of areas) {
    attempt(findings, 'An area of vmalloc', () => {
      const { flags, caller } = vm === 0n ? { flags: 0, caller: 0n } : dump.reader('vm_struct', VM)(vm);
      if ((flags & VM_IOREMAP) !== 0) return;
      const value = (flags & VM_USERMAP) !== 0 ? MAPPED : chunks.includes(caller) ? PER_CPU : VMALLOC;
      for (const frame of framesAt(start, end)) {
        if (unnamed[classes.get(frame)] === 1) classes.set(frame, value);
      }
    });
  }
}

/** The areas in use: on a list per node since 6.9 (72210662c5a2), on one list before. */
function virtualAreas(dump: Dump): { areas: readonly VirtualArea[]; problems: readonly string[] } {
  const areas = new Map<VirtualAddress, VirtualArea>();
  const problems: string[] = [];
  let left = MOST_AREAS;
  for (const head of areaLists(dump)) {
    const { entries, problem } = listEntries(dump, head, 'vmap_area', 'list', left);
    if (problem !== undefined) problems.push(problem);
    left -= entries.length;
    for (const at of entries) {
      const area = attempt(problems, 'An area of vmalloc', () => dump.reader('vmap_area', AREA)(at));
      if (area !== undefined) areas.set(at, area);
    }
    if (left <= 0) break;
  }
  return { areas: [...areas.values()].sort((a, b) => (a.start < b.start ? -1 : 1)), problems };
}

/** Whether one area holds `[low, high)`; `areas` ascend. */
function isInArea(areas: readonly VirtualArea[], low: bigint, high: bigint): boolean {
  let first = 0;
  let end = areas.length;
  while (first < end) {
    const middle = (first + end) >>> 1;
    if ((areas[middle] as VirtualArea).start <= low) first = middle + 1;
    else end = middle;
  }
  const area = areas[first - 1];
  return area !== undefined && high <= area.end;
}

function areaLists(dump: Dump): VirtualAddress[] {
  const list = dump.findVariable('vmap_area_list');
  if (list !== undefined) return [list];
  const nodes = dump.memory.pointer(dump.variable('vmap_nodes'));
  const count = Math.min(dump.memory.u32(dump.variable('nr_vmap_nodes')), MOST_NODES);
  const size = dump.types.sizeof('struct vmap_node');
  return Array.from({ length: count }, (_, n) => dump.reader('vmap_node', NODE)(addTo(nodes, n * size)).busy);
}

/** The units of the first chunk of per-CPU memory: static variables, and the first that were made at run time. */
export function classifyFirstChunk({ dump, classes }: Classification): void {
  const framesAt = rangeWalker(dump);
  const allowed = classSet('reserved');
  const { units, size } = firstChunk(dump);
  for (const unit of units) {
    // What a unit had too much of went to the allocator.
    for (const frame of framesAt(unit, unit + BigInt(size))) {
      if (allowed[classes.get(frame)] === 1) classes.set(frame, PER_CPU);
    }
  }
}

function firstChunk(dump: Dump): { units: VirtualAddress[]; size: number } {
  const { memory } = dump;
  const { possible } = perCpu(dump);
  const named = dump.findVariable('pcpu_base_addr');
  if (named !== undefined) {
    const base = memory.pointer(named);
    const offsets = memory.pointer(dump.variable('pcpu_unit_offsets'));
    const size = Math.min(memory.u32(dump.variable('pcpu_unit_size')), MOST_UNIT);
    return { units: possible.map((cpu) => addTo(base, memory.u64(addTo(offsets, cpu * 8)))), size };
  }
  // Where only code has names: static variables lie at the start of a unit, and units lie side by side.
  const start = dump.findVariable('__per_cpu_start') ?? virtualAddress(0n);
  const units = possible.map((cpu) => perCpu(dump).pointer(start, cpu)).sort((a, b) => (a < b ? -1 : 1));
  const gaps = units.slice(1).map((unit, n) => Number(unit - (units[n] ?? unit)));
  return { units, size: Math.min(...gaps.filter((gap) => gap > 0), USUAL_UNIT) };
}

/** What the kernel writes to the end of every task's stack. */
const STACK_END_MAGIC = 0x57ac_6e9d;

/**
 * Stacks of tasks and CPUs. The task and the area of its stack, or the mark at its end, are two witnesses, which
 * outweigh a memory map that says the page is another's.
 */
export function classifyStacks(into: Classification): void {
  const { dump, classes, findings } = into;
  attempt(findings, 'Stacks of tasks', () => classifyTaskStacks(into));
  const framesAt = rangeWalker(dump);
  const shared = classSet('vmalloc', 'unidentified', 'reserved', 'kernel data', 'per-CPU');
  const cpus = attempt(findings, 'Stacks of CPUs', () => readCpus(dump)) ?? [];
  for (const { low, high } of cpus.flatMap((cpu) => cpu.stacks)) {
    for (const frame of framesAt(low, high)) {
      if (shared[classes.get(frame)] === 1) classes.set(frame, STACK);
    }
  }
}

function classifyTaskStacks({ dump, classes, findings }: Classification): void {
  const framesAt = rangeWalker(dump);
  const usual = classSet('vmalloc', 'unidentified', 'reserved', 'kernel data', 'kernel stack');
  const certain = classSet('vmalloc', 'reserved', 'kernel data', 'kernel stack');
  const areas = attempt(findings, 'Areas of stacks', () => dump.once(virtualAreas).areas) ?? [];
  let others = 0;
  let doubtful = 0;
  for (const { stack } of readTasks(dump).tasks) {
    const bounds = taskStackBounds(dump, stack);
    if (bounds === undefined) continue;
    const { low, high } = bounds;
    const witnessed = isInArea(areas, low, high) || hasEndMark(dump, stack);
    for (const frame of framesAt(low, high)) {
      const value = classes.get(frame);
      if (!witnessed && certain[value] === 0) doubtful++;
      else {
        if (usual[value] === 0) others++;
        classes.set(frame, STACK);
      }
    }
  }
  if (others > 0) findings.push(`${others} pages of kernel stacks are another's by the memory map`);
  if (doubtful > 0)
    findings.push(`${doubtful} pages are a kernel stack by a task alone, and not kept for that`);
}

function hasEndMark(dump: Dump, stack: VirtualAddress): boolean {
  const bytes = dump.memory.tryRead(stack, 4);
  return bytes !== undefined && u32(bytes, 0) === STACK_END_MAGIC;
}

/** Code and data of loaded modules. */
export function classifyModules({ dump, classes, findings }: Classification): void {
  const framesAt = rangeWalker(dump);
  const allowed = classSet('vmalloc', 'unidentified');
  for (const { name, regions } of dump.loadedModules.modules) {
    attempt(findings, `The module ${name}`, () => {
      for (const frame of regions.flatMap(({ start, end }) => [...framesAt(start, end)])) {
        if (allowed[classes.get(frame)] === 1) classes.set(frame, MODULE);
      }
    });
  }
}
