// What the crash utility prints, as data.

/** Reads `sys`: its values by name (`RELEASE`, `PANIC` …), as printed. */
export function parseSys(text: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, name, value] = /^ *([A-Z][A-Z ]*[A-Z]): (.*)$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) values.set(name, value.trimEnd());
  }
  return values;
}

export interface CrashFrame {
  /** `exception` is the place of an `[exception RIP: …]` line, `frame` a numbered line. */
  readonly kind: 'exception' | 'frame';
  readonly symbol: string;
  readonly offset: number;
  /** Whether a line such as `--- <IRQ stack> ---` stands just before it. */
  readonly afterSwitch: boolean;
}

export interface Backtrace {
  readonly pid: number;
  readonly cpu: number;
  readonly command: string;
  /** Innermost first. */
  readonly frames: readonly CrashFrame[];
  /** The instruction pointer of the register block that user space left, if there is one. */
  readonly userAddress: bigint | null;
  /** Lines that are none of the forms known here. */
  readonly unknown: readonly string[];
}

const HEADER = /^PID: (\d+) +TASK: [0-9a-f]+ +CPU: (\d+) +COMMAND: "(.*)"$/;
const NUMBERED = /^ *#\d+ \[[0-9a-f]+\] (\S+?)\+(0x[0-9a-f]+|\d+) at [0-9a-f]+(?: \[\S+\])?$/;
const EXCEPTION = /^ +\[exception RIP: (?:(\S+?)\+(0x[0-9a-f]+|\d+)|(.*))\]$/;
const SWITCH = /^--- <.*> ---$/;
const REGISTERS = /^ +(?:RIP|RAX|RDX|RBP|R10|R13|ORIG_RAX): /;

/** Reads `bt -s` of one task; null where there is no backtrace in the text. */
export function parseBacktrace(text: string): Backtrace | null {
  const lines = text.split('\n');
  const start = lines.findIndex((line) => HEADER.test(line));
  const [, pid, cpu, command] = HEADER.exec(lines[start] ?? '') ?? [];
  if (command === undefined) return null;
  const frames: CrashFrame[] = [];
  const unknown: string[] = [];
  let instruction: bigint | null = null;
  let userAddress: bigint | null = null;
  let afterSwitch = false;
  for (const line of lines.slice(start + 1)) {
    const read = frameOf(line, afterSwitch);
    if (read !== null) {
      frames.push(read);
      afterSwitch = false;
    } else if (SWITCH.test(line)) afterSwitch = true;
    else if (REGISTERS.test(line)) {
      instruction = hexadecimal(/\bRIP: ([0-9a-f]+)/.exec(line)) ?? instruction;
      if (/\bCS: 0033\b/.test(line)) userAddress = instruction;
    } else if (line.trim() !== '') unknown.push(line.trim());
  }
  return { pid: Number(pid), cpu: Number(cpu), command, frames, userAddress, unknown };
}

function frameOf(line: string, afterSwitch: boolean): CrashFrame | null {
  const numbered = NUMBERED.exec(line);
  const [, symbol, offset, other] = numbered ?? EXCEPTION.exec(line) ?? [];
  const kind = numbered === null ? 'exception' : 'frame';
  if (symbol !== undefined) return { kind, symbol, offset: Number(offset), afterSwitch };
  return other === undefined ? null : { kind, symbol: other, offset: 0, afterSwitch };
}

function hexadecimal(match: RegExpExecArray | null): bigint | null {
  return match?.[1] === undefined ? null : BigInt(`0x${match[1]}`);
}
