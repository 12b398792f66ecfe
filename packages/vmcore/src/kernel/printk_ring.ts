import type { VirtualMemory } from '../arch/virtual_memory.ts';
import { addTo, type VirtualAddress } from '../bytes/address.ts';
import { slice, u8, u16, u32, u64 } from '../bytes/cursor.ts';
import { DumpError } from '../bytes/errors.ts';
import { fieldText } from '../bytes/text.ts';
import type { Vmcoreinfo } from '../describe/vmcoreinfo.ts';
import { callerName, type GapReason, type LogGap, type LogItem, type LogRecord } from './printk.ts';

/**
 * The printk ring of kernel 5.10 and later (`kernel/printk/printk_ringbuffer.h`): descriptors in a ring of
 * their own, each with a `printk_info`, and a ring of text that they point into by logical positions, which
 * only ever grow and are taken modulo the ring's size.
 */

/** `enum desc_state`, the top two bits of `prb_desc.state_var`; the other 62 are the record's id. */
const RESERVED = 0;
const COMMITTED = 1;
const FINALIZED = 2;
const ID_HIGH_MASK = 0x3fff_ffff;
/** A block of text begins with the id of its record (`struct prb_data_block`). */
const BLOCK_HEADER = 8;
/** Both positions of a record without text have this bit (`LPOS_DATALESS`). */
const DATALESS = 1;
/** Position of a record that found no room for its text (`FAILED_LPOS`); an empty message has 3. */
const FAILED_LPOS = 1;
/** As many places as 32 MB of log have, the most that a kernel can be configured to. */
const MOST_RECORDS = 1 << 20;
const MOST_TEXT_BITS = 32;
const TWO_32 = 0x1_0000_0000;

/** A record's id, 62 bits as two halves. */
type Id = readonly [high: number, low: number];

interface Ring {
  readonly count: number;
  readonly descriptors: VirtualAddress;
  readonly infos: VirtualAddress;
  readonly text: VirtualAddress;
  readonly textSize: number;
  readonly head: Id;
  readonly tail: Id;
}

interface Layout {
  readonly descriptor: number;
  readonly state: number;
  readonly begin: number;
  readonly next: number;
  readonly info: number;
  readonly sequence: number;
  readonly nanoseconds: number;
  readonly textLength: number;
  readonly caller: number;
  readonly subsystem: readonly [number, number];
  readonly device: readonly [number, number];
}

/** Reads the ring from its oldest record to its newest. */
export function* readRing(memory: VirtualMemory, vmcoreinfo: Vmcoreinfo): Generator<LogItem> {
  const layout = layoutOf(vmcoreinfo);
  const ring = openRing(memory, vmcoreinfo);
  let length = distance(ring.tail, ring.head) + 1;
  // A tail that is no older record of this ring says nothing: take every place.
  if (length > ring.count) length = ring.count;
  if (length > MOST_RECORDS) {
    yield { kind: 'gap', records: length - MOST_RECORDS, reason: 'too-many' };
    length = MOST_RECORDS;
  }
  let gap: LogGap | undefined;
  for (let back = length - 1; back >= 0; ) {
    const id = stepBack(ring.head, back);
    const item = readRecord(memory, ring, layout, id);
    const records =
      item === 'absent-memory' ? Math.min(back + 1, absentRecords(memory, ring, layout, id)) : 1;
    back -= records;
    if (item === 'unused') continue;
    const isSameGap = gap !== undefined && gap.reason === item;
    if (gap !== undefined && !isSameGap) yield gap;
    if (typeof item !== 'string') yield item;
    gap =
      typeof item !== 'string'
        ? undefined
        : { kind: 'gap', reason: item, records: records + (isSameGap ? (gap?.records ?? 0) : 0) };
  }
  if (gap !== undefined) yield gap;
}

