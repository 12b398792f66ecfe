import type { Dump } from '@kcrash/vmcore/dump';
import { type Credentials, readCredentials } from '@kcrash/vmcore/kernel/cred';
import { taskName } from '@kcrash/vmcore/kernel/kthread';
import { NAMESPACE_KINDS, taskNamespaces } from '@kcrash/vmcore/kernel/namespaces';
import { pidNumbers } from '@kcrash/vmcore/kernel/pid';
import { commandLine, readTaskMemory } from '@kcrash/vmcore/kernel/task_memory';
import { readTasks, type Task } from '@kcrash/vmcore/kernel/tasks';
import type { Agreement } from './agreement.ts';
import type { TaskPair } from './evidence.ts';
import type { GuestTask } from './guest_task.ts';

type Compare = (sort: string, ours: unknown, guests: unknown) => void;

const PF_WQ_WORKER = 0x20;

/** Compares what the library knows of tasks and the report does not show: users, namespaces, memory, priorities. */
export function compareProcesses(dump: Dump, pairs: readonly TaskPair[], agreement: Agreement): void {
  const tasks = new Map(readTasks(dump).tasks.map((task) => [task.pid, task]));
  for (const { guest, since } of pairs) {
    const task = tasks.get(guest.pid);
    if (task === undefined) continue;
    const where = `${task.pid} ${task.comm}`;
    const compare: Compare = (sort, ours, guests) =>
      agreement.compare(`processes: ${sort}`, where, ours, guests);
    if ((task.flags & PF_WQ_WORKER) === 0)
      compare('whole name', taskName(dump, task), guest.status.get('Name'));
    compareCredentials(readCredentials(dump, task.cred), guest, compare);
    compareNamespaces(dump, task, guest, compare);
    comparePriority(task, guest, compare);
    if (since === 'still') compareMemory(dump, task, guest, compare);
  }
}

function compareCredentials(cred: Credentials, { status }: GuestTask, compare: Compare): void {
  compare('uids', [cred.uid, cred.euid, cred.suid, cred.fsuid].join('\t'), status.get('Uid'));
  compare('gids', [cred.gid, cred.egid, cred.sgid, cred.fsgid].join('\t'), status.get('Gid'));
  compare('groups', cred.groups.join(' '), status.get('Groups')?.trim());
  const { inheritable, permitted, effective, bounding, ambient } = cred.capabilities;
  const sets = {
    CapInh: inheritable,
    CapPrm: permitted,
    CapEff: effective,
    CapBnd: bounding,
    CapAmb: ambient,
  };
  for (const [name, set] of Object.entries(sets))
    compare('capabilities', set.toString(16).padStart(16, '0'), status.get(name));
}

function compareNamespaces(dump: Dump, task: Task, guest: GuestTask, compare: Compare): void {
  if (task.threadPid !== 0n) {
    const numbers = pidNumbers(dump, task.threadPid).map(({ number }) => number);
    compare('pids', numbers.join('\t'), guest.status.get('NSpid'));
  }
  const namespaces = taskNamespaces(dump, task);
  for (const kind of NAMESPACE_KINDS) {
    const link = guest.namespaces.get(kind);
    if (link !== undefined) compare('namespaces', namespaces[kind]?.inode, /\[(\d+)\]/.exec(link)?.[1]);
  }
}

function comparePriority(task: Task, { stat }: GuestTask, compare: Compare): void {
  const { priority, nice, realTimePriority, policy } = task;
  const guests = [stat[18], stat[19], stat[40], stat[41]].join(' ');
  compare('priority', [priority - 100, nice, realTimePriority, policy].join(' '), guests);
}

function compareMemory(dump: Dump, task: Task, guest: GuestTask, compare: Compare): void {
  const { status, commandLine: words } = guest;
  const memory = readTaskMemory(dump, task);
  compare('has memory', memory !== undefined, status.has('VmSize'));
  if (memory === undefined) return;
  const pages = {
    VmSize: memory.totalPages,
    VmData: memory.dataPages,
    VmLck: memory.lockedPages,
    RssAnon: memory.anonymousPages,
    RssFile: memory.filePages,
    RssShmem: memory.sharedMemoryPages,
    VmSwap: memory.swapPages,
  };
  for (const [name, count] of Object.entries(pages))
    compare('memory', `${count * 4} kB`, status.get(name)?.trim());
  compare('page tables', `${memory.pageTableBytes / 1024} kB`, status.get('VmPTE')?.trim());
  if (words === undefined) return;
  const line = commandLine(dump, task);
  // Programs' memory is not kept in a dump that leaves out what is private.
  if (line.words !== undefined)
    compare('command line', line.words.map((word) => `${word}\0`).join(''), words.toString('utf8'));
}
