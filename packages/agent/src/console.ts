import { type Port, PortError } from './port.ts';
import { bytesOf } from './text.ts';

export const BEGIN = '>>>>>>>>>> Crashed kernel dmesg BEGIN <<<<<<<<<<';
export const END = '>>>>>>>>>> Crashed kernel dmesg END <<<<<<<<<<';

const KMSG = '/dev/kmsg';
/**
 * devkmsg_write() refuses a record over LOG_LINE_MAX: up to 6.2 that is 1,024 bytes less the longest prefix,
 * which is 32 bytes, or 48 with CONFIG_PRINTK_CALLER as EVE has it. Our level prefix counts.
 */
const RECORD_BYTES = 976;
/** KERN_ALERT: shown on the consoles also under `quiet`. */
const LEVEL = '<1>';

/** A text as records that fit: printable ASCII, at most `RECORD_BYTES` each with the level. */
export function kmsgRecords(line: string): string[] {
  const clean = line.replace(/\t/g, '        ').replace(/[^\x20-\x7e]/g, '?');
  const room = RECORD_BYTES - LEVEL.length - 1;
  const records: string[] = [];
  for (let at = 0; at === 0 || at < clean.length; at += room) {
    records.push(`${LEVEL}${clean.slice(at, at + room)}\n`);
  }
  return records;
}

/** One line on every console, by way of the kernel's log. Opened anew each time: one descriptor is rate-limited. */
export function showLine(port: Port, line: string): void {
  for (const record of kmsgRecords(line)) port.writeOnce(KMSG, bytesOf(record));
}

/** Shows the crashed kernel's last words between the marks, with a pause after each line. Throws at the end where a line was refused. */
export function showPanic(port: Port, lines: readonly string[], pauseSeconds: number): void {
  let refused: PortError | null = null;
  for (const line of [BEGIN, ...lines, END]) {
    try {
      showLine(port, line);
    } catch (error) {
      // A line that is refused must not take those after it along.
      if (!(error instanceof PortError)) throw error;
      refused ??= error;
    }
    if (pauseSeconds > 0) port.sleep(pauseSeconds);
  }
  if (refused !== null) throw refused;
}
