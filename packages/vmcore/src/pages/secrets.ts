import { addTo, type PhysicalAddress, type VirtualAddress } from '../bytes/address.ts';
import { field } from '../describe/type_reader.ts';
import type { Dump } from '../dump.ts';
import { attempt } from '../kernel/attempt.ts';
import { rbEntries } from '../kernel/rbtree.ts';
import type { ClassifiedPages } from './classify.ts';
import { messageParts } from './messages.ts';
import { slabObjects } from './slab_objects.ts';
import { ttyBuffers } from './tty_buffers.ts';

/**
 * Takes bytes `[start, start + length)` in the kernel's own pages that users wrote. `owner` is `keys`, `messages`,
 * `socket buffers`, `tty buffers`, `floating point registers` or `free objects`.
 */
export type TakeSecret = (owner: string, start: PhysicalAddress, length: number) => void;

/**
 * Where users' data lies inside pages of the kernel, as far as its owner is known: payloads of keys, messages, data of socket
 * buffers, buffers of ttys, vector registers of tasks; and objects that are free again, which may hold any of it still.
 * Each range is taken as it is found: there are tens of thousands.
 */
export function eachSecret(pages: ClassifiedPages, take: TakeSecret): void {
  const { dump, findings, socketData } = pages;
  const add = (owner: string, at: VirtualAddress, length: number) =>
    takePieces(dump, owner, at, length, take);
  for (const { start, length } of socketData) add('socket buffers', start, length);
  attempt(findings, 'Keys are not all overwritten', () => {
    for (const { at, length } of keyPayloads(dump, findings)) add('keys', at, length);
  });
  attempt(findings, 'Messages are not all overwritten', () => {
    for (const { at, length } of messageParts(dump, findings)) add('messages', at, length);
  });
  attempt(findings, 'Buffers of ttys are not all overwritten', () => {
    for (const { at, length } of ttyBuffers(pages)) add('tty buffers', at, length);
  });
  attempt(findings, 'Registers of user space are not all overwritten', () => {
    for (const { at, length } of floatingPointStates(pages)) add('floating point registers', at, length);
  });
  attempt(findings, 'Free objects are not all overwritten', () => takeFree(pages, take));
}

/** Memory at a virtual address, which need not lie in one piece; what is not mapped is passed. */
function takePieces(dump: Dump, owner: string, at: VirtualAddress, length: number, take: TakeSecret): void {
  const { pageSize } = dump.physical;
  let start = 0;
  let end = 0;
  for (let done = 0; done < length; ) {
    const place = dump.memory.translate(addTo(at, done));
    const room = pageSize - Number(addTo(at, done) & BigInt(pageSize - 1));
    const part = Math.min(room, length - done);
    if (place !== end || end === start) {
      if (end > start) take(owner, start, end - start);
      start = place ?? 0;
      end = start;
    }
    if (place !== undefined) end += part;
    done += part;
  }
  if (end > start) take(owner, start, end - start);
}

const KEY = { type: field.pointer('type'), payload: field.pointer('payload.data[0]') };
const KEY_TYPE = { name: field.pointer('name') };
const PAYLOAD = { length: field.number('datalen'), data: field.address('data') };
/** Types of keys whose payload is C `struct user_key_payload`. */
const USER_TYPES = ['user', 'logon', 'dns_resolver'];
const MOST_KEYS = 1 << 20;

function keyPayloads(dump: Dump, findings: string[]): { at: VirtualAddress; length: number }[] {
  const { types, memory } = dump;
  const root = dump.variable('key_serial_tree');
  const { entries, problem } = rbEntries(memory, root, types.offsetof('key', 'serial_node'), MOST_KEYS);
  if (problem !== undefined) findings.push(`Keys: ${problem}`);
  const found: { at: VirtualAddress; length: number }[] = [];
  for (const key of entries) {
    attempt(findings, 'A key', () => {
      const { type, payload } = dump.reader('key', KEY)(key);
      const { name } = dump.reader('key_type', KEY_TYPE)(type);
      if (payload === 0n || !USER_TYPES.includes(memory.cString(name, 32))) return;
      const { length, data } = dump.reader('user_key_payload', PAYLOAD)(payload);
      found.push({ at: data, length });
    });
  }
  return found;
}

const STATE = { bytes: field.number('size'), registers: field.address('regs') };
/** The largest that x86_64 has, with AMX, is 11 KB. */
const MOST_STATE = 1 << 16;

/**
 * What tasks had in their vector registers when they left user space: string functions leave text there. In
 * `task_struct` until 6.15, behind it since.
 */
function floatingPointStates(pages: ClassifiedPages): { at: VirtualAddress; length: number }[] {
  const { dump, findings, map, caches } = pages;
  const { types } = dump;
  const inTask = types.has('task_struct', 'thread.fpu');
  const offset = inTask
    ? types.offsetof('task_struct', 'thread.fpu.fpstate')
    : types.sizeof('task_struct') + types.offsetof('fpu', 'fpstate');
  const found: { at: VirtualAddress; length: number }[] = [];
  for (const cache of caches.get('task_struct') ?? []) {
    for (const task of slabObjects(pages, map, cache).used()) {
      attempt(findings, 'Registers of a task', () => {
        const state = dump.memory.pointer(map.virtual(task + offset));
        // Threads of the kernel have none.
        if (state === 0n) return;
        const { bytes, registers } = dump.reader('fpstate', STATE)(state);
        found.push({ at: registers, length: Math.min(bytes, MOST_STATE) });
      });
    }
  }
  return found;
}

/**
 * What nobody owns inside slabs: pages come to a slab as their last owner left them, and objects keep what was in
 * them when they are freed.
 */
function takeFree(pages: ClassifiedPages, take: TakeSecret): void {
  const owner = 'free objects';
  for (const [name, caches] of pages.caches) {
    for (const cache of caches) {
      if (cache.slabs.length === 0) continue;
      attempt(pages.findings, `Free objects of ${name}`, () => {
        const { free, linkAt, rests } = slabObjects(pages, pages.map, cache);
        for (const { start, length } of rests) take(owner, start, length);
        // The word that links free objects stays, so that the lists can be followed in the dump.
        const before = Math.min(linkAt, cache.objectBytes);
        const behind = linkAt + 8;
        for (const start of free) {
          if (before > 0) take(owner, start, before);
          if (behind < cache.size) take(owner, start + behind, cache.size - behind);
        }
      });
    }
  }
}
