import { addTo, type VirtualAddress } from '../bytes/address.ts';
import { i64Big, u64Big } from '../bytes/cursor.ts';
import type { EnumType } from '../describe/btf_type.ts';
import { field } from '../describe/type_reader.ts';
import type { Dump } from '../dump.ts';
import { attempt } from './attempt.ts';
import { perCpu } from './percpu.ts';

/** Counters of memory management by the kernel's own names (`NR_FREE_PAGES`); pages unless the name says else. */
export type Counters = ReadonlyMap<string, number>;

/** A zone of a memory node (C `struct zone`). Pages. */
export interface Zone {
  readonly node: number;
  /** `DMA`, `DMA32`, `Normal`, `Movable`, `Device`. */
  readonly name: string;
  /** Pages that the allocator manages. */
  readonly managed: number;
  readonly present: number;
  readonly spanned: number;
  /** Those set aside for large devices' buffers; undefined in kernels without `CONFIG_CMA`. */
  readonly cma: number | undefined;
  /** Below `min` only the kernel's emergencies get pages; below `low` reclaim wakes, up to `high`. */
  readonly min: number;
  readonly low: number;
  readonly high: number;
  readonly counters: Counters;
  /** Free pages that CPUs keep for themselves, not counted as free. */
  readonly onCpus: number;
}

/** A memory node (C `pg_data_t`). */
export interface MemoryNode {
  readonly number: number;
  readonly zones: readonly Zone[];
  readonly counters: Counters;
  /** Pages that are kept back from user space (`totalreserve_pages`). */
  readonly reserved: number;
}

const NODE = {
  number: field.number('node_id'),
  reserved: field.number('totalreserve_pages'),
  perCpu: field.pointer('per_cpu_nodestats'),
  counters: field.address('vm_stat'),
  zoneCount: field.number('nr_zones'),
  zones: field.address('node_zones'),
};
const ZONE = {
  name: field.pointer('name'),
  managed: field.number('managed_pages.counter', 'managed_pages'),
  present: field.number('present_pages'),
  spanned: field.number('spanned_pages'),
  cma: field.optional(field.number('cma_pages')),
  watermarks: field.bytes('_watermark'),
  boost: field.number('watermark_boost'),
  perCpuStat: field.pointer('per_cpu_zonestats'),
  perCpuPages: field.pointer('per_cpu_pageset'),
  counters: field.address('vm_stat'),
};
const PER_CPU_PAGES = { count: field.number('count') };

/** A node has as many zones as `enum zone_type` has values: six at most. */
const MOST_ZONES = 8;
const MOST_NODES = 1024;

/**
 * All memory nodes with their zones and counters. What the CPUs have counted and not yet added (up to 125 a
 * counter and CPU) is in the counters, unlike in /proc/meminfo. Nodes and zones that cannot be read are left
 * out, with a problem each.
 */
export function readNodes(dump: Dump, problems: string[]): MemoryNode[] {
  const nodes: MemoryNode[] = [];
  for (const at of attempt(problems, 'Memory nodes', () => nodeAddresses(dump)) ?? []) {
    const node = attempt(problems, 'Memory node', () => readNode(dump, at, problems));
    if (node) nodes.push(node);
  }
  return nodes;
}

/** `node_data` with NUMA, `contig_page_data` without. */
function nodeAddresses(dump: Dump): VirtualAddress[] {
  const table = dump.findVariable('node_data');
  if (table === undefined) return [dump.variable('contig_page_data')];
  const length = Math.min(dump.vmcoreinfo.findLength('node_data') ?? 1, MOST_NODES);
  const bytes = dump.memory.read(table, length * 8);
  const found: VirtualAddress[] = [];
  for (let n = 0; n < length; n++) {
    const at = u64Big(bytes, n * 8) as VirtualAddress;
    if (at !== 0n) found.push(at);
  }
  return found;
}

function readNode(dump: Dump, at: VirtualAddress, problems: string[]): MemoryNode {
  const node = dump.reader('pglist_data', NODE)(at);
  const counters = readCounters(dump, {
    items: 'node_stat_item',
    end: 'NR_VM_NODE_STAT_ITEMS',
    at: node.counters,
    perCpu: node.perCpu,
    perCpuOffset: dump.types.offsetof('per_cpu_nodestat', 'vm_node_stat_diff'),
  });
  const zones: Zone[] = [];
  const size = dump.types.sizeof('struct zone');
  for (let n = 0; n < Math.min(node.zoneCount, MOST_ZONES); n++) {
    const zone = attempt(problems, `Zone ${n} of node ${node.number}`, () =>
      readZone(dump, addTo(node.zones, n * size), node.number),
    );
    if (zone) zones.push(zone);
  }
  return { number: node.number, zones, counters, reserved: node.reserved };
}

function readZone(dump: Dump, at: VirtualAddress, node: number): Zone {
  const zone = dump.reader('zone', ZONE)(at);
  const counters = readCounters(dump, {
    items: 'zone_stat_item',
    end: 'NR_VM_ZONE_STAT_ITEMS',
    at: zone.counters,
    perCpu: zone.perCpuStat,
    perCpuOffset: dump.types.offsetof('per_cpu_zonestat', 'vm_stat_diff'),
  });
  const watermark = (n: number) => Number(u64Big(zone.watermarks, n * 8)) + zone.boost;
  let onCpus = 0;
  for (const cpu of perCpu(dump).possible) {
    onCpus += dump.reader('per_cpu_pages', PER_CPU_PAGES)(perCpu(dump).pointer(zone.perCpuPages, cpu)).count;
  }
  return {
    node,
    name: dump.memory.cString(zone.name, 16),
    managed: zone.managed,
    present: zone.present,
    spanned: zone.spanned,
    cma: zone.cma,
    min: watermark(0),
    low: watermark(1),
    high: watermark(2),
    counters,
    onCpus,
  };
}

/** Where an array of counters lies, and what its elements are. */
interface CounterArray {
  /** The enum that numbers them, and its last value. */
  readonly items: string;
  readonly end: string;
  readonly at: VirtualAddress;
  /** `__percpu` pointer to a struct with what each CPU has not added yet (C `s8[]`), and where in it. */
  readonly perCpu: VirtualAddress;
  readonly perCpuOffset: number;
}

function readCounters(dump: Dump, array: CounterArray): Counters {
  const length = dump.types.enumerator(array.items, array.end);
  const bytes = dump.memory.read(array.at, length * 8);
  const sums = Array.from({ length }, (_, n) => Number(i64Big(bytes, n * 8)));
  for (const cpu of perCpu(dump).possible) {
    const diffs = dump.memory.read(
      addTo(perCpu(dump).pointer(array.perCpu, cpu), array.perCpuOffset),
      length,
    );
    for (let n = 0; n < length; n++) sums[n] = (sums[n] ?? 0) + (((diffs[n] ?? 0) << 24) >> 24);
  }
  const type = dump.types.resolve(dump.types.id(`enum ${array.items}`)) as EnumType;
  const counters = new Map<string, number>();
  for (const { name, value } of type.values) {
    const sum = sums[Number(value)];
    // A sum may be below zero for a moment, while one CPU's part of a change is not there yet.
    if (sum !== undefined) counters.set(name, Math.max(sum, 0));
  }
  return counters;
}
