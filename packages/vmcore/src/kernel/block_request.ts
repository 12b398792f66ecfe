import { addTo, type VirtualAddress } from '../bytes/address.ts';
import { i64Big, u64Big } from '../bytes/cursor.ts';
import { field } from '../describe/type_reader.ts';
import type { Dump } from '../dump.ts';
import { attempt } from './attempt.ts';
import { perCpu } from './percpu.ts';
import { xarrayEntries } from './xarray.ts';

/** A request that a driver has not finished (C `struct request`). */
export interface BlockRequest {
  readonly address: VirtualAddress;
  /** `read`, `write`, `flush`, `discard`, or the number of another operation. */
  readonly operation: string;
  /** First byte on the disk, and bytes from there. */
  readonly startBytes: number;
  readonly bytes: number;
  /** `CLOCK_MONOTONIC` when it was made and when the driver got it; 0 where the kernel did not note it. */
  readonly startedNanoseconds: bigint;
  readonly issuedNanoseconds: bigint;
  /** Whether the kernel's own statistics count it: not the driver's own commands. */
  readonly accounted: boolean;
}

const QUEUE = { queues: field.address('hctx_table') };
/** Up to v5.17 (4e5cc99e1e48 replaced it), and again in 7.2. */
const QUEUE_WITH_ARRAY = { queues: field.pointer('queue_hw_ctx'), count: field.number('nr_hw_queues') };
const HARDWARE_QUEUE = { tags: field.pointer('tags') };
const TAGS = { count: field.number('nr_tags'), requests: field.pointer('rqs') };
const REQUEST = {
  queue: field.pointer('q'),
  flags: field.number('cmd_flags'),
  tag: field.number('tag'),
  bytes: field.number('__data_len'),
  sector: field.big('__sector'),
  part: field.pointer('part'),
  started: field.big('start_time_ns'),
  issued: field.big('io_start_time_ns'),
  state: field.number('state'),
};
const STATS = { reads: field.address('in_flight') };

const SECTOR = 512;
const OPERATION_MASK = 0xff;
/** `enum req_op`, whose numbers are the same in every kernel. */
const OPERATIONS: Readonly<Record<number, string>> = {
  0: 'read',
  1: 'write',
  2: 'flush',
  3: 'discard',
  5: 'secure erase',
  9: 'write zeroes',
  34: 'driver in',
  35: 'driver out',
};
/** `MQ_RQ_IN_FLIGHT`. */
const IN_FLIGHT = 1;

const MOST_QUEUES = 1 << 14;
/** `BLK_MQ_MAX_DEPTH`. */
const MOST_TAGS = 10_240;
const MOST_REQUESTS = 1 << 16;

/** Requests of a queue that its driver has, the oldest first. Throws what reading memory throws. */
export function requestsInFlight(dump: Dump, queue: VirtualAddress, problems: string[]): BlockRequest[] {
  const found = new Map<VirtualAddress, BlockRequest>();
  const seen = new Set<VirtualAddress>();
  for (const entry of hardwareQueues(dump, queue, problems)) {
    attempt(problems, 'Hardware queue', () => {
      const { tags } = dump.reader('blk_mq_hw_ctx', HARDWARE_QUEUE)(entry);
      // Queues may share their tags, and a queue without CPUs has none.
      if (tags === 0n || seen.has(tags)) return;
      seen.add(tags);
      addRequests(dump, queue, tags, found, problems);
    });
  }
  return [...found.values()].sort((a, b) => Number(a.startedNanoseconds - b.startedNanoseconds));
}

function hardwareQueues(dump: Dump, queue: VirtualAddress, problems: string[]): VirtualAddress[] {
  if (dump.types.has('request_queue', 'queue_hw_ctx')) {
    const { queues, count } = dump.reader('request_queue', QUEUE_WITH_ARRAY)(queue);
    if (queues === 0n) return [];
    const wanted = Math.min(count, MOST_QUEUES);
    if (count > wanted) problems.push(`A queue of ${count} hardware queues: the first ${wanted} are read`);
    const pointers = dump.memory.read(queues, wanted * 8);
    return Array.from({ length: wanted }, (_, n) => u64Big(pointers, n * 8) as VirtualAddress);
  }
  const table = dump.reader('request_queue', QUEUE)(queue).queues;
  const { entries, problem } = xarrayEntries(dump, table, MOST_QUEUES);
  if (problem !== undefined) problems.push(problem);
  return entries.map(({ entry }) => entry);
}

function addRequests(
  dump: Dump,
  queue: VirtualAddress,
  tags: VirtualAddress,
  found: Map<VirtualAddress, BlockRequest>,
  problems: string[],
): void {
  const { count, requests } = dump.reader('blk_mq_tags', TAGS)(tags);
  if (requests === 0n) return;
  const depth = Math.min(count, MOST_TAGS);
  const pointers = dump.memory.read(requests, depth * 8);
  for (let tag = 0; tag < depth && found.size < MOST_REQUESTS; tag++) {
    const at = u64Big(pointers, tag * 8) as VirtualAddress;
    if (at === 0n) continue;
    const request = attempt(problems, 'Request', () => readRequest(dump, queue, at, tag));
    if (request) found.set(at, request);
  }
}

/** The table keeps requests that have ended: only one that says it is this queue's and under way counts. */
function readRequest(
  dump: Dump,
  queue: VirtualAddress,
  at: VirtualAddress,
  tag: number,
): BlockRequest | undefined {
  const request = dump.reader('request', REQUEST)(at);
  if (request.queue !== queue || request.state !== IN_FLIGHT || request.tag !== tag) return undefined;
  const operation = request.flags & OPERATION_MASK;
  return {
    address: at,
    operation: OPERATIONS[operation] ?? `operation ${operation}`,
    // A flush has no place: its sector is all ones.
    startBytes: BigInt.asIntN(64, request.sector) < 0n ? 0 : Number(request.sector) * SECTOR,
    bytes: request.bytes,
    startedNanoseconds: request.started,
    issuedNanoseconds: request.issued,
    accounted: request.part !== 0n,
  };
}

/** I/O under way on a device that passes bios on (`part_in_flight`). Throws what reading memory throws. */
export function bioInFlight(dump: Dump, stats: VirtualAddress): number {
  let sum = 0n;
  for (const cpu of perCpu(dump).possible) {
    const { reads } = dump.reader('disk_stats', STATS)(perCpu(dump).pointer(stats, cpu));
    const bytes = dump.memory.read(addTo(reads, 0), 16);
    sum += i64Big(bytes, 0) + i64Big(bytes, 8);
  }
  return Math.max(Number(sum), 0);
}