/** How many records from this one on share a page of descriptors that the dump lacks; 1 where it has it. */
function absentRecords(memory: VirtualMemory, ring: Ring, layout: Layout, id: Id): number {
  const place = id[1] % ring.count;
  const address = addTo(ring.descriptors, place * layout.descriptor);
  if (memory.tryRead(address, 1) !== undefined) return 1;
  const { pageSize } = memory.physical;
  const room = pageSize - (Number(address & 0xffffn) % pageSize);
  return Math.min(Math.ceil(room / layout.descriptor), ring.count - place);
}

function layoutOf(vmcoreinfo: Vmcoreinfo): Layout {
  const block = vmcoreinfo.offset('prb_desc.text_blk_lpos');
  const device = vmcoreinfo.offset('printk_info.dev_info');
  return {
    descriptor: vmcoreinfo.size('prb_desc'),
    state: vmcoreinfo.offset('prb_desc.state_var') + vmcoreinfo.offset('atomic_long_t.counter'),
    begin: block + vmcoreinfo.offset('prb_data_blk_lpos.begin'),
    next: block + vmcoreinfo.offset('prb_data_blk_lpos.next'),
    info: vmcoreinfo.size('printk_info'),
    sequence: vmcoreinfo.offset('printk_info.seq'),
    nanoseconds: vmcoreinfo.offset('printk_info.ts_nsec'),
    textLength: vmcoreinfo.offset('printk_info.text_len'),
    caller: vmcoreinfo.offset('printk_info.caller_id'),
    subsystem: [
      device + vmcoreinfo.offset('dev_printk_info.subsystem'),
      vmcoreinfo.length('printk_info_subsystem'),
    ],
    device: [device + vmcoreinfo.offset('dev_printk_info.device'), vmcoreinfo.length('printk_info_device')],
  };
}

function openRing(memory: VirtualMemory, vmcoreinfo: Vmcoreinfo): Ring {
  const base = memory.pointer(vmcoreinfo.symbol('prb'));
  const descriptors = addTo(base, vmcoreinfo.offset('printk_ringbuffer.desc_ring'));
  const text = addTo(base, vmcoreinfo.offset('printk_ringbuffer.text_data_ring'));
  const counter = vmcoreinfo.offset('atomic_long_t.counter');
  const countBits = memory.u32(addTo(descriptors, vmcoreinfo.offset('prb_desc_ring.count_bits')));
  const textBits = memory.u32(addTo(text, vmcoreinfo.offset('prb_data_ring.size_bits')));
  if (countBits > 31 || textBits > MOST_TEXT_BITS) {
    throw new DumpError(
      'bad-format',
      `A printk ring of 2^${countBits} records and 2^${textBits} bytes; at most 2^31 and 2^${MOST_TEXT_BITS} can be`,
      { countBits, textBits },
    );
  }
  const id = (member: string): Id => {
    const bytes = memory.read(addTo(descriptors, vmcoreinfo.offset(member) + counter), 8);
    return [u32(bytes, 4) & ID_HIGH_MASK, u32(bytes, 0)];
  };
  return {
    count: 2 ** countBits,
    descriptors: memory.pointer(addTo(descriptors, vmcoreinfo.offset('prb_desc_ring.descs'))),
    infos: memory.pointer(addTo(descriptors, vmcoreinfo.offset('prb_desc_ring.infos'))),
    text: memory.pointer(addTo(text, vmcoreinfo.offset('prb_data_ring.data'))),
    textSize: 2 ** textBits,
    head: id('prb_desc_ring.head_id'),
    tail: id('prb_desc_ring.tail_id'),
  };
}

