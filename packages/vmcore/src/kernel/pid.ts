import { addTo, type VirtualAddress } from '../bytes/address.ts';
import { DumpError } from '../bytes/errors.ts';
import { field } from '../describe/type_reader.ts';
import type { Dump } from '../dump.ts';
import { attempt } from './attempt.ts';
import { idrEntries } from './idr.ts';

/** A task's number in one pid namespace. */
export interface PidNumber {
  readonly number: number;
  /** C `struct pid_namespace *`. */
  readonly namespace: VirtualAddress;
}

const PID = { level: field.number('level'), numbers: field.address('numbers') };
const UPID = { number: field.number('nr'), namespace: field.pointer('ns') };

/** Pid namespaces nest no deeper (`MAX_PID_NS_LEVEL`). */
const MOST_LEVELS = 32;

/**
 * The numbers of a C `struct pid`, from the initial pid namespace's to its own. Throws `bad-format` for more
 * levels than there can be, and what reading memory throws.
 */
export function pidNumbers(dump: Dump, pid: VirtualAddress): PidNumber[] {
  const { level, numbers } = dump.reader('pid', PID)(pid);
  if (level > MOST_LEVELS) {
    throw new DumpError(
      'bad-format',
      `A struct pid has level ${level}: at most ${MOST_LEVELS} are possible`,
      {
        level,
      },
    );
  }
  const size = dump.types.sizeof('upid');
  const read = dump.reader('upid', UPID);
  return Array.from({ length: level + 1 }, (_, n) => read(addTo(numbers, n * size)));
}

/** Tasks found by their numbers. */
export interface PidTable {
  /** C `struct task_struct *` of every process and thread with a number in the initial pid namespace. */
  readonly tasks: VirtualAddress[];
  /** Parts of the table that could not be read, one sentence each. */
  readonly problems: string[];
}

/** `PIDTYPE_PID` of `enum pid_type`: the list of the one task that has the number as its own. */
const PIDTYPE_PID = 0;
/** `PID_MAX_LIMIT` of a 64-bit kernel. */
const MOST_PIDS = 1 << 22;

/**
 * Every task by the initial pid namespace's table (an IDR since 4.15), which finds tasks that a damaged task
 * list hides. Throws `not-described` where the kernel has no such table.
 */
export function tasksByPid(dump: Dump): PidTable {
  const { types, memory } = dump;
  const tasksAt = types.offsetof('pid', `tasks[${PIDTYPE_PID}].first`);
  const linkAt = types.offsetof('task_struct', `pid_links[${PIDTYPE_PID}]`);
  const idr = addTo(dump.variable('init_pid_ns'), types.offsetof('pid_namespace', 'idr'));
  const { entries, problem } = idrEntries(dump, idr, MOST_PIDS);
  const found: PidTable = { tasks: [], problems: problem === undefined ? [] : [problem] };
  for (const { index, entry } of entries) {
    const link = attempt(found.problems, `Number ${index}`, () => memory.pointer(addTo(entry, tasksAt)));
    // A number that only names a session or a process group has no task.
    if (link !== undefined && link !== 0n) found.tasks.push(addTo(link, -linkAt));
  }
  return found;
}
