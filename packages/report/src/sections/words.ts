import { hexAddress, type VirtualAddress } from '@kcrash/vmcore/bytes/address';
import type { StackFrame, TaskStack } from '@kcrash/vmcore/kernel/stacks';
import type { Task, TaskList } from '@kcrash/vmcore/kernel/tasks';
import type { ReportFrame, StackEnd, TaskName } from '../report.ts';

/** A task in short. */
export function taskName({ pid, comm, address }: Task): TaskName {
  return { pid, comm, address: hexAddress(address) };
}

/** The task at an address, in short; null for one that was not read. */
export function namedTask({ byAddress }: TaskList, address: VirtualAddress | undefined): TaskName | null {
  const task = address === undefined ? undefined : byAddress.get(address);
  return task === undefined ? null : taskName(task);
}

/** A stack's frames as the report has them. */
export function reportFrames(stack: TaskStack): ReportFrame[] {
  return stack.frames.map(reportFrame);
}

/** One frame; every member by name, since there are thousands. */
export function reportFrame(frame: StackFrame): ReportFrame {
  return {
    address: hexAddress(frame.address),
    symbol: frame.symbol ?? null,
    offset: frame.offset ?? null,
    size: frame.size ?? null,
    module: frame.module ?? null,
    certainty: frame.certainty,
    stack: frame.stack ?? null,
    interrupted: frame.interrupted,
  };
}

/** Where a stack ended. */
export function stackEnd({ end, detail }: TaskStack): StackEnd {
  return { reason: end, detail: detail ?? null };
}

/** The same value with null for what is undefined. */
export function orNull<T>(value: T | undefined): T | null {
  return value === undefined ? null : value;
}
