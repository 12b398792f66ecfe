import { asciiText, utf8Text } from '../bytes/text.ts';
import type { LogRecord } from './printk.ts';

/** How a record becomes text. */
export interface LogFormat {
  /**
   * `dump` as `makedumpfile --dump-dmesg` writes it: the further lines of a record indented, whatever is not
   * printable ASCII as `\x..`. `kernel` as `dmesg` prints it: each line with the prefix, the text as it is.
   */
  readonly style: 'dump' | 'kernel';
  /** Show who logged it, where the record has it: what kernels with PRINTK_CALLER and makedumpfile 1.7.6 do. */
  readonly caller: boolean;
}

/** A record as lines of text, each ended by a newline. */
export function formatRecord(record: LogRecord, format: LogFormat): string {
  const prefix = formatPrefix(record, format);
  if (format.style === 'kernel') {
    return utf8Text(record.bytes)
      .split('\n')
      .map((line) => `${prefix}${line}\n`)
      .join('');
  }
  return `${prefix}${escapeText(record.bytes, ' '.repeat(prefix.length))}\n`;
}

function formatPrefix({ nanoseconds, caller }: LogRecord, format: LogFormat): string {
  const seconds = Math.floor(nanoseconds / 1e9);
  const micros = Math.floor((nanoseconds % 1e9) / 1000);
  const time = `[${String(seconds).padStart(5)}.${String(micros).padStart(6, '0')}]`;
  if (!format.caller || caller === undefined) return `${time} `;
  return format.style === 'kernel' ? `${time}[${caller.padStart(6)}] ` : `${time} [${caller.padStart(8)}] `;
}

/** Printable ASCII and white space as they are, newlines with `indent`, the rest as `\x` and two digits. */
function escapeText(bytes: Uint8Array, indent: string): string {
  let text = '';
  let plain = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    if ((byte >= 0x20 && byte < 0x7f) || (byte >= 0x09 && byte <= 0x0d && byte !== 0x0a)) continue;
    text += asciiText(bytes.subarray(plain, at));
    text += byte === 0x0a ? `\n${indent}` : `\\x${byte.toString(16).padStart(2, '0')}`;
    plain = at + 1;
  }
  return text + asciiText(bytes.subarray(plain));
}
