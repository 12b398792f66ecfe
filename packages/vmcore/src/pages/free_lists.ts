import { addTo, type Frame, type VirtualAddress } from '../bytes/address.ts';
import { sizeOfType } from '../describe/type_layout.ts';
import { field } from '../describe/type_reader.ts';
import type { Dump } from '../dump.ts';
import { attempt } from '../kernel/attempt.ts';
import { listNodes } from '../kernel/list.ts';
import { perCpu } from '../kernel/percpu.ts';
import { type Classification, frameOfPage } from './classification.ts';
import { classIndex } from './page_class.ts';

const NODE = { zoneCount: field.number('nr_zones'), zones: field.address('node_zones') };
const ZONE = { pages: field.pointer('per_cpu_pageset') };

const MOST_NODES = 1024;
const MOST_ZONES = 8;
const MOST_PAGES = 1 << 20;
/** Orders of pages on the lists; those of huge pages come behind. */
const LOW_ORDERS = 4;
const HUGE_ORDER = 9;

const FREE_ON_CPU = classIndex('free on a CPU');
const UNIDENTIFIED = classIndex('unidentified');

/**
 * Pages that CPUs keep for themselves: free, but nothing in their struct pages says so. They would not be kept
 * without this either; it gives them their name.
 */
export function classifyPerCpuFree(into: Classification): void {
  const { dump, findings } = into;
  // All lists together, since damaged ones can lead into one another.
  let left = MOST_PAGES;
  for (const lists of perCpuLists(dump, findings)) {
    for (const { head, order } of lists) {
      const { nodes, problem } = listNodes(dump.memory, head, left);
      left -= nodes.length;
      if (problem !== undefined) findings.push(`Free pages of a CPU: ${problem}`);
      const lru = dump.types.offsetof('page', 'lru');
      for (const node of nodes) {
        const frame = frameOfPage(into, addTo(node, -lru));
        if (frame !== undefined) markFree(into, frame, order);
      }
    }
  }
}

function markFree({ classes }: Classification, frame: Frame, order: number): void {
  for (let n = 0; n < 2 ** order; n++) {
    if (classes.get(frame + n) === UNIDENTIFIED) classes.set(frame + n, FREE_ON_CPU);
  }
}

interface FreeList {
  readonly head: VirtualAddress;
  readonly order: number;
}

function perCpuLists(dump: Dump, findings: string[]): FreeList[][] {
  const { types } = dump;
  const zoneSize = types.sizeof('struct zone');
  // One list for each kind of mobility, times the orders since 5.14 (44042b449872).
  const kinds = types.findEnumerator('migratetype', 'MIGRATE_PCPTYPES') ?? 3;
  const lists = types.place('per_cpu_pages', 'lists');
  const count = Math.min(sizeOfType(types.btf, lists.type) / 16, 64);
  const found: FreeList[][] = [];
  const seen = new Set<VirtualAddress>();
  for (const node of nodes(dump)) {
    const { zoneCount, zones } = dump.reader('pglist_data', NODE)(node);
    for (let n = 0; n < Math.min(zoneCount, MOST_ZONES); n++) {
      const { pages } = dump.reader('zone', ZONE)(addTo(zones, n * zoneSize));
      for (const cpu of perCpu(dump).possible) {
        const at = attempt(findings, 'Free pages of a CPU', () => perCpu(dump).pointer(pages, cpu));
        if (at === undefined || seen.has(at)) continue;
        seen.add(at);
        const first = addTo(at, lists.bitOffset / 8);
        found.push(
          Array.from({ length: count }, (_, list) => {
            const order = Math.floor(list / kinds);
            return { head: addTo(first, list * 16), order: order < LOW_ORDERS ? order : HUGE_ORDER };
          }),
        );
      }
    }
  }
  return found;
}

function nodes(dump: Dump): VirtualAddress[] {
  const table = dump.findVariable('node_data');
  if (table === undefined) return [dump.variable('contig_page_data')];
  const length = Math.min(dump.vmcoreinfo.findLength('node_data') ?? 1, MOST_NODES);
  const found = Array.from({ length }, (_, n) => dump.memory.pointer(addTo(table, n * 8)));
  return [...new Set(found)].filter((at) => at !== 0n);
}
