import type { VirtualMemory } from '../arch/virtual_memory.ts';
import { addTo } from '../bytes/address.ts';
import { u8, u16, u32 } from '../bytes/cursor.ts';
import { DumpError } from '../bytes/errors.ts';
import { utf8Text } from '../bytes/text.ts';
import type { Vmcoreinfo } from '../describe/vmcoreinfo.ts';
import { callerName, type LogItem, type LogRecord } from './printk.ts';

/**
 * The record log of kernels 3.11 to 5.9: `struct printk_log` headers, each followed by its text and its
 * dictionary, one after the other in `log_buf`. A header with length 0 means: go on at the start.
 */

/** The largest `log_buf_len=` of a kernel, in bytes. */
const MOST_BYTES = 2 ** 31;
/** Records of 16 bytes in 64 MB. */
const MOST_RECORDS = 1 << 22;

interface Layout {
  readonly header: number;
  readonly nanoseconds: number;
  readonly length: number;
  readonly textLength: number;
  readonly dictionaryLength: number;
}

/** Reads the log from its oldest record to its newest. */
export function* readRecordLog(memory: VirtualMemory, vmcoreinfo: Vmcoreinfo): Generator<LogItem> {
  const layout: Layout = {
    header: vmcoreinfo.size('printk_log'),
    nanoseconds: vmcoreinfo.offset('printk_log.ts_nsec'),
    length: vmcoreinfo.offset('printk_log.len'),
    textLength: vmcoreinfo.offset('printk_log.text_len'),
    dictionaryLength: vmcoreinfo.offset('printk_log.dict_len'),
  };
  const buffer = memory.pointer(vmcoreinfo.symbol('log_buf'));
  const size = memory.u32(vmcoreinfo.symbol('log_buf_len'));
  const end = memory.u32(vmcoreinfo.symbol('log_next_idx'));
  let at = memory.u32(vmcoreinfo.symbol('log_first_idx'));
  if (size > MOST_BYTES || end > size || at > size) {
    throw new DumpError('bad-format', `A log of ${size} bytes that goes from ${at} to ${end}`, {
      size,
      at,
      end,
    });
  }
  let wrapped = at <= end;
  for (let count = 0; at !== end && count < MOST_RECORDS; count++) {
    const header = at + layout.header <= size ? memory.tryRead(addTo(buffer, at), layout.header) : undefined;
    if (header === undefined) {
      // Where the next record starts stands only in this header: what lies between is lost.
      yield { kind: 'gap', records: 1, reason: at + layout.header <= size ? 'absent-memory' : 'damaged' };
      if (wrapped) return;
    }
    const length = header === undefined ? 0 : u16(header, layout.length);
    if (length === 0) {
      if (wrapped && header !== undefined) yield { kind: 'gap', records: 1, reason: 'damaged' };
      if (wrapped) return;
      wrapped = true;
      at = 0;
      continue;
    }
    const body =
      header === undefined ? undefined : memory.tryRead(addTo(buffer, at), Math.min(length, size - at));
    if (header === undefined || body === undefined)
      yield { kind: 'gap', records: 1, reason: 'absent-memory' };
    else if (length < layout.header) yield { kind: 'gap', records: 1, reason: 'damaged' };
    else yield recordOf(body, layout);
    if (length < layout.header) return;
    at += length;
    if (wrapped && at > end) return;
  }
}

function recordOf(body: Uint8Array, layout: Layout): LogRecord | LogItem {
  const textLength = u16(body, layout.textLength);
  const dictionaryLength = u16(body, layout.dictionaryLength);
  const text = layout.header + textLength;
  if (text + dictionaryLength > body.length) return { kind: 'gap', records: 1, reason: 'damaged' };
  return {
    kind: 'record',
    sequence: undefined,
    nanoseconds: u32(body, layout.nanoseconds + 4) * 2 ** 32 + u32(body, layout.nanoseconds),
    // `u8 facility; u8 flags:5; u8 level:3` follow dict_len, and caller_id them where the kernel has
    // PRINTK_CALLER (5.1 and later), which makes the header longer than 16 bytes.
    facility: u8(body, layout.dictionaryLength + 2),
    level: u8(body, layout.dictionaryLength + 3) >> 5,
    caller: layout.header >= 20 ? callerName(u32(body, layout.dictionaryLength + 4)) : undefined,
    bytes: body.subarray(layout.header, text),
    dictionary: dictionaryOf(body.subarray(text, text + dictionaryLength)),
  };
}

/** `KEY=value` strings with NULs between them. */
function dictionaryOf(bytes: Uint8Array): Record<string, string> | undefined {
  if (bytes.length === 0) return undefined;
  const dictionary: Record<string, string> = {};
  for (const entry of utf8Text(bytes).split('\0')) {
    const equals = entry.indexOf('=');
    if (equals > 0) dictionary[entry.slice(0, equals)] = entry.slice(equals + 1);
  }
  return dictionary;
}
