/**
 * Lines of a kernel log as every road delivers them: a dmesg, a serial capture, a syslog file, raw records.
 */

/** `<6>`, `<0>[`, as /proc/kmsg and a raw console prefix a record (facility × 8 + level). */
const LEVEL = /^<\d{1,4}>/;
/** `[    1.234567] `, and `dmesg -T`'s `[Tue Nov 24 21:58:00 2026] `. */
const TIME = /^\[(?: {0,12}\d{1,10}\.\d{3,9}|[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4})\] ?/;
/** CONFIG_PRINTK_CALLER: `[   T12] ` for a task, `[    C0] ` for a processor in interrupt context. */
const CALLER = /^\[ {0,12}([TC]\d{1,10})(?:@[^\]]{1,40})?\] ?/;

/** What a syslog daemon writes before a kernel's message, in the old style and in RFC 3339's. */
const SYSLOG =
  /^(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\S{0,20}) \S{1,64} kernel: /;

/** A line without its carriage return and a syslog daemon's part. */
function bare(line: string): string {
  const whole = line.endsWith('\r') ? line.slice(0, -1) : line;
  return whole.includes(' kernel: ') ? whole.replace(SYSLOG, '') : whole;
}

/** The text of a line without syslog's part, log level, time and caller; a carriage return at the end goes too. */
export function textOf(line: string): string {
  let text = bare(line);
  const first = text.charCodeAt(0);
  if (first !== 0x3c && first !== 0x5b) return text;
  text = text.replace(LEVEL, '');
  const untimed = text.replace(TIME, '');
  return untimed.length === text.length ? text : untimed.replace(CALLER, '');
}

/** What one printk() call put on a line. */
export interface Message {
  readonly text: string;
  /** CONFIG_PRINTK_CALLER's word for the context that printed it (`T12`, `C0`), or null. */
  readonly caller: string | null;
  /** True when a time or a level stood before it: the kernel's own printing. */
  readonly stamped: boolean;
}

/**
 * Where a message begins inside a line: its time, which only the kernel writes so. makedumpfile 1.7.6 puts a blank
 * between time and caller. Some vendors' kernels add
 * processor, task and its number: `[    1.000000]  [2:    kworker/2:1: 1608] `.
 */
const STAMP =
  /(?:<\d{1,4}>)?\[ {0,12}\d{1,10}\.\d{6}\](?: ?\[ {0,12}([TC]\d{1,10})(?:@[^\]]{1,40})?\])?(?: {1,2}\[\d{1,3}: {0,16}[^\]]{1,40}: {0,7}\d{1,7}\])? ?/g;

/**
 * The messages of a line. On a serial console other programs' output and other processors' messages may
 * stand on one line: it is cut wherever a time stamp begins.
 */
export function messagesOf(line: string): Message[] {
  const messages: Message[] = [];
  const whole = bare(line);
  let from = 0;
  let caller: string | null = null;
  for (const stamp of whole.matchAll(STAMP)) {
    if (stamp.index > from)
      messages.push({ text: whole.slice(from, stamp.index), caller, stamped: from > 0 });
    from = stamp.index + stamp[0].length;
    caller = stamp[1] ?? null;
  }
  const text = from === 0 ? textOf(whole) : whole.slice(from);
  messages.push({ text, caller, stamped: text.length < line.length });
  return messages;
}
