import { addTo, hexAddress, type VirtualAddress } from '../bytes/address.ts';
import { DumpError } from '../bytes/errors.ts';
import type { Symbol as KernelSymbol } from '../describe/symbols.ts';
import { field } from '../describe/type_reader.ts';
import {
  type Frame,
  type StackBounds,
  type UnwindContext,
  type UnwindEnd,
  type UnwindStart,
  unwind,
} from '../describe/unwind.ts';
import type { Dump } from '../dump.ts';
import { type CpuRegisters, readCpuRegisters } from './cpu_registers.ts';
import { type Cpu, readCpus } from './cpus.ts';
import { taskStackBounds } from './stack_bounds.ts';
import type { Task } from './tasks.ts';

/** One function of a task's stack, with its name: what the kernel prints as `symbol+offset/size [module]`. */
export interface StackFrame extends Frame {
  /** Undefined for code that no table names. Of several names at one place the one that the kernel prints. */
  readonly symbol: string | undefined;
  /** Bytes from the symbol's start to the address, and to the symbol's end. */
  readonly offset: number | undefined;
  readonly size: number | undefined;
  /** Undefined for the kernel's own code. */
  readonly module: string | undefined;
}

/** Why a stack ended where it did, beyond what the unwinder says. */
export type StackEnd =
  | UnwindEnd
  /** It ran in user space: its stack in the kernel is empty. */
  | 'user-mode'
  /** It has exited and given its stack back. */
  | 'no-stack'
  /** It ran, and the dump has no registers of its CPU. */
  | 'no-registers';

/** What a task was doing in the kernel. */
export interface TaskStack {
  /** Innermost first. */
  readonly frames: readonly StackFrame[];
  readonly end: StackEnd;
  /** One sentence for people where the stack is not complete. */
  readonly detail: string | undefined;
  /** CPU that it ran on at the crash; undefined for one that was switched out. */
  readonly cpu: number | undefined;
  /** Registers of that CPU when it was stopped. */
  readonly registers: CpuRegisters | undefined;
  /** Address of the C `struct pt_regs` with which it left user space, if that is where the stack ends. */
  readonly userRegisters: VirtualAddress | undefined;
}

/**
 * A task's stack in the kernel: from where the scheduler left it, or for one that ran, from its CPU's registers
 * over the stacks of interrupts and exceptions to its own. Never throws for what the dump holds or lacks, but
 * `not-described` where the kernel tells nothing of its stacks, and `io`.
 */
export function stackOf(dump: Dump, task: Task): TaskStack {
  const cpu = readCpus(dump).find(({ current }) => current === task.address);
  return cpu ? runningStack(dump, task, cpu) : sleepingStack(dump, task);
}

function ended(end: StackEnd, detail: string, cpu?: number, registers?: CpuRegisters): TaskStack {
  return { frames: [], end, detail, cpu, registers, userRegisters: undefined };
}

function runningStack(dump: Dump, task: Task, cpu: Cpu): TaskStack {
  const stopped = readCpuRegisters(dump).get(cpu.number);
  if (!stopped) {
    return ended(
      'no-registers',
      `The dump has no registers of CPU ${cpu.number}, which it ran on`,
      cpu.number,
    );
  }
  if (stopped.userMode) return ended('user-mode', 'It ran in user space', cpu.number, stopped);
  const { registers } = stopped;
  const start: UnwindStart = {
    ip: registers.ip as VirtualAddress,
    sp: registers.sp as VirtualAddress,
    bp: registers.bp,
    regs: { get: (name) => registers[name] },
    from: 'registers',
  };
  const own = taskStackBounds(dump, task.stack);
  const stacks = own ? [own, ...cpu.stacks] : cpu.stacks;
  return walk(dump, stacks, start, cpu.number, stopped);
}

/** What the scheduler pushes before it changes stacks: C `struct inactive_task_frame`. */
const INACTIVE = { bp: field.big('bp'), ip: field.pointer('ret_addr') };

