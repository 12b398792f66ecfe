import { orNotDescribed } from '@kcrash/report/explore/symbol_table';
import { hexAddress, type VirtualAddress } from '@kcrash/vmcore/bytes/address';
import { compileNaturalReader } from '@kcrash/vmcore/describe/type_reader';
import type { Dump } from '@kcrash/vmcore/dump';
import type { StackFrame, TaskStack } from '@kcrash/vmcore/kernel/stacks';
import { stackOf } from '@kcrash/vmcore/kernel/stacks';
import type { Task } from '@kcrash/vmcore/kernel/tasks';
import type { Output } from './output.ts';
import { printable } from './printable.ts';
import { bareAddress } from './symbol_line.ts';

/** How crash prints registers: rows of three, by the names that the CPU's makers gave them. */
const REGISTERS: readonly (readonly (readonly [name: string, title: string])[])[] = [
  [
    ['ip', 'RIP'],
    ['sp', 'RSP'],
    ['flags', 'RFLAGS'],
  ],
  [
    ['ax', 'RAX'],
    ['bx', 'RBX'],
    ['cx', 'RCX'],
  ],
  [
    ['dx', 'RDX'],
    ['si', 'RSI'],
    ['di', 'RDI'],
  ],
  [
    ['bp', 'RBP'],
    ['r8', 'R8'],
    ['r9', 'R9'],
  ],
  [
    ['r10', 'R10'],
    ['r11', 'R11'],
    ['r12', 'R12'],
  ],
  [
    ['r13', 'R13'],
    ['r14', 'R14'],
    ['r15', 'R15'],
  ],
  [
    ['orig_ax', 'ORIG_RAX'],
    ['cs', 'CS'],
    ['ss', 'SS'],
  ],
];

type RegisterValues = ReadonlyMap<string, bigint>;

/** One task's stack as crash's `bt` prints it. */
export function printStack(out: Output, dump: Dump, task: Task): void {
  const stack = stackOf(dump, task);
  const cpu = `CPU: ${task.cpu}`.padEnd(8);
  const command = `COMMAND: "${printable(task.comm)}"`;
  const head = `PID: ${String(task.pid).padEnd(8)} TASK: ${bareAddress(task.address)}  ${cpu} ${command}`;
  out.line(out.style('bold', head));
  let on: string | undefined;
  let guessed = false;
  for (const [n, frame] of stack.frames.entries()) {
    if (n > 0 && frame.stack !== on) out.line(`--- <${frame.stack ?? 'unknown'} stack> ---`);
    on = frame.stack;
    guessed ||= frame.certainty === 'guess';
    out.line(frameLine(out, n, frame));
    if (frame.regs !== undefined) printRegisters(out, registersAt(dump, frame.regs));
    else if (n === 0 && stack.registers)
      printRegisters(out, new Map(Object.entries(stack.registers.registers)));
  }
  if (stack.userRegisters !== undefined) {
    out.line('    user space, which it had left with:');
    printRegisters(out, registersAt(dump, stack.userRegisters));
  }
  if (guessed) out.line('    ? = found by no unwind table of the kernel: it may be wrong');
  if (stack.end !== 'complete') out.line(`    the stack ends here: ${stack.detail ?? stack.end}`);
}

function frameLine(out: Output, n: number, frame: StackFrame): string {
  const number = `#${n}`.padStart(3);
  const guess = frame.certainty === 'guess' ? '?' : ' ';
  const place = out.style('cyan', framePlace(frame));
  return `${number}${guess}[${bareAddress(frame.sp)}] ${place} at ${bareAddress(frame.address)}`;
}

/** `schedule+0x12/0x40 [module]`, as the kernel prints a frame. */
function framePlace({ symbol, offset, size, module }: StackFrame): string {
  if (symbol === undefined) return 'unknown';
  const place = `${symbol}+0x${(offset ?? 0).toString(16)}/0x${(size ?? 0).toString(16)}`;
  return module === undefined ? place : `${place} [${module}]`;
}

/** C `struct pt_regs`; undefined where the dump lacks it. */
function registersAt(dump: Dump, address: VirtualAddress): RegisterValues | undefined {
  return orNotDescribed(() => {
    const names = REGISTERS.flat()
      .map(([name]) => name)
      .filter((name) => dump.types.has('struct pt_regs', name));
    const values = compileNaturalReader(dump.types, 'struct pt_regs', names)(dump.memory, address);
    return new Map(Object.entries(values).map(([name, value]) => [name, BigInt(value)]));
  });
}

function printRegisters(out: Output, registers: RegisterValues | undefined): void {
  if (registers === undefined) {
    out.line('    (the dump lacks the registers that were saved here)');
    return;
  }
  for (const row of REGISTERS) {
    const cells = row.map(([name, title]) => {
      const value = registers.get(name);
      return `${title.padStart(8)}: ${value === undefined ? 'unknown'.padEnd(16) : bareAddress(value)}`;
    });
    out.line(cells.join('  '));
  }
}

/** One task's stack as `bt --json` has it. */
export function stackJson(dump: Dump, task: Task) {
  const stack = stackOf(dump, task);
  return {
    pid: task.pid,
    comm: task.comm,
    address: hexAddress(task.address),
    state: task.state.letter,
    cpu: task.cpu,
    running: stack.cpu !== undefined,
    stack: stack.frames.map(frameJson),
    end: stack.end,
    detail: stack.detail,
    registers: registersJson(stack),
  };
}

function frameJson(frame: StackFrame) {
  return {
    address: hexAddress(frame.address),
    symbol: frame.symbol,
    offset: frame.offset,
    size: frame.size,
    module: frame.module,
    certainty: frame.certainty,
    origin: frame.origin,
    sp: hexAddress(frame.sp),
    stack: frame.stack,
  };
}

function registersJson({ registers }: TaskStack): Record<string, string> | undefined {
  if (registers === undefined) return undefined;
  return Object.fromEntries(
    Object.entries(registers.registers).map(([name, value]) => [name, hexAddress(value)]),
  );
}
