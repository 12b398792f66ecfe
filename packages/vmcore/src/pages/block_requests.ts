import { addTo, type VirtualAddress } from '../bytes/address.ts';
import { u64Big } from '../bytes/cursor.ts';
import { field } from '../describe/type_reader.ts';
import type { Dump } from '../dump.ts';
import { attempt } from '../kernel/attempt.ts';
import { readDisks } from '../kernel/block.ts';
import { listNodes } from '../kernel/list.ts';
import { xarrayEntries } from '../kernel/xarray.ts';
import { type Classification, classSet, frameOfPage } from './classification.ts';
import { classIndex } from './page_class.ts';

const REQUESTS = classIndex('block requests');
const MOST_QUEUES = 1 << 14;
const MOST_PAGES = 1 << 16;
/** `max_order` in `blk_mq_alloc_rqs`. */
const MOST_ORDER = 4;

const DISK = { queue: field.pointer('queue') };
const QUEUE = { set: field.pointer('tag_set'), hctxs: field.optional(field.address('hctx_table')) };
const SET = { tags: field.pointer('tags'), count: field.number('nr_hw_queues') };
const HCTX = { scheduled: field.pointer('sched_tags'), tags: field.pointer('tags') };

/** Requests of block devices lie in blocks of pages that are linked by their struct pages. */
export function classifyBlockRequests(into: Classification): void {
  const { dump, findings } = into;
  const seen = new Set<VirtualAddress>();
  for (const { disk } of readDisks(dump).disks) {
    attempt(findings, 'Requests of a disk', () => {
      for (const tags of tagsOf(dump, dump.reader('gendisk', DISK)(disk).queue)) {
        if (tags === 0n || seen.has(tags)) continue;
        seen.add(tags);
        markPages(into, tags);
      }
    });
  }
}

function tagsOf(dump: Dump, queue: VirtualAddress): VirtualAddress[] {
  const { set, hctxs } = dump.reader('request_queue', QUEUE)(queue);
  const found: VirtualAddress[] = [];
  if (set !== 0n) {
    const { tags, count } = dump.reader('blk_mq_tag_set', SET)(set);
    const length = Math.min(count, MOST_QUEUES);
    const bytes = dump.memory.read(tags, length * 8);
    for (let n = 0; n < length; n++) found.push(u64Big(bytes, n * 8) as VirtualAddress);
  }
  if (hctxs === undefined) return found;
  for (const { entry } of xarrayEntries(dump, hctxs, MOST_QUEUES).entries) {
    const { scheduled, tags } = dump.reader('blk_mq_hw_ctx', HCTX)(entry);
    found.push(scheduled, tags);
  }
  return found;
}

function markPages(into: Classification, tags: VirtualAddress): void {
  const { dump, classes, findings } = into;
  const { types, memory } = dump;
  const lru = types.offsetof('page', 'lru');
  const privateAt = types.offsetof('page', 'private');
  const open = classSet('unidentified');
  const head = addTo(tags, types.offsetof('blk_mq_tags', 'page_list'));
  const { nodes, problem } = listNodes(memory, head, MOST_PAGES);
  if (problem !== undefined) findings.push(`Requests of a disk: ${problem}`);
  for (const node of nodes) {
    const page = addTo(node, -lru);
    const frame = frameOfPage(into, page);
    if (frame === undefined) continue;
    const order = Math.min(memory.u32(addTo(page, privateAt)), MOST_ORDER);
    for (let n = 0; n < 2 ** order; n++) {
      if (open[classes.get(frame + n)] === 1) classes.set(frame + n, REQUESTS);
    }
  }
}
