/**
 * Lines of a kernel log as every road delivers them: a dmesg, a serial capture, a syslog file, raw records.
 */

/** `<6>`, `<0>[`, as /proc/kmsg and a raw console prefix a record (facility × 8 + level). */
const LEVEL = /^<\d{1,4}>/;
/** `[    1.234567] `, and `dmesg -T`'s `[Tue Nov 24 21:58:00 2026] `. */
const TIME = /^\[(?: {0,12}\d{1,10}\.\d{3,9}|[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4})\] ?/;
/** CONFIG_PRINTK_CALLER: `[   T12] ` for a task, `[    C0] ` for a processor in interrupt context. */
const CALLER = /^\[ {0,12}[TC]\d{1,10}(?:@[^\]]{1,40})?\] ?/;

/** The text of a line without log level, time and caller; a carriage return at the end goes too. */
export function textOf(line: string): string {
  let text = line.endsWith('\r') ? line.slice(0, -1) : line;
  const first = text.charCodeAt(0);
  if (first !== 0x3c && first !== 0x5b) return text;
  text = text.replace(LEVEL, '');
  const untimed = text.replace(TIME, '');
  return untimed.length === text.length ? text : untimed.replace(CALLER, '');
}

/** One line of a stack trace. */
export interface Frame {
  readonly symbol: string;
  /** `symbol+0x16/0x20`, as printed; the bare name where the log has no offset. */
  readonly place: string;
  /** False for an address the unwinder marked `?`: it lay on the stack, but no frame led to it. */
  readonly reliable: boolean;
  readonly module: string | null;
}

const FRAME =
  /^\s{0,40}(?:\[<[0-9a-fx]{4,18}>\] ?){0,2}\s{0,4}(\? )?\(?([A-Za-z_.$][\w.$]*)(\+0x[0-9a-f]+\/0x[0-9a-f]+)\)?(?:\s\[([\w-]+)[^\]]*\])?/;

/** The frame a stack trace's line names, or null: `foo+0x16/0x20 [mod]`, ` ? foo+0x1/0x2`, ` [<c0101234>] foo+0x1/0x2`. */
export function frameOf(text: string): Frame | null {
  const match = FRAME.exec(text);
  if (match === null) return null;
  const [, doubtful, symbol = '', offset = '', module] = match;
  return { symbol, place: symbol + offset, reliable: doubtful === undefined, module: module ?? null };
}
