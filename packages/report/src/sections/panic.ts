import { addTo, hexAddress, type VirtualAddress } from '@kcrash/vmcore/bytes/address';
import { field } from '@kcrash/vmcore/describe/type_reader';
import type { Dump } from '@kcrash/vmcore/dump';
import type { Registers } from '@kcrash/vmcore/kernel/cpu_registers';
import { crashedCpu, readCpus } from '@kcrash/vmcore/kernel/cpus';
import type { StackFrame } from '@kcrash/vmcore/kernel/stacks';
import type { CrashText } from '../crash_text.ts';
import type { LoggedCrash, ReportCode, ReportPanic, ReportRegisters } from '../report.ts';
import { type CrashLog, reasonLines } from './crash_log.ts';
import { crashPlace, loggedPlace } from './crash_place.ts';
import type { Problems } from './problems.ts';
import type { TaskStacks } from './tasks.ts';
import { namedTask, orNull, reportFrame, reportFrames, stackEnd } from './words.ts';

/** The crash: what the log says of it, and the state of the CPU that it happened on. */
export function panicSection(
  dump: Dump,
  log: CrashLog,
  { list, stacks }: TaskStacks,
  problems: Problems,
): ReportPanic {
  const found = problems.attempt('panic', 'unknown', () => crashedCpu(dump));
  if (found === undefined) problems.note('panic', 'No CPU had panicked');
  const cpu = typeof found === 'number' ? found : (log.crash?.cpu ?? undefined);
  const current = problems.attempt(
    'panic',
    undefined,
    () => readCpus(dump).find(({ number }) => number === cpu)?.current,
  );
  const stack = current === undefined ? undefined : stacks.get(current);
  const place = stack && crashPlace(stack.frames);
  const saved = place?.regs && problems.attempt('panic', undefined, () => exceptionRegisters(dump, place));
  const stopped = stack?.registers && stopRegisters(stack.registers.registers);
  const ip = saved === undefined ? stack?.registers?.registers.ip : place?.address;
  return {
    message: log.crash?.panic ?? null,
    reason: reasonLines(log),
    logged: log.crash === null ? null : loggedCrash(log.crash),
    cpu: orNull(cpu),
    task: namedTask(list, current),
    at: place === undefined ? null : reportFrame(place),
    registers: saved ?? stopped ?? null,
    registersFrom: registersFrom(stack?.frames[0], place, saved, stopped),
    code: ip === undefined || stack?.registers?.userMode ? null : codeAround(dump, ip as VirtualAddress),
    stack: stack === undefined ? [] : reportFrames(stack),
    stackEnd: stack === undefined ? null : stackEnd(stack),
  };
}

/** An oops hands the registers of its victim on to the capture kernel: then those of the stop are those of the place. */
function registersFrom(
  innermost: StackFrame | undefined,
  place: StackFrame | undefined,
  saved: ReportRegisters | undefined,
  stopped: ReportRegisters | undefined,
): ReportPanic['registersFrom'] {
  if (saved !== undefined) return 'exception';
  if (stopped === undefined) return null;
  return place !== undefined && place === innermost ? 'exception' : 'stop';
}

function loggedCrash({ cpu, pid, comm, rip, trace }: CrashText): LoggedCrash {
  return { cpu, pid, comm, place: rip ?? loggedPlace(trace), stack: trace };
}

/** C `struct pt_regs`, in the order in which the kernel prints registers. */
const PT_REGS = {
  ip: field.big('ip'),
  sp: field.big('sp'),
  flags: field.big('flags'),
  ax: field.big('ax'),
  bx: field.big('bx'),
  cx: field.big('cx'),
  dx: field.big('dx'),
  si: field.big('si'),
  di: field.big('di'),
  bp: field.big('bp'),
  r8: field.big('r8'),
  r9: field.big('r9'),
  r10: field.big('r10'),
  r11: field.big('r11'),
  r12: field.big('r12'),
  r13: field.big('r13'),
  r14: field.big('r14'),
  r15: field.big('r15'),
  orig_ax: field.big('orig_ax'),
  cs: field.big('cs'),
  ss: field.big('ss'),
};

function exceptionRegisters(dump: Dump, { regs }: StackFrame): ReportRegisters | undefined {
  return regs === undefined ? undefined : inOrder(dump.reader('pt_regs', PT_REGS)(regs));
}

/** The registers that a CPU was stopped with. */
export function stopRegisters(registers: Registers): ReportRegisters {
  return inOrder(registers);
}

function inOrder(registers: Readonly<Record<keyof typeof PT_REGS, bigint>>): ReportRegisters {
  return Object.fromEntries(
    (Object.keys(PT_REGS) as (keyof typeof PT_REGS)[]).map((name) => [name, hexAddress(registers[name])]),
  );
}

/** As many bytes as the kernel prints: 42 before the instruction, and 22 from there on. */
const CODE_BEFORE = 42;
const CODE_BYTES = 64;

/** The code around an instruction; null where the dump does not have the instruction itself. */
function codeAround(dump: Dump, ip: VirtualAddress): ReportCode | null {
  for (const before of [CODE_BEFORE, 0]) {
    const start = addTo(ip, -before);
    const bytes = dump.memory.tryRead(start, CODE_BYTES - (CODE_BEFORE - before));
    if (bytes !== undefined) return { start: hexAddress(start), bytes: hexBytes(bytes), ip: before };
  }
  return null;
}

function hexBytes(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