function readRecord(
  memory: VirtualMemory,
  ring: Ring,
  layout: Layout,
  id: Id,
): LogRecord | GapReason | 'unused' {
  const place = id[1] % ring.count;
  const descriptor = memory.tryRead(addTo(ring.descriptors, place * layout.descriptor), layout.descriptor);
  if (descriptor === undefined) return 'absent-memory';
  const stateHigh = u32(descriptor, layout.state + 4);
  const state = stateHigh >>> 30;
  if ((stateHigh & ID_HIGH_MASK) !== id[0] || u32(descriptor, layout.state) !== id[1]) {
    // A place that was never used, or that the newest record has not taken over yet.
    return state !== COMMITTED && state !== FINALIZED && state !== RESERVED ? 'unused' : 'wrong-id';
  }
  if (state === RESERVED) return 'being-written';
  if (state !== COMMITTED && state !== FINALIZED) return 'unused';
  const info = memory.tryRead(addTo(ring.infos, place * layout.info), layout.info);
  if (info === undefined) return 'absent-memory';
  const begin = u64Position(descriptor, layout.begin);
  const next = u64Position(descriptor, layout.next);
  const text = readText(memory, ring, id, begin, next, u16(info, layout.textLength));
  return typeof text === 'string' ? text : recordOf(info, layout, text);
}

function recordOf(info: Uint8Array, layout: Layout, bytes: Uint8Array): LogRecord {
  // VMCOREINFO does not tell where facility and level are: in the two bytes between text_len and caller_id,
  // the level in the second one's upper three bits (`u8 flags:5; u8 level:3`).
  const facility = u8(info, layout.textLength + 2);
  const level = u8(info, layout.textLength + 3) >> 5;
  const subsystem = fieldText(slice(info, ...layout.subsystem));
  const device = fieldText(slice(info, ...layout.device));
  return {
    kind: 'record',
    sequence: u64Position(info, layout.sequence),
    nanoseconds: u64Position(info, layout.nanoseconds),
    level,
    facility,
    caller: callerName(u32(info, layout.caller)),
    bytes,
    dictionary:
      subsystem === '' && device === ''
        ? undefined
        : { ...(subsystem && { SUBSYSTEM: subsystem }), ...(device && { DEVICE: device }) },
  };
}

function readText(
  memory: VirtualMemory,
  ring: Ring,
  id: Id,
  begin: number,
  next: number,
  textLength: number,
): Uint8Array | GapReason {
  if (begin % 2 === DATALESS && next % 2 === DATALESS) {
    return begin === FAILED_LPOS && next === FAILED_LPOS ? 'text-overwritten' : new Uint8Array(0);
  }
  const size = ring.textSize;
  const beginLap = Math.floor(begin / size);
  const nextLap = Math.floor(next / size);
  let start = begin % size;
  let length = next - begin;
  if (nextLap === beginLap + 1) {
    // A block that would cross the ring's end lies at its start; kernels that let one end exactly there
    // (since 6.19) have `next` at offset 0.
    const end = next % size;
    if (end === 0) length = size - start;
    else {
      start = 0;
      length = end;
    }
  } else if (nextLap !== beginLap) return 'damaged';
  if (length <= BLOCK_HEADER || start + length > size) return 'damaged';
  const block = memory.tryRead(
    addTo(ring.text, start),
    BLOCK_HEADER + Math.min(textLength, length - BLOCK_HEADER),
  );
  if (block === undefined) return 'absent-memory';
  if ((u32(block, 4) & ID_HIGH_MASK) !== id[0] || u32(block, 0) !== id[1]) return 'text-overwritten';
  return block.subarray(BLOCK_HEADER);
}

/** A counter that no living kernel takes above 2^53; a damaged one may, and only its low bits count then. */
function u64Position(bytes: Uint8Array, at: number): number {
  return u32(bytes, at + 4) < 0x20_0000 ? u64(bytes, at) : u32(bytes, at);
}

/** How many ids `to` is after `from`, in 62 bits. */
function distance(from: Id, to: Id): number {
  const low = to[1] - from[1];
  const high = (to[0] - from[0] - (low < 0 ? 1 : 0)) & ID_HIGH_MASK;
  return high * TWO_32 + (low >>> 0);
}

function stepBack(id: Id, steps: number): [number, number] {
  const low = id[1] - steps;
  return [low < 0 ? (id[0] - 1) & ID_HIGH_MASK : id[0], low >>> 0];
}