function sleepingStack(dump: Dump, task: Task): TaskStack {
  const own = taskStackBounds(dump, task.stack);
  if (!own) return ended('no-stack', 'It has exited and given its stack back');
  const size = dump.types.sizeof('inactive_task_frame');
  const { stackPointer } = task;
  if (stackPointer < own.low || stackPointer + BigInt(size) > own.high) {
    return ended('off-stack', `Its stack pointer ${hexAddress(stackPointer)} does not lie on its stack`);
  }
  let frame: { bp: bigint; ip: VirtualAddress };
  try {
    frame = dump.reader('inactive_task_frame', INACTIVE)(stackPointer);
  } catch (error) {
    if (!(error instanceof DumpError) || error.code === 'io') throw error;
    return ended('absent-memory', error.message);
  }
  const start: UnwindStart = {
    ip: frame.ip,
    bp: frame.bp,
    sp: addTo(stackPointer, size),
    from: isNewTask(dump, frame.ip) ? 'registers' : 'switch',
  };
  return walk(dump, [own], start);
}

/** A task that never ran starts at the first instruction of `ret_from_fork` (`…_asm` since 6.6), called by none. */
function isNewTask(dump: Dump, ip: VirtualAddress): boolean {
  const symbol = dump.once(codePlaces).symbol(ip);
  return symbol?.offset === 0 && symbol.name.startsWith('ret_from_fork');
}

function walk(
  dump: Dump,
  stacks: readonly StackBounds[],
  start: UnwindStart,
  cpu?: number,
  registers?: CpuRegisters,
): TaskStack {
  const code = dump.once(codePlaces);
  const stackAt = (address: bigint) => stacks.find(({ low, high }) => address >= low && address < high);
  const { frames, end, detail, userRegs } = unwind({ ...code.context, stackAt }, start);
  return {
    frames: frames.map((frame) => named(code, frame)),
    end,
    detail,
    cpu,
    registers,
    userRegisters: userRegs,
  };
}

/** Every member by name: there are tens of thousands of frames, and spreading objects is slow. */
function named(code: CodePlaces, frame: Frame): StackFrame {
  // A return address belongs to what holds the call, the byte before it.
  const call = frame.interrupted ? 0 : 1;
  const symbol = code.symbol(frame.interrupted ? frame.address : addTo(frame.address, -1));
  return {
    address: frame.address,
    symbol: symbol?.name,
    offset: symbol === undefined ? undefined : symbol.offset + call,
    size: symbol?.size,
    module: symbol?.module,
    interrupted: frame.interrupted,
    certainty: frame.certainty,
    origin: frame.origin,
    sp: frame.sp,
    stack: frame.stack,
    regs: frame.regs,
  };
}

/** What is asked about places in code. Thousands of tasks wait at few places: each is looked up once. */
interface CodePlaces {
  /** For the unwinder, with stacks to be filled in. */
  readonly context: UnwindContext;
  symbol(address: bigint): KernelSymbol | undefined;
}

function codePlaces(dump: Dump): CodePlaces {
  const context = dump.description.unwindContext(() => undefined);
  return {
    context: {
      ...context,
      orc: remembered((address) => context.orc(address)),
      isText: remembered((address) => context.isText(address)),
    },
    symbol: remembered((address) => dump.symbols.lookup(address)),
  };
}

/** A function of an address that keeps its answers. Those of a damaged dump's stacks are not without end. */
function remembered<T>(ask: (address: bigint) => T): (address: bigint) => T {
  const known = new Map<bigint, T>();
  return (address) => {
    const answer = known.get(address);
    if (answer !== undefined || known.has(address)) return answer as T;
    const fresh = ask(address);
    if (known.size < MOST_PLACES) known.set(address, fresh);
    return fresh;
  };
}

const MOST_PLACES = 1 << 16;
