import { addTo, type VirtualAddress } from '../bytes/address.ts';
import { field } from '../describe/type_reader.ts';
import type { Dump } from '../dump.ts';
import { attempt } from '../kernel/attempt.ts';
import { idrEntries } from '../kernel/idr.ts';
import { listEntries } from '../kernel/list.ts';
import { rbEntries } from '../kernel/rbtree.ts';
import { readTasks } from '../kernel/tasks.ts';

/** Text of a message, which may be in several pieces. */
export interface MessagePart {
  readonly at: VirtualAddress;
  readonly length: number;
}

const PROXY = { ipc: field.pointer('ipc_ns') };
const SPACE = { queues: field.optional(field.pointer('mq_mnt')) };
const MESSAGE = { size: field.number('m_ts'), next: field.pointer('next') };

/** `IPC_MSG_IDS`. */
const MESSAGE_IDS = 1;
const MOST_QUEUES = 1 << 16;
/** Messages, and pieces of them, in all queues together. */
const MOST_PARTS = 1 << 18;

/**
 * What waits in message queues, of System V and of POSIX (C `struct msg_msg`), in every namespace that a task has.
 * What cannot be found is a finding.
 */
export function messageParts(dump: Dump, findings: string[]): MessagePart[] {
  const parts: MessagePart[] = [];
  for (const space of ipcSpaces(dump)) {
    for (const [what, lists] of [
      ['Messages of System V', systemVLists],
      ['Messages of POSIX', posixLists],
    ] as const) {
      attempt(findings, what, () => {
        for (const list of lists(dump, space, findings)) takeList(dump, list, parts, findings);
      });
    }
  }
  if (parts.length >= MOST_PARTS)
    findings.push(`There are over ${MOST_PARTS} messages: not all are overwritten`);
  return parts;
}

function ipcSpaces(dump: Dump): Set<VirtualAddress> {
  const spaces = new Set<VirtualAddress>();
  const proxies = new Set(readTasks(dump).tasks.map(({ nsproxy }) => nsproxy));
  for (const proxy of proxies) {
    if (proxy !== 0n) spaces.add(dump.reader('nsproxy', PROXY)(proxy).ipc);
  }
  return spaces;
}

function systemVLists(dump: Dump, space: VirtualAddress, findings: string[]): VirtualAddress[] {
  const { types } = dump;
  const ids = types.offsetof('ipc_namespace', 'ids') + MESSAGE_IDS * types.sizeof('ipc_ids');
  const idr = addTo(space, ids + types.offsetof('ipc_ids', 'ipcs_idr'));
  const { entries, problem } = idrEntries(dump, idr, MOST_QUEUES);
  if (problem !== undefined) findings.push(`Messages of System V: ${problem}`);
  const permission = types.offsetof('msg_queue', 'q_perm');
  const list = types.offsetof('msg_queue', 'q_messages');
  return entries.map(({ entry }) => addTo(entry, list - permission));
}

/** Of each inode of the namespace's `mqueue` a tree by priority, whose nodes have a list each. */
function posixLists(dump: Dump, space: VirtualAddress, findings: string[]): VirtualAddress[] {
  const { types, memory } = dump;
  const { queues } = dump.reader('ipc_namespace', SPACE)(space);
  if (queues === undefined || queues === 0n || !types.has('mqueue_inode_info', 'msg_tree')) return [];
  const superblock = memory.pointer(addTo(queues, types.offsetof('vfsmount', 'mnt_sb')));
  const head = addTo(superblock, types.offsetof('super_block', 's_inodes'));
  const { entries, problem } = listEntries(dump, head, 'inode', 'i_sb_list', MOST_QUEUES);
  if (problem !== undefined) findings.push(`Messages of POSIX: ${problem}`);
  const tree =
    types.offsetof('mqueue_inode_info', 'msg_tree') - types.offsetof('mqueue_inode_info', 'vfs_inode');
  const node = types.offsetof('posix_msg_tree_node', 'rb_node');
  const list = types.offsetof('posix_msg_tree_node', 'msg_list');
  return entries.flatMap((inode) => {
    const found = rbEntries(memory, addTo(inode, tree), node, MOST_QUEUES);
    if (found.problem !== undefined) findings.push(`Messages of POSIX: ${found.problem}`);
    return found.entries.map((at) => addTo(at, list));
  });
}

function takeList(dump: Dump, list: VirtualAddress, parts: MessagePart[], findings: string[]): void {
  const most = MOST_PARTS - parts.length;
  const { entries, problem } = listEntries(dump, list, 'msg_msg', 'm_list', most);
  if (problem !== undefined) findings.push(`Messages: ${problem}`);
  for (const message of entries) attempt(findings, 'A message', () => takeMessage(dump, message, parts));
}

/** The first piece stands behind the message, each further one on a page of its own behind a pointer to the next. */
function takeMessage(dump: Dump, message: VirtualAddress, parts: MessagePart[]): void {
  const { types, memory, physical } = dump;
  const { size, next } = dump.reader('msg_msg', MESSAGE)(message);
  let left = size;
  let header = types.sizeof('msg_msg');
  for (let at: VirtualAddress = message, follow = next; left > 0 && parts.length < MOST_PARTS; ) {
    const length = Math.min(left, physical.pageSize - header);
    parts.push({ at: addTo(at, header), length });
    left -= length;
    if (follow === 0n) return;
    at = follow;
    header = types.sizeof('msg_msgseg');
    follow = memory.pointer(at);
  }
}
