import { type Finding, FindingBuilder } from './finding.ts';
import type { OurTask } from './our_tasks.ts';
import type { Survey, SurveyedFrame, SurveyedObject, SurveyedTask, SurveyedValues } from './survey.ts';

/** A finding with the number of values that were compared. */
export interface Counted extends Finding {
  readonly compared: number;
}

/** A task by both words. */
export interface TaskPair {
  /** PID and name. */
  readonly where: string;
  readonly ours: OurTask;
  readonly theirs: SurveyedTask;
}

/** On x86_64 the kernel's addresses have the highest bit set. */
const KERNEL_SPACE = 1n << 63n;

/** Brings together the tasks of both by their addresses; each must have all that the other has. */
export function pairTasks(
  ours: readonly OurTask[],
  theirs: Survey['tasks'],
): Counted & { readonly pairs: readonly TaskPair[] } {
  const finding = new FindingBuilder();
  const rest = new Map(theirs.map((task) => [BigInt(task.address), task]));
  const pairs: TaskPair[] = [];
  for (const task of ours) {
    const { address, pid, comm } = task.task;
    const other = rest.get(address);
    rest.delete(address);
    const where = `${pid} ${comm}`;
    if (other === undefined) finding.differ(`task ${where}`, 'it', 'none');
    else pairs.push({ where, ours: task, theirs: other });
  }
  for (const { address } of rest.values()) finding.differ(`task at ${address}`, 'none', 'it');
  const { differences, notes } = finding;
  return { differences, notes, compared: pairs.length, pairs };
}

/**
 * Compares every frame that is not inlined: its address, and the symbol that it lies in. Frames in user space are
 * drgn's alone, and of a task that has given its stack back nothing is compared. Of several symbols that cover an address either may be named, which is noted.
 */
export function compareTaskStacks(pairs: readonly TaskPair[]): Counted {
  const finding = new FindingBuilder();
  const names = new Map<string, number>();
  const failures = new Map<string, string[]>();
  const astray: string[] = [];
  let compared = 0;
  let inlined = 0;
  let guessed = 0;
  let stale = 0;
  for (const { where, ours, theirs } of pairs) {
    guessed += ours.stack.frames.filter(({ certainty }) => certainty !== 'exact').length;
    if (ours.task.stack === 0n) {
      if (theirs.stack.frames.length > 0 || theirs.stack.failure !== null) stale += 1;
      finding.equal(`number of frames of ${where}, which has no stack`, ours.stack.frames.length, 0);
      continue;
    }
    const { failure } = theirs.stack;
    if (failure !== null) {
      failures.set(failure, [...(failures.get(failure) ?? []), where]);
      continue;
    }
    inlined += theirs.stack.inlined;
    const wanted = theirs.stack.frames.filter(({ pc }) => pc !== null && BigInt(pc) >= KERNEL_SPACE);
    const count = ours.stack.frames.length;
    const last = wanted.at(-1);
    // In code without debug info drgn guesses how to go on; what comes after it is then worth nothing.
    const blind = wanted.findIndex(({ symbol }) => symbol === null);
    const strays = blind >= 0 && blind < firstDifference(ours, wanted);
    if (strays) astray.push(where);
    else if (theirs.stack.frames.at(-1)?.pc === null && last !== undefined) {
      finding.differ(`stack of ${where}`, `${count} frames`, `its end after ${theirPlace(last)}`);
    } else finding.equal(`number of frames of ${where}`, count, wanted.length);
    for (const [index, frame] of (strays ? wanted.slice(0, blind + 1) : wanted).entries()) {
      const found = ours.stack.frames[index];
      if (found === undefined) break;
      compared += 1;
      const place = `${found.symbol}+0x${found.offset?.toString(16)}`;
      if (frame.pc === null || BigInt(frame.pc) !== found.address) {
        finding.differ(`frame ${index} of ${where}`, place, theirPlace(frame));
        break;
      }
      if (frame.symbol !== found.symbol) {
        const both = `${place} is ${theirPlace(frame)} to drgn`;
        names.set(both, (names.get(both) ?? 0) + 1);
      }
    }
  }
  for (const [failure, tasks] of failures) {
    finding.differ('stacks', `those of ${tasks.length} tasks, such as ${tasks[0]}`, `none: ${failure}`);
  }
  if (astray.length > 0) {
    const those = `those of ${astray.length} tasks, such as ${astray[0]}`;
    finding.differ('stacks', those, 'others, from code on that drgn has no debug info of');
  }
  if (stale > 0) {
    finding.note(
      `tasks that have exited and have no stack (task_struct.stack is 0), where drgn follows where it was: ${stale}`,
    );
  }
  if (guessed > 0) finding.note(`frames that kcrash says are a guess: ${guessed}`);
  if (inlined > 0) finding.note(`frames of inlined functions, which are drgn's alone: ${inlined}`);
  for (const [both, count] of names) finding.note(`${both}: ${count} frames`);
  return { differences: finding.differences, notes: finding.notes, compared };
}

/** Index of the first frame that is not the same; -1 for stacks that are the same. */
function firstDifference(ours: OurTask, wanted: readonly SurveyedFrame[]): number {
  const { frames } = ours.stack;
  const index = wanted.findIndex(({ pc }, i) => pc === null || BigInt(pc) !== frames[i]?.address);
  if (index >= 0) return index;
  return wanted.length === frames.length ? -1 : wanted.length;
}

function theirPlace({ pc, symbol, start }: SurveyedFrame): string {
  if (pc === null || symbol === null || start === null) return String(pc);
  return `${symbol}+0x${(BigInt(pc) - BigInt(start)).toString(16)}`;
}

/** Compares the scalar members of what each task has, as both read them by their own layouts. */
export function compareTaskValues(pairs: readonly TaskPair[], objects: readonly SurveyedObject[]): Counted {
  const finding = new FindingBuilder();
  let compared = 0;
  let unreadable = 0;
  for (const { where, ours, theirs } of pairs) {
    for (const [n, { name, paths }] of objects.entries()) {
      const [found, wanted] = [ours.objects[n], theirs.objects[name]];
      if (found === undefined || wanted === undefined) throw new Error(`no ${name} of ${where} was read`);
      if (found.failure !== null && wanted.failure !== null) unreadable += 1;
      if (found.values === null || wanted.values === null) {
        finding.equal(`${name} of ${where}`, presence(found), presence(wanted));
        continue;
      }
      for (const [i, path] of paths.entries()) {
        compared += 1;
        finding.equal(`${name}.${path} of ${where}`, found.values[i], wanted.values[i]);
      }
    }
  }
  if (unreadable > 0) finding.note(`objects that the dump lacks, by both words: ${unreadable}`);
  return { differences: finding.differences, notes: finding.notes, compared };
}

function presence({ values, failure }: SurveyedValues): string {
  if (values !== null) return 'one';
  return failure === null ? 'none' : 'not in the dump';
}
