import { addTo, type VirtualAddress, virtualAddress } from '../bytes/address.ts';
import type { EnumType } from '../describe/btf_type.ts';
import { field } from '../describe/type_reader.ts';
import type { Dump } from '../dump.ts';
import { percpuRwsemHolder } from './lock_holder.ts';
import type { Wait, WaitKind } from './locks.ts';
import { pointerAt, type Ring, type Waiter } from './waiters.ts';

const ENTRY = { wake: field.pointer('func') };
const FOLIO_WAIT = { folio: field.pointer('folio', 'page'), bit: field.number('bit_nr') };
const BIT_WAIT = { word: field.pointer('key.flags'), bit: field.number('key.bit_nr') };
const FUTEX = {
  word: field.big('key.both.word'),
  offset: field.number('key.both.offset'),
  owner: field.pointer('pi_state'),
  lock: field.pointer('lock_ptr'),
};
const PI_STATE = { owner: field.pointer('owner') };

/** Low bits of `futex_key.both.offset` that say of what kind the key is, and the one for files. */
const KEY_FLAGS = 3;
const KEY_OF_FILE = 1;

const EVENT = 'nobody holds a wait queue: some other code must wake it';

/** What a `struct wait_queue_entry` on a stack waits for. Throws what reading memory throws. */
export function queueWait(dump: Dump, waiter: Waiter): Wait | undefined {
  const { wake } = dump.reader('wait_queue_entry', ENTRY)(waiter.address);
  // The third witness: what wakes it is a function.
  const name = functionAt(dump, wake);
  if (name === undefined) return undefined;
  switch (name) {
    case 'wake_page_function':
      return folioWait(dump, waiter);
    case 'wake_bit_function':
    case 'var_wake_function':
      return bitWait(dump, waiter, name === 'wake_bit_function' ? 'bit' : 'variable');
    case 'percpu_rwsem_wake_function':
      return headWait(dump, waiter, 'percpu_rwsem');
    default:
      return headWait(dump, waiter, 'wait queue');
  }
}

/** Name of the function that starts at an address; undefined for anything else. */
function functionAt(dump: Dump, address: VirtualAddress): string | undefined {
  const known = dump.once(functionNames);
  if (!known.has(address)) {
    const hit = dump.symbols.lookup(address);
    known.set(address, hit?.offset === 0 && dump.symbols.isText(address) ? hit.name : undefined);
  }
  return known.get(address);
}

/** Few functions wake all tasks: each is looked up once. */
function functionNames(): Map<VirtualAddress, string | undefined> {
  return new Map();
}

function unknown(
  waiter: Waiter,
  kind: WaitKind,
  address: VirtualAddress,
  wants: string | undefined,
  why: string,
): Wait {
  return { kind, address, wants, holder: { kind: 'unknown', why }, queue: [], waiter: waiter.address };
}

function folioWait(dump: Dump, waiter: Waiter): Wait {
  const at = dump.containerOf(waiter.address, 'wait_page_queue', 'wait');
  const { folio, bit } = dump.reader('wait_page_queue', FOLIO_WAIT)(at);
  return unknown(waiter, 'folio', folio, pageFlag(dump, bit), 'a folio does not note who locked it');
}

/** `PG_locked`, `PG_writeback`: the first of the names that the bit has. */
function pageFlag(dump: Dump, bit: number): string {
  const id = dump.types.findId('enum pageflags');
  const type = id === undefined ? undefined : (dump.types.resolve(id) as EnumType);
  return (type && dump.types.enumeratorName(type, BigInt(bit))) ?? `bit ${bit}`;
}

function bitWait(dump: Dump, waiter: Waiter, kind: 'bit' | 'variable'): Wait {
  const at = dump.containerOf(waiter.address, 'wait_bit_queue_entry', 'wq_entry');
  const { word, bit } = dump.reader('wait_bit_queue_entry', BIT_WAIT)(at);
  const wants = kind === 'bit' ? `bit ${bit}` : undefined;
  return unknown(waiter, kind, word, wants, `a ${kind} does not note who is to change it`);
}

/** The list's head is the one node that is no waiter; its function is none. */
function headWait(dump: Dump, waiter: Waiter, kind: 'percpu_rwsem' | 'wait queue'): Wait | undefined {
  const head = waiter.ring.once(headOf, () => headOf(dump, waiter.ring));
  if (head === undefined) return undefined;
  if (kind === 'wait queue') {
    return unknown(waiter, kind, dump.containerOf(head, 'wait_queue_head', 'head'), undefined, EVENT);
  }
  const address = dump.containerOf(head, 'percpu_rw_semaphore', 'waiters.head');
  const holder = percpuRwsemHolder(dump, address);
  return { kind, address, wants: undefined, holder, queue: [], waiter: waiter.address };
}

function headOf(dump: Dump, ring: Ring): VirtualAddress | undefined {
  const { types } = dump;
  const wake = types.offsetof('wait_queue_entry', 'func') - types.offsetof('wait_queue_entry', 'entry');
  const heads = ring.nodes.filter((node) => {
    const pointer = pointerAt(dump, addTo(node, wake));
    return pointer === undefined || functionAt(dump, pointer) === undefined;
  });
  return heads.length === 1 ? heads[0] : undefined;
}

/**
 * What a `struct futex_q` on a stack waits for: a word of user space, whose address is 0 where it lies in a
 * file. The third witness: its list leads through the bucket whose lock it names. Throws what reading memory
 * throws.
 */
export function futexWait(dump: Dump, waiter: Waiter): Wait | undefined {
  const { word, offset, owner, lock } = dump.reader('futex_q', FUTEX)(waiter.address);
  const { types } = dump;
  const bucket = dump.containerOf(lock, 'futex_hash_bucket', 'lock');
  if (!waiter.ring.has(addTo(bucket, types.offsetof('futex_hash_bucket', 'chain.node_list')))) {
    return undefined;
  }
  const inFile = (offset & KEY_OF_FILE) !== 0;
  const address = virtualAddress(inFile ? 0n : word + BigInt(offset & ~KEY_FLAGS));
  const wait = unknown(waiter, 'futex', address, undefined, 'only user space knows who holds a futex');
  if (owner === 0n) return wait;
  const task = dump.reader('futex_pi_state', PI_STATE)(owner).owner;
  return task === 0n ? wait : { ...wait, holder: { kind: 'task', task } };
}
