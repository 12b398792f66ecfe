import { describe, expect, it } from 'vitest';
import { FakeKernel } from '../../test/fake_kernel.ts';
import { addTo, type VirtualAddress } from '../bytes/address.ts';
import { futexWait, queueWait } from './wait_queue.ts';
import { Ring } from './waiters.ts';

const TASK = 0x1000n as VirtualAddress;

function kernel() {
  const fake = new FakeKernel();
  fake.enum('pageflags', ['PG_locked', 'PG_writeback']);
  fake.struct('wait_queue_head', { lock: 'int', head: 'list_head' });
  fake.struct('wait_queue_entry', { flags: 'u32', private: 'ptr', func: 'ptr', entry: 'list_head' });
  fake.struct('wait_page_queue', { folio: 'ptr', bit_nr: 'int', wait: 'wait_queue_entry' });
  fake.struct('wait_bit_key', { flags: 'ptr', bit_nr: 'int', timeout: 'u64' });
  fake.struct('wait_bit_queue_entry', { key: 'wait_bit_key', wq_entry: 'wait_queue_entry' });
  fake.struct('rcuwait', { task: 'ptr' });
  fake.struct('percpu_rw_semaphore', { writer: 'rcuwait', waiters: 'wait_queue_head', block: 'atomic' });
  fake.struct('plist_head', { node_list: 'list_head' });
  fake.struct('futex_hash_bucket', { waiters: 'atomic', lock: 'int', chain: 'plist_head' });
  fake.struct('futex_key_both', { ptr: 'u64', word: 'u64', offset: 'u32' });
  fake.struct('futex_key', { both: 'futex_key_both' });
  fake.struct('futex_q', { task: 'ptr', lock_ptr: 'ptr', key: 'futex_key', pi_state: 'ptr' });
  fake.struct('futex_pi_state', { owner: 'ptr' });
  const entry = (
    struct: string,
    member: string,
    wake: string,
    values: Record<string, bigint | number> = {},
  ) => {
    const at = fake.object(struct, values);
    const address = addTo(at, member === '' ? 0 : fake.offset(struct, member));
    fake.object('wait_queue_entry', { private: TASK, func: fake.function(wake) }, address);
    return { form: 'queue' as const, address };
  };
  return { fake, entry };
}

describe('wait queue entries', () => {
  it('that wait for a bit of a folio name the folio and the bit', () => {
    const { fake, entry } = kernel();
    const values = { folio: 0x5000, bit_nr: 1 };
    const waiter = { ...entry('wait_page_queue', 'wait', 'wake_page_function', values), ring: new Ring([]) };
    expect(queueWait(fake.dump(), waiter)).toMatchObject({
      ...{ kind: 'folio', address: 0x5000n, wants: 'PG_writeback', waiter: waiter.address },
      holder: { kind: 'unknown' },
    });
  });

  it('that wait for a bit or a variable name it', () => {
    const { fake, entry } = kernel();
    const values = { 'key.flags': 0x6000, 'key.bit_nr': 3 };
    const bit = entry('wait_bit_queue_entry', 'wq_entry', 'wake_bit_function', values);
    const variable = entry('wait_bit_queue_entry', 'wq_entry', 'var_wake_function', values);
    const dump = fake.dump();
    expect(queueWait(dump, { ...bit, ring: new Ring([]) })).toMatchObject({
      ...{ kind: 'bit', address: 0x6000n, wants: 'bit 3' },
    });
    expect(queueWait(dump, { ...variable, ring: new Ring([]) })).toMatchObject({
      ...{ kind: 'variable', address: 0x6000n, wants: undefined },
    });
  });

  it('name the head among other waiters', () => {
    const { fake, entry } = kernel();
    const head = fake.object('wait_queue_head');
    const [mine, other] = [1, 2].map(() => entry('wait_queue_entry', '', 'default_wake_function'));
    const node = (address: VirtualAddress) => addTo(address, fake.offset('wait_queue_entry', 'entry'));
    const list = addTo(head, fake.offset('wait_queue_head', 'head'));
    if (!mine || !other) throw new Error('two were made');
    expect(
      queueWait(fake.dump(), { ...mine, ring: new Ring([node(mine.address), node(other.address), list]) }),
    ).toMatchObject({
      ...{ kind: 'wait queue', address: head },
    });
    expect(
      queueWait(fake.dump(), { ...mine, ring: new Ring([node(mine.address), node(other.address)]) }),
    ).toBeUndefined();
  });

  it('on a per-CPU rwsem name the writer as long as it is known', () => {
    const { fake, entry } = kernel();
    const rwsem = fake.object('percpu_rw_semaphore');
    const ring = new Ring([addTo(rwsem, fake.offset('percpu_rw_semaphore', 'waiters.head'))]);
    const waiter = { ...entry('wait_queue_entry', '', 'percpu_rwsem_wake_function'), ring };
    expect(queueWait(fake.dump(), waiter)).toMatchObject({
      ...{ kind: 'percpu_rwsem', address: rwsem, holder: { kind: 'unknown' } },
    });
    fake.set('percpu_rw_semaphore', rwsem, 'writer.task', 0x7000);
    expect(queueWait(fake.dump(), waiter)?.holder).toEqual({ kind: 'task', task: 0x7000n });
  });

  it('that no function wakes are none', () => {
    const { fake, entry } = kernel();
    const waiter = entry('wait_queue_entry', '', 'default_wake_function');
    fake.set('wait_queue_entry', waiter.address, 'func', 0x1234);
    expect(queueWait(fake.dump(), { ...waiter, ring: new Ring([]) })).toBeUndefined();
  });
});

describe('futex', () => {
  function waiting(offset: number) {
    const { fake } = kernel();
    const bucket = fake.object('futex_hash_bucket');
    const lock = addTo(bucket, fake.offset('futex_hash_bucket', 'lock'));
    const address = fake.object('futex_q', {
      ...{ task: TASK, lock_ptr: lock, 'key.both.word': 0x7fff_0000, 'key.both.offset': offset },
    });
    const ring = new Ring([addTo(bucket, fake.offset('futex_hash_bucket', 'chain.node_list'))]);
    return { fake, waiter: { form: 'futex' as const, address, ring } };
  }

  it('names the word of user space, whose holder the kernel does not know', () => {
    const { fake, waiter } = waiting(0x124);
    expect(futexWait(fake.dump(), waiter)).toMatchObject({
      ...{ kind: 'futex', address: 0x7fff_0124n, holder: { kind: 'unknown' } },
    });
  });

  it('has no address where the word lies in a file, and a holder where the kernel keeps it', () => {
    const { fake, waiter } = waiting(0x125);
    const state = fake.object('futex_pi_state', { owner: 0x8000 });
    fake.set('futex_q', waiter.address, 'pi_state', state);
    expect(futexWait(fake.dump(), waiter)).toMatchObject({
      ...{ address: 0n, holder: { kind: 'task', task: 0x8000n } },
    });
  });

  it('is none whose list does not lead through the bucket that it names', () => {
    const { fake, waiter } = waiting(0x124);
    expect(
      futexWait(fake.dump(), { ...waiter, ring: new Ring([0x9000n as VirtualAddress]) }),
    ).toBeUndefined();
  });
});
