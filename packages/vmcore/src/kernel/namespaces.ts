import { addTo, type VirtualAddress } from '../bytes/address.ts';
import { DumpError } from '../bytes/errors.ts';
import { field } from '../describe/type_reader.ts';
import type { Dump } from '../dump.ts';
import { pidNumbers } from './pid.ts';
import type { Task } from './tasks.ts';

/** The kinds of namespaces, named as in /proc/PID/ns. */
export const NAMESPACE_KINDS = [
  'cgroup',
  'ipc',
  'mnt',
  'net',
  'pid',
  'pid_for_children',
  'time',
  'time_for_children',
  'user',
  'uts',
] as const;
export type NamespaceKind = (typeof NAMESPACE_KINDS)[number];

/** A namespace that a task lives in. */
export interface Namespace {
  readonly address: VirtualAddress;
  /** The number that /proc/PID/ns shows: `net:[4026531840]`. */
  readonly inode: number;
}

const NSPROXY = {
  cgroup: field.optional(field.pointer('cgroup_ns')),
  ipc: field.pointer('ipc_ns'),
  mnt: field.pointer('mnt_ns'),
  net: field.pointer('net_ns'),
  pid_for_children: field.pointer('pid_ns_for_children'),
  time: field.optional(field.pointer('time_ns')),
  time_for_children: field.optional(field.pointer('time_ns_for_children')),
  uts: field.pointer('uts_ns'),
};

const CRED = { user: field.pointer('user_ns') };

const TYPES: Readonly<Record<NamespaceKind, string>> = {
  cgroup: 'cgroup_namespace',
  ipc: 'ipc_namespace',
  mnt: 'mnt_namespace',
  net: 'net',
  pid: 'pid_namespace',
  pid_for_children: 'pid_namespace',
  time: 'time_namespace',
  time_for_children: 'time_namespace',
  user: 'user_namespace',
  uts: 'uts_namespace',
};

/**
 * The namespaces of a task. One that the kernel has no kind of, that the task has left while it exits, or
 * whose memory the dump lacks is left out. Throws `not-described` and `io`.
 */
export function taskNamespaces(dump: Dump, task: Task): Partial<Record<NamespaceKind, Namespace>> {
  const addresses: Partial<Record<NamespaceKind, VirtualAddress | undefined>> = {
    ...(task.nsproxy === 0n ? {} : readable(() => dump.reader('nsproxy', NSPROXY)(task.nsproxy))),
    user: readable(() => dump.reader('cred', CRED)(task.cred).user),
    pid:
      task.threadPid === 0n ? undefined : readable(() => pidNumbers(dump, task.threadPid).at(-1)?.namespace),
  };
  const found: Partial<Record<NamespaceKind, Namespace>> = {};
  for (const kind of NAMESPACE_KINDS) {
    const address = addresses[kind];
    if (address === undefined || address === 0n) continue;
    const inode = readable(() => inodeOf(dump, kind, address));
    if (inode !== undefined) found[kind] = { address, inode };
  }
  return found;
}

function inodeOf(dump: Dump, kind: NamespaceKind, address: VirtualAddress): number {
  return dump.memory.u32(addTo(address, dump.types.offsetof(TYPES[kind], 'ns.inum')));
}

function readable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof DumpError && (error.code === 'unmapped' || error.code === 'absent-memory'))
      return undefined;
    throw error;
  }
}
