import { asciiText, sequenceLength, utf8Text } from '../bytes/text.ts';
import type { LogRecord } from './printk.ts';

/** How a record becomes text. */
export interface LogFormat {
  /**
   * `dump` as `makedumpfile --dump-dmesg` writes it: further lines of a record are indented, and whatever is
   * not printable ASCII is escaped as `\x..`. `kernel` as `dmesg` prints it: each line with the prefix, UTF-8
   * as it is; escaped are only control characters and bytes that are no UTF-8.
   */
  readonly style: 'dump' | 'kernel';
  /** Show who logged it, where the record has it: what kernels with PRINTK_CALLER and makedumpfile 1.7.6 do. */
  readonly caller: boolean;
}

/** A record as lines of text, each ended by a newline. */
export function formatRecord(record: LogRecord, format: LogFormat): string {
  const prefix = formatPrefix(record, format);
  return format.style === 'kernel'
    ? `${prefix}${escapeText(record.bytes, prefix, true)}\n`
    : `${prefix}${escapeText(record.bytes, ' '.repeat(prefix.length), false)}\n`;
}

/**
 * `[    0.123456] `, with the caller as `[    0.123456][    T1] ` from the kernel and as
 * `[    0.123456] [      T1] ` from makedumpfile.
 */
function formatPrefix({ nanoseconds, caller }: LogRecord, format: LogFormat): string {
  const seconds = Math.floor(nanoseconds / 1e9);
  const micros = Math.floor((nanoseconds % 1e9) / 1000);
  const time = `[${String(seconds).padStart(5)}.${String(micros).padStart(6, '0')}]`;
  if (!format.caller || caller === undefined) return `${time} `;
  return format.style === 'kernel' ? `${time}[${caller.padStart(6)}] ` : `${time} [${caller.padStart(8)}] `;
}

/** Printable text and white space as they are, a newline with `lineStart` after it, other bytes escaped. */
function escapeText(bytes: Uint8Array, lineStart: string, keepUtf8: boolean): string {
  let text = '';
  let at = 0;
  while (at < bytes.length) {
    const end = plainEnd(bytes, at, keepUtf8);
    text += keepUtf8 ? utf8Text(bytes.subarray(at, end)) : asciiText(bytes.subarray(at, end));
    if (end < bytes.length) {
      const byte = bytes[end] as number;
      text += byte === 0x0a ? `\n${lineStart}` : `\\x${byte.toString(16).padStart(2, '0')}`;
    }
    at = end + 1;
  }
  return text;
}

/** Where the run of bytes that need no escape, from `at` on, ends. */
function plainEnd(bytes: Uint8Array, at: number, keepUtf8: boolean): number {
  let end = at;
  while (end < bytes.length) {
    const byte = bytes[end] as number;
    if ((byte >= 0x20 && byte < 0x7f) || (byte >= 0x09 && byte <= 0x0d && byte !== 0x0a)) end++;
    else if (keepUtf8 && byte >= 0x80 && sequenceLength(bytes, end) > 0) end += sequenceLength(bytes, end);
    else break;
  }
  return end;
}
