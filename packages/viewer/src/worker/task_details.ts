import { bytesText } from '@kcrash/report/units';
import { hexAddress, virtualAddress } from '@kcrash/vmcore/bytes/address';
import type { Dump } from '@kcrash/vmcore/dump';
import { attempt } from '@kcrash/vmcore/kernel/attempt';
import { readCredentials } from '@kcrash/vmcore/kernel/cred';
import { taskNamespaces } from '@kcrash/vmcore/kernel/namespaces';
import { readTaskFiles } from '@kcrash/vmcore/kernel/open_files';
import { commandLine, readTaskMemory } from '@kcrash/vmcore/kernel/task_memory';
import { readTasks, type Task } from '@kcrash/vmcore/kernel/tasks';
import type { TaskDetails } from '../protocol.ts';

/** What is worth knowing of one task besides what the report has of all. */
export function taskDetails(dump: Dump, address: string): TaskDetails {
  const at = virtualAddress(BigInt(address));
  const problems: string[] = [];
  const task = attempt(problems, 'Task', () => dump.once(readTasks).byAddress.get(at));
  const open = readTaskFiles(dump, at);
  const facts: [string, string][] = [];
  if (open.directory !== undefined) facts.push(['Directory', open.directory]);
  if (open.root !== undefined && open.root !== '/') facts.push(['Root', open.root]);
  if (task !== undefined) {
    attempt(problems, 'Command line', () => facts.push(['Command line', commandText(dump, task)]));
    attempt(problems, 'Credentials', () => facts.push(...userFacts(dump, task)));
    attempt(problems, 'Memory', () => facts.push(...memoryFacts(dump, task)));
    attempt(problems, 'Namespaces', () => {
      const spaces = Object.entries(taskNamespaces(dump, task));
      if (spaces.length > 0)
        facts.push(['Namespaces', spaces.map(([kind, { inode }]) => `${kind}:[${inode}]`).join(' ')]);
    });
    facts.push(['Priority', `${task.priority}, nice ${task.nice}`]);
    facts.push(['Switches', `${task.voluntarySwitches} voluntary, ${task.involuntarySwitches} involuntary`]);
  }
  return {
    files: open.files.map(({ descriptor, name, address: file, position, flags }) => ({
      descriptor,
      name,
      address: hexAddress(file),
      position,
      flags: flags.toString(8),
    })),
    facts,
    problems: [...problems, ...open.problems],
  };
}

function commandText(dump: Dump, task: Task): string {
  const { words, missing } = commandLine(dump, task);
  return words === undefined ? `unknown: ${missing}` : words.join(' ');
}

function userFacts(dump: Dump, task: Task): [string, string][] {
  const { uid, euid, gid, egid, groups } = readCredentials(dump, task.cred);
  const other = euid === uid && egid === gid ? '' : `, acts as ${euid}:${egid}`;
  const more = groups.length === 0 ? '' : `, groups ${groups.slice(0, 32).join(' ')}`;
  return [['User', `${uid}:${gid}${other}${more}`]];
}

function memoryFacts(dump: Dump, task: Task): [string, string][] {
  const memory = readTaskMemory(dump, task);
  if (memory === undefined) return [];
  const { pageSize } = dump.physical;
  const { totalPages, filePages, anonymousPages, sharedMemoryPages, swapPages, pageTableBytes, mappings } =
    memory;
  const resident = filePages + anonymousPages + sharedMemoryPages;
  const parts = `${bytesText(anonymousPages * pageSize)} anonymous, ${bytesText(filePages * pageSize)} of files, ${bytesText(sharedMemoryPages * pageSize)} shared`;
  return [
    [
      'Memory',
      `${bytesText(resident * pageSize)} resident (${parts}) of ${bytesText(totalPages * pageSize)} mapped`,
    ],
    [
      '',
      `${mappings} mappings, ${bytesText(pageTableBytes)} of page tables, ${bytesText(swapPages * pageSize)} in swap`,
    ],
  ];
}
