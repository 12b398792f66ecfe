import { checkRange, u32, u64Big } from '../bytes/cursor.ts';
import { DumpError } from '../bytes/errors.ts';
import { NT_PRSTATUS, parseNotes } from '../container/notes.ts';
import type { StackBounds } from '../describe/unwind.ts';
import type { Dump } from '../dump.ts';
import { type Cpu, readCpus } from './cpus.ts';
import { perCpu } from './percpu.ts';
import { taskStackBounds } from './stack_bounds.ts';
import { readTasks } from './tasks.ts';

/** Registers of x86_64, in the order of C `struct user_regs_struct`. */
const NAMES = [
  'r15',
  'r14',
  'r13',
  'r12',
  'bp',
  'bx',
  'r11',
  'r10',
  'r9',
  'r8',
  'ax',
  'cx',
  'dx',
  'si',
  'di',
  'orig_ax',
  'ip',
  'cs',
  'flags',
  'sp',
  'ss',
] as const;

/** The registers of a CPU that a crash tells about. */
export type Registers = Readonly<Record<(typeof NAMES)[number], bigint>>;

/** What a CPU was doing when it was stopped. */
export interface CpuRegisters {
  readonly registers: Registers;
  /** Number of the thread that it ran, by the kernel's note; a virtual machine's host notes something else. */
  readonly pid: number;
  /** Whether user space was interrupted: the registers are a program's. */
  readonly userMode: boolean;
  /** The kernel's own per-CPU note, or one that only the dump file has. */
  readonly source: 'crash_notes' | 'dump file';
}

/** C `struct elf_prstatus`: where `pr_pid` and `pr_reg` are on x86_64. */
const PID_AT = 32;
const REGISTERS_AT = 112;
const PRSTATUS_BYTES = REGISTERS_AT + NAMES.length * 8;

/** The registers of a note `NT_PRSTATUS`. Throws `out-of-bounds` for one that is too short. */
export function parsePrstatus(bytes: Uint8Array): Omit<CpuRegisters, 'source'> {
  checkRange(bytes, 0, PRSTATUS_BYTES);
  const registers = Object.fromEntries(
    NAMES.map((name, n) => [name, u64Big(bytes, REGISTERS_AT + n * 8)]),
  ) as Registers;
  return { registers, pid: u32(bytes, PID_AT), userMode: (registers.cs & 3n) === 3n };
}

/**
 * The registers that CPUs were stopped with, by CPU number; made once for a dump. A CPU that did not answer the
 * crashed one, and every CPU of a dump of a running machine without notes, is missing.
 */
export function readCpuRegisters(dump: Dump): ReadonlyMap<number, CpuRegisters> {
  return dump.once(collectRegisters);
}

function collectRegisters(dump: Dump): Map<number, CpuRegisters> {
  const found = new Map<number, CpuRegisters>();
  for (const { number } of readCpus(dump)) {
    const own = crashNote(dump, number);
    if (own) found.set(number, own);
  }
  if (found.size === 0) assignNotes(dump, found);
  return found;
}

/** `KEXEC_NOTE_BYTES` is some more than this: header, name and descriptor of one note. */
const NOTE_BYTES = 12 + 8 + 336;

/** The note that a stopped CPU leaves for the capture kernel (`crash_save_cpu`). */
function crashNote(dump: Dump, cpu: number): CpuRegisters | undefined {
  try {
    const at = dump.findVariable('crash_notes');
    if (at === undefined) return undefined;
    const notes = dump.memory.pointer(at);
    if (notes === 0n) return undefined;
    for (const note of parseNotes(dump.memory.read(perCpu(dump).pointer(notes, cpu), NOTE_BYTES))) {
      if (note.name === 'CORE' && note.type === NT_PRSTATUS) {
        return { ...parsePrstatus(note.bytes), source: 'crash_notes' };
      }
    }
  } catch (error) {
    if (!(error instanceof DumpError) || error.code === 'io') throw error;
  }
  return undefined;
}

/**
 * Gives the dump file's notes to CPUs. They don't say which CPU they are of: the stack pointer tells, or the
 * thread's number; where there is one for each CPU that is online, their order does.
 */
function assignNotes(dump: Dump, found: Map<number, CpuRegisters>): void {
  const notes: CpuRegisters[] = [];
  for (const { name, type, bytes } of dump.container.notes) {
    if (name !== 'CORE' || type !== NT_PRSTATUS || bytes.length < PRSTATUS_BYTES) continue;
    notes.push({ ...parsePrstatus(bytes), source: 'dump file' });
  }
  const cpus = readCpus(dump).filter(({ online }) => online !== false);
  const inOrder = notes.length === cpus.length;
  notes.forEach((note, n) => {
    const cpu = cpus.find((candidate) => !found.has(candidate.number) && isOf(dump, note, candidate));
    const taken = cpu ?? (inOrder ? cpus[n] : undefined);
    if (taken && !found.has(taken.number)) found.set(taken.number, note);
  });
}

/** Whether a note is of a CPU, as far as the note itself shows. */
function isOf(dump: Dump, { registers, userMode, pid }: CpuRegisters, cpu: Cpu): boolean {
  const current = cpu.current === undefined ? undefined : readTasks(dump).byAddress.get(cpu.current);
  if (!current) return false;
  if (userMode) return pid !== 0 && current.pid === pid;
  const own = taskStackBounds(dump, current.stack);
  const stacks: readonly StackBounds[] = own ? [own, ...cpu.stacks] : cpu.stacks;
  return stacks.some(({ low, high }) => registers.sp >= low && registers.sp < high);
}
