import { describe, expect, it } from 'vitest';
import { FakeKernel } from '../../test/fake_kernel.ts';
import { addTo } from '../bytes/address.ts';
import { readWorkerPools } from './workqueue.ts';

/** A pool of CPU 1 with a worker that runs work of `lab`, work that waits for a worker, and work held back. */
function kernel() {
  const fake = new FakeKernel();
  fake.struct('xa_node', { shift: 'u8', slots: 'ptr[4]' });
  fake.struct('xarray', { xa_lock: 'int', xa_head: 'ptr' });
  fake.struct('idr', { idr_rt: 'xarray', idr_base: 'int' });
  fake.struct('worker_pool', {
    ...{
      cpu: 'int',
      id: 'int',
      watchdog_ts: 'u64',
      worklist: 'list_head',
      nr_workers: 'int',
      nr_idle: 'int',
    },
    workers: 'list_head',
  });
  fake.struct('worker', {
    ...{ current_work: 'ptr', current_func: 'ptr', current_pwq: 'ptr', task: 'ptr', node: 'list_head' },
    desc: 'char[24]',
  });
  fake.struct('pool_workqueue', {
    pool: 'ptr',
    wq: 'ptr',
    inactive_works: 'list_head',
    pwqs_node: 'list_head',
  });
  fake.struct('workqueue_struct', { pwqs: 'list_head', list: 'list_head', name: 'char[24]' });
  fake.struct('work_struct', { data: 'atomic_long', entry: 'list_head', func: 'ptr' });

  const pool = fake.object('worker_pool', { cpu: 1, id: 2, watchdog_ts: 77, nr_workers: 2, nr_idle: 1 });
  const wq = fake.object('workqueue_struct', { name: 'lab' });
  const aligned = addTo(fake.allocate(512), 255) & ~255n;
  const pwq = fake.object('pool_workqueue', { pool, wq }, addTo(aligned as never, 0));
  const work = (name: string) =>
    fake.object('work_struct', { 'data.counter': pwq | 5n, func: fake.function(name) });
  const works = { waits: work('waits'), held: work('held'), runs: work('runs') };
  const busy = fake.object('worker', {
    ...{ current_work: works.runs, current_func: fake.function('runs'), current_pwq: pwq, task: 0x1000 },
    desc: 'lab',
  });
  const idle = fake.object('worker', { task: 0x2000 });
  const in_ = (struct: string, at: bigint, member: string) => at + BigInt(fake.offset(struct, member));
  fake.list(in_('worker_pool', pool, 'workers'), 'worker', 'node', [busy, idle]);
  fake.list(in_('worker_pool', pool, 'worklist'), 'work_struct', 'entry', [works.waits]);
  fake.list(in_('pool_workqueue', pwq, 'inactive_works'), 'work_struct', 'entry', [works.held]);
  fake.list(in_('workqueue_struct', wq, 'pwqs'), 'pool_workqueue', 'pwqs_node', [pwq]);
  fake.list(fake.variable('workqueues', 'list_head'), 'workqueue_struct', 'list', [wq]);
  fake.variables.worker_pool_idr = fake.object('idr', { 'idr_rt.xa_head': pool });
  return { fake, pool, pwq, works };
}

describe('worker pools', () => {
  it('tell what runs, what waits and what is held back', () => {
    const { fake, pool, works } = kernel();
    const { pools, problems } = readWorkerPools(fake.dump());
    expect(problems).toEqual([]);
    const of = (name: 'waits' | 'held') => ({
      ...{ address: works[name], function: fake.function(name), workqueue: 'lab', heldBack: name === 'held' },
    });
    expect(pools).toEqual([
      {
        ...{ address: pool, id: 2, cpu: 1, workers: 2, idle: 1, progressJiffies: 77n },
        busy: [
          {
            ...{ task: 0x1000n, work: works.runs, function: fake.function('runs'), workqueue: 'lab' },
            description: 'lab',
          },
        ],
        pending: [of('waits'), of('held')],
      },
    ]);
  });

  it('name no workqueue that belongs to another pool', () => {
    const { fake, pwq } = kernel();
    fake.set('pool_workqueue', pwq, 'pool', 0x3000);
    const [pool] = readWorkerPools(fake.dump()).pools;
    expect(pool?.busy[0]?.workqueue).toBeUndefined();
    expect(pool?.pending).toMatchObject([{ workqueue: undefined, heldBack: false }]);
  });

  // Found by the fuzzer: each of many workqueues led into the same long list, and each was walked to its end.
  it('are read in bounded time where every workqueue leads into one long list', () => {
    const { fake, pool } = kernel();
    const node = fake.size('pool_workqueue');
    const chain = Array.from({ length: 2000 }, () => fake.allocate(node));
    const queues = chain.slice(0, 1000).map((at) => {
      const queue = fake.object('workqueue_struct', { name: 'one of many' });
      fake.set(
        'workqueue_struct',
        queue,
        'pwqs.next',
        at + BigInt(fake.offset('pool_workqueue', 'pwqs_node')),
      );
      return queue;
    });
    chain.forEach((at, n) => {
      const next = chain[(n + 1) % chain.length] as bigint;
      fake.set('pool_workqueue', at, 'pool', pool);
      fake.set(
        'pool_workqueue',
        at,
        'pwqs_node.next',
        next + BigInt(fake.offset('pool_workqueue', 'pwqs_node')),
      );
    });
    fake.list(fake.variables.workqueues as bigint, 'workqueue_struct', 'list', queues);
    const { problems } = readWorkerPools(fake.dump());
    expect(problems.at(-1)).toMatch(/over 131072 nodes/);
  });

  it('are given without held-back work where the workqueues are not named', () => {
    const { fake } = kernel();
    delete fake.variables.workqueues;
    const { pools, problems } = readWorkerPools(fake.dump());
    expect(pools[0]?.pending).toHaveLength(1);
    expect(problems).toEqual([expect.stringMatching(/^Workqueues: .*system_wq/)]);
  });
});
