import { DumpError } from '../bytes/errors.ts';
import { field } from '../describe/type_reader.ts';
import type { Dump } from '../dump.ts';
import type { Task } from './tasks.ts';

/** Kernel threads may have names of any length; no sound one has more. */
const MOST_NAME = 256;

const TASK = { kthread: field.optional(field.pointer('worker_private')) };
const KTHREAD = { fullName: field.optional(field.pointer('full_name')) };

/**
 * A task's name as `ps` shows it, without what a worker is working on. Of a kernel thread whose name was cut to
 * fit `comm`, the whole one, which kernels keep since 5.17.
 */
export function taskName(dump: Dump, task: Task): string {
  if (!task.kernelThread || task.pid === 0) return task.comm;
  try {
    const { kthread } = dump.reader('task_struct', TASK)(task.address);
    if (kthread === undefined || kthread === 0n) return task.comm;
    const { fullName } = dump.reader('kthread', KTHREAD)(kthread);
    if (fullName === undefined || fullName === 0n) return task.comm;
    const name = dump.memory.cString(fullName, MOST_NAME);
    // What does not start as `comm` does is no name of this thread.
    return name.startsWith(task.comm) ? name : task.comm;
  } catch (error) {
    if (error instanceof DumpError && error.code !== 'io') return task.comm;
    throw error;
  }
}
