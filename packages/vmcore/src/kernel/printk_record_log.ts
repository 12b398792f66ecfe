import type { VirtualMemory } from '../arch/virtual_memory.ts';
import { addTo, type VirtualAddress } from '../bytes/address.ts';
import { u8, u16, u32 } from '../bytes/cursor.ts';
import { DumpError } from '../bytes/errors.ts';
import { utf8Text } from '../bytes/text.ts';
import type { Vmcoreinfo } from '../describe/vmcoreinfo.ts';
import { callerName, type GapReason, type LogItem } from './printk.ts';

/**
 * The record log of kernels 3.11 to 5.9: `struct printk_log` headers, each followed by its text and its
 * dictionary, one after the other in `log_buf`. A header with length 0 means: go on at the start.
 */

/** The largest `log_buf_len=` of a kernel, in bytes. */
const MOST_BYTES = 2 ** 31;
/** As many records as a log of 64 MB can hold. */
const MOST_RECORDS = 1 << 22;

interface RecordLog {
  readonly memory: VirtualMemory;
  readonly buffer: VirtualAddress;
  readonly size: number;
  readonly first: number;
  readonly next: number;
  /** Bytes of a header; what follows are the offsets of its members. */
  readonly header: number;
  readonly nanoseconds: number;
  readonly length: number;
  readonly textLength: number;
  readonly dictionaryLength: number;
}

/** Reads the log from its oldest record to its newest. */
export function* readRecordLog(memory: VirtualMemory, vmcoreinfo: Vmcoreinfo): Generator<LogItem> {
  const log = openLog(memory, vmcoreinfo);
  let at = log.first;
  let wrapped = at <= log.next;
  for (let count = 0; at !== log.next; count++) {
    if (count === MOST_RECORDS) yield gap('too-many');
    if (count === MOST_RECORDS || (wrapped && at > log.next)) return;
    const length = lengthAt(log, at);
    if (length === 0 && !wrapped) {
      wrapped = true;
      at = 0;
    } else if (typeof length === 'string' || length < log.header) {
      // Only this header tells where the next record is; the next place to pick up the thread is the start.
      yield gap(typeof length === 'string' ? length : 'damaged');
      if (wrapped) return;
      wrapped = true;
      at = 0;
    } else {
      yield recordAt(log, at, length);
      at += length;
    }
  }
}

function openLog(memory: VirtualMemory, vmcoreinfo: Vmcoreinfo): RecordLog {
  const log: RecordLog = {
    memory,
    buffer: memory.pointer(vmcoreinfo.symbol('log_buf')),
    size: memory.u32(vmcoreinfo.symbol('log_buf_len')),
    first: memory.u32(vmcoreinfo.symbol('log_first_idx')),
    next: memory.u32(vmcoreinfo.symbol('log_next_idx')),
    header: vmcoreinfo.size('printk_log'),
    nanoseconds: vmcoreinfo.offset('printk_log.ts_nsec'),
    length: vmcoreinfo.offset('printk_log.len'),
    textLength: vmcoreinfo.offset('printk_log.text_len'),
    dictionaryLength: vmcoreinfo.offset('printk_log.dict_len'),
  };
  const { size, first, next } = log;
  if (size > MOST_BYTES || next > size || first > size) {
    const message = `A kernel log of ${size} bytes whose records go from ${first} to ${next}`;
    throw new DumpError('bad-format', message, { size, first, next });
  }
  return log;
}

function lengthAt(log: RecordLog, at: number): number | GapReason {
  if (at + log.header > log.size) return 'damaged';
  const header = log.memory.tryRead(addTo(log.buffer, at), log.header);
  return header === undefined ? 'absent-memory' : u16(header, log.length);
}

function recordAt(log: RecordLog, at: number, length: number): LogItem {
  if (at + length > log.size) return gap('damaged');
  const record = log.memory.tryRead(addTo(log.buffer, at), length);
  if (record === undefined) return gap('absent-memory');
  const textLength = u16(record, log.textLength);
  const dictionaryLength = u16(record, log.dictionaryLength);
  const textEnd = log.header + textLength;
  if (textEnd + dictionaryLength > length) return gap('damaged');
  return {
    kind: 'record',
    sequence: undefined,
    nanoseconds: u32(record, log.nanoseconds + 4) * 2 ** 32 + u32(record, log.nanoseconds),
    // `u8 facility; u8 flags:5; u8 level:3` follow dict_len, and caller_id them where the kernel has
    // PRINTK_CALLER (5.1 and later), which makes the header longer than 16 bytes.
    facility: u8(record, log.dictionaryLength + 2),
    level: u8(record, log.dictionaryLength + 3) >> 5,
    caller: log.header >= 20 ? callerName(u32(record, log.dictionaryLength + 4)) : undefined,
    bytes: record.subarray(log.header, textEnd),
    dictionary: dictionaryOf(record.subarray(textEnd, textEnd + dictionaryLength)),
  };
}

/** `KEY=value` strings with NULs between them. */
function dictionaryOf(bytes: Uint8Array): Record<string, string> | undefined {
  if (bytes.length === 0) return undefined;
  const entries = utf8Text(bytes)
    .split('\0')
    .filter((entry) => entry.includes('='))
    .map((entry): [string, string] => [
      entry.slice(0, entry.indexOf('=')),
      entry.slice(entry.indexOf('=') + 1),
    ]);
  return Object.fromEntries(entries);
}

function gap(reason: GapReason): LogItem {
  return { kind: 'gap', records: 1, reason };
}
