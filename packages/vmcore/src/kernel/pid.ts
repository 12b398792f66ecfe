import { addTo, type VirtualAddress } from '../bytes/address.ts';
import { u64Big } from '../bytes/cursor.ts';
import { DumpError } from '../bytes/errors.ts';
import { field } from '../describe/type_reader.ts';
import type { Dump } from '../dump.ts';

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
/** Nodes for `PID_MAX_LIMIT` numbers, at 16 slots each in the smallest kernels. */
const MOST_NODES = 1 << 19;

/**
 * Every task by the initial pid namespace's table (an xarray, as an IDR since 4.15), which finds tasks that a
 * damaged task list hides. Throws `not-described` where the kernel has no such table.
 */
export function tasksByPid(dump: Dump): PidTable {
  const { types, memory } = dump;
  const slots = types.place('xa_node', 'slots');
  const slotsAt = slots.bitOffset / 8;
  const slotBytes = types.sizeof(slots.type);
  const tasksAt = types.offsetof('pid', `tasks[${PIDTYPE_PID}].first`);
  const linkAt = types.offsetof('task_struct', `pid_links[${PIDTYPE_PID}]`);
  const root = addTo(dump.variable('init_pid_ns'), types.offsetof('pid_namespace', 'idr.idr_rt.xa_head'));

  const found: PidTable = { tasks: [], problems: [] };
  const nodes = new Set<bigint>();
  const pending: bigint[] = [];
  const read = (what: () => void) => {
    try {
      what();
    } catch (error) {
      if (!(error instanceof DumpError) || error.code === 'io') throw error;
      found.problems.push(`The table of pids: ${error.message}`);
    }
  };
  read(() => pending.push(memory.u64Big(root)));
  for (let entry = pending.pop(); entry !== undefined; entry = pending.pop()) {
    const at = entry as VirtualAddress;
    // The xarray marks a node of its own by 2 in the low bits; NULL and small values are no pointers.
    if (entry <= 4096n || nodes.size > MOST_NODES || nodes.has(entry)) continue;
    if ((entry & 3n) === 2n) {
      nodes.add(entry);
      read(() => {
        const bytes = memory.read(addTo(at, slotsAt - 2), slotBytes);
        for (let n = slotBytes - 8; n >= 0; n -= 8) pending.push(u64Big(bytes, n));
      });
    } else if ((entry & 3n) === 0n) {
      read(() => {
        const link = memory.pointer(addTo(at, tasksAt));
        if (link !== 0n) found.tasks.push(addTo(link, -linkAt));
      });
    }
  }
  return found;
}
