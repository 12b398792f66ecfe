import type { VirtualMemory } from '../arch/virtual_memory.ts';
import { DumpError } from '../bytes/errors.ts';
import { utf8Text } from '../bytes/text.ts';
import type { Vmcoreinfo } from '../describe/vmcoreinfo.ts';
import { readRecordLog } from './printk_record_log.ts';
import { readRing } from './printk_ring.ts';

/** One message of the kernel log. */
export interface LogRecord {
  readonly kind: 'record';
  /** Number of the record since boot; undefined in kernels before 5.10, whose records don't carry it. */
  readonly sequence: number | undefined;
  /** Nanoseconds since boot. */
  readonly nanoseconds: number;
  /** 0 (emergency) to 7 (debug). */
  readonly level: number;
  /** As syslog(3) numbers them: 0 is the kernel, 1 user space. */
  readonly facility: number;
  /** `T` and a thread's number, or `C` and a CPU's outside of threads; undefined where the kernel keeps none. */
  readonly caller: string | undefined;
  /** The message as it stands in the log, without a final newline. */
  readonly bytes: Uint8Array;
  /** What device drivers attach: `SUBSYSTEM`, `DEVICE`. */
  readonly dictionary: Readonly<Record<string, string>> | undefined;
}

/** Why a message of the log is not there. */
export type GapReason =
  /** The kernel crashed while a CPU was still writing it. */
  | 'being-written'
  /** The kernel gave its text space to a later message. */
  | 'text-overwritten'
  /** The descriptor belongs to another record than the one that should be here. */
  | 'wrong-id'
  /** Positions that cannot be. */
  | 'damaged'
  /** The dump has no such memory. */
  | 'absent-memory'
  /** The ring is larger than is read; these are its oldest. */
  | 'too-many';

/** Messages that are not there, in the place where they would be. */
export interface LogGap {
  readonly kind: 'gap';
  /** How many in a row. */
  readonly records: number;
  readonly reason: GapReason;
}

/** What a log is made of. */
export type LogItem = LogRecord | LogGap;

/**
 * The log of the crashed kernel from its oldest message to its newest: the structured ring of 5.10 and later,
 * or the record log of 3.11 to 5.9. Reads as it goes and keeps nothing; ends after at most as many items as
 * the log has places. Throws `not-described` where VMCOREINFO has neither, `absent-memory` and `bad-format`
 * where the log's own head cannot be read.
 */
export function readLog(memory: VirtualMemory, vmcoreinfo: Vmcoreinfo): Generator<LogItem> {
  if (vmcoreinfo.findSymbol('prb') !== undefined) return readRing(memory, vmcoreinfo);
  if (vmcoreinfo.findSymbol('log_first_idx') !== undefined) return readRecordLog(memory, vmcoreinfo);
  throw new DumpError(
    'not-described',
    'VMCOREINFO names neither a printk ring (prb) nor a record log (log_first_idx)',
  );
}

/** A record's message as text; bytes that are no UTF-8 become U+FFFD. */
export function recordText(record: LogRecord): string {
  return utf8Text(record.bytes);
}

/** A caller id as the kernel prints it: `T` and a thread, or `C` and a CPU (`print_caller`, kernel 5.1). */
export function callerName(id: number): string {
  return id >= 0x8000_0000 ? `C${id - 0x8000_0000}` : `T${id}`;
}
