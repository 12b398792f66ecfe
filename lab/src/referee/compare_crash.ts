import type { Module } from '@kcrash/vmcore/kernel/modules';
import type { Mount } from '@kcrash/vmcore/kernel/mounts';
import type { NetworkDevice } from '@kcrash/vmcore/kernel/netdev';
import type { TaskMemory } from '@kcrash/vmcore/kernel/task_memory';
import type { Task } from '@kcrash/vmcore/kernel/tasks';
import type { Counted } from './compare_tasks.ts';
import type { CrashStruct, CrashTask } from './crash_survey.ts';
import { FindingBuilder } from './finding.ts';
import type { CompoundLayout, Layout } from './survey.ts';

/** crash's words for the letters of task states. */
const STATES: Readonly<Record<string, string>> = {
  R: 'RU',
  S: 'IN',
  D: 'UN',
  T: 'ST',
  t: 'TR',
  X: 'DE',
  Z: 'ZO',
  P: 'PA',
  I: 'ID',
};

/** Compares the product's tasks with crash's `ps`. */
export function comparePs(
  ours: readonly Task[],
  theirs: readonly CrashTask[],
  memoryOf: (task: Task) => (Pick<TaskMemory, 'totalPages'> & { readonly residentPages: number }) | undefined,
): Counted {
  const finding = new FindingBuilder();
  finding.equal('number of tasks', ours.length, theirs.length);
  const byAddress = new Map(ours.map((task) => [task.address as bigint, task]));
  for (const wanted of theirs) {
    const where = `${wanted.pid} ${wanted.comm}`;
    const task = byAddress.get(wanted.address);
    if (task === undefined) {
      finding.differ(`task ${where}`, 'none', 'it');
      continue;
    }
    const memory = memoryOf(task);
    finding.equal(`PID of ${where}`, task.pid, wanted.pid);
    // An idle task's real_parent is the init task that started its CPU; crash says 0.
    if (wanted.pid !== 0) finding.equal(`PPID of ${where}`, task.ppid, wanted.ppid);
    finding.equal(`CPU of ${where}`, task.cpu, wanted.cpu);
    finding.equal(`ST of ${where}`, STATES[task.state.letter], wanted.state);
    finding.equal(`VSZ of ${where}`, 4 * (memory?.totalPages ?? 0), wanted.virtualKib);
    finding.equal(`RSS of ${where}`, 4 * (memory?.residentPages ?? 0), wanted.residentKib);
    // crash writes a line break in a name as one.
    const [comm = ''] = task.comm.split('\n');
    finding.equal(`COMM of ${where}`, task.kernelThread ? `[${comm}]` : comm, wanted.comm);
  }
  return { differences: finding.differences, notes: finding.notes, compared: theirs.length };
}

/** Compares lines in any order; blanks count as one. */
function compareLines(ours: readonly string[], theirs: readonly string[]): Counted {
  const finding = new FindingBuilder();
  const rest = new Set(theirs);
  for (const line of ours) {
    if (!rest.delete(line.replace(/\s+/g, ' ').trim()))
      finding.differ('line', JSON.stringify(line), 'none such');
  }
  for (const line of rest) finding.differ('line', 'none such', JSON.stringify(line));
  return { differences: finding.differences, notes: finding.notes, compared: theirs.length };
}

/** Compares the product's modules with crash's `mod`: address, name, start and size. */
export function compareMod(ours: readonly Module[], theirs: readonly string[]): Counted {
  return compareLines(
    ours.map(({ address, name, base, sizeBytes }) => `${bare(address)} ${name} ${bare(base)} ${sizeBytes}`),
    theirs.map((line) => line.split(' ').slice(0, 4).join(' ')),
  );
}

/**
 * Compares the product's mounts of a namespace with crash's `mount`: address, type, source and target. Where one
 * covers another's root crash writes a slash behind its path, as in `/run/`.
 */
export function compareMount(ours: readonly Mount[], theirs: readonly string[]): Counted {
  return compareLines(
    ours.map(({ address, type, source, target }) => `${bare(address)} ${type} ${source} ${target}`),
    // The superblock's address is not the product's to tell.
    theirs.map((line) => line.replace(/^(\S+) \S+/, '$1').replace(/(\S)\/$/, '$1')),
  );
}

/** Compares the product's network devices with crash's `net`, which knows the first namespace's alone. */
export function compareNet(ours: readonly NetworkDevice[], theirs: readonly string[]): Counted {
  const first = ours.filter(({ namespace }) => namespace === ours[0]?.namespace);
  // crash 8.0.2 shows no IPv6 addresses, 8.0.6 does.
  const inet6 = theirs.some((line) => line.includes(':'));
  const lines = first.map(({ address, name, addresses }) => {
    const shown = addresses.filter(({ family }) => inet6 || family === 'inet');
    return `${bare(address)} ${name} ${shown.map((each) => each.address).join(', ')}`;
  });
  const { differences, notes, compared } = compareLines(lines, theirs);
  return { differences, notes: inet6 ? notes : [...notes, 'crash shows no IPv6 addresses'], compared };
}

function bare(address: bigint): string {
  return address.toString(16).padStart(16, '0');
}

/** Compares sizes and members' offsets of structs by BTF with those that crash's gdb has by DWARF. */
export function compareStructs(
  ours: ReadonlyMap<string, readonly Layout[]>,
  theirs: readonly CrashStruct[],
): Counted {
  const finding = new FindingBuilder();
  let members = 0;
  for (const { name, size, members: wanted } of theirs) {
    const layout = ours.get(`struct ${name}`)?.[0];
    if (layout === undefined || layout.kind === 'enum') {
      finding.differ(`struct ${name}`, 'none', 'one');
      continue;
    }
    finding.equal(`struct ${name}: size`, layout.size, size);
    const found = new Set(placesOf(layout, 0));
    for (const member of wanted) {
      members += 1;
      if (!found.has(member)) finding.differ(`struct ${name}`, 'no such member', member);
    }
  }
  finding.note(`members of them: ${members}`);
  return { differences: finding.differences, notes: finding.notes, compared: theirs.length };
}

/** `name@12` for each member, those of structs without a tag included. */
function placesOf({ members }: CompoundLayout, base: number): string[] {
  return members.flatMap(({ name, bitOffset, inner }) => {
    const at = base + bitOffset;
    const own = name === '' ? [] : [`${name}@${Math.floor(at / 8)}`];
    return inner === null || inner.kind === 'enum' ? own : [...own, ...placesOf(inner, at)];
  });
}
