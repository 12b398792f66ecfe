import { describe, expect, it } from 'vitest';
import { FakeKernel } from '../../test/fake_kernel.ts';
import { addTo, type VirtualAddress } from '../bytes/address.ts';
import { readDisks } from './block.ts';

/** A kernel whose `struct class` points at its private part (up to 6.3), or one where a list leads to it. */
function kernel(layout: 'old' | 'new') {
  const old = layout === 'old';
  const fake = new FakeKernel();
  fake.cpus(2);
  fake.struct('kobject', { name: 'ptr', entry: 'list_head' });
  fake.struct('kset', { list: 'list_head', kobj: 'kobject' });
  fake.struct('klist', { k_lock: 'int', k_list: 'list_head' });
  fake.struct('klist_node', { n_klist: 'ptr', n_node: 'list_head' });
  fake.struct('class', { name: 'ptr', ...(old ? { p: 'ptr' } : {}) });
  fake.struct('subsys_private', { subsys: 'kset', klist_devices: 'klist', class: 'ptr' });
  fake.struct('device_private', { knode_class: 'klist_node', device: 'ptr' });
  fake.struct('device', { kobj: 'kobject', p: 'ptr' });
  fake.struct('disk_stats', { io_ticks: 'u64', in_flight: 'u64[2]' });
  fake.struct('block_device', {
    ...{ bd_start_sect: 'u64', bd_nr_sectors: 'u64', bd_stats: 'ptr', bd_dev: 'u32', bd_openers: 'atomic' },
    ...(old ? { bd_read_only: 'u8', bd_partno: 'u8' } : { __bd_flags: 'atomic' }),
    ...{ bd_disk: 'ptr', bd_device: 'device' },
  });
  fake.struct('gendisk', { queue: 'ptr', part0: 'ptr', state: 'u64' });
  fake.struct('xa_node', { shift: 'u8', slots: 'ptr[4]' });
  fake.struct('xarray', { xa_lock: 'int', xa_head: 'ptr' });
  fake.struct('request_queue', {
    ...{
      mq_ops: 'ptr',
      mq_freeze_depth: 'int',
      quiesce_depth: 'int',
      rq_timeout: 'u32',
      ...(old ? { queue_hw_ctx: 'ptr', nr_hw_queues: 'u32' } : { hctx_table: 'xarray' }),
    },
  });
  fake.struct('blk_mq_hw_ctx', { tags: 'ptr' });
  fake.struct('blk_mq_tags', { nr_tags: 'u32', rqs: 'ptr' });
  fake.struct('request', {
    ...{ q: 'ptr', cmd_flags: 'u32', tag: 'int', __data_len: 'u32', __sector: 'u64', part: 'ptr' },
    ...{ start_time_ns: 'u64', io_start_time_ns: 'u64', state: 'u32' },
  });

  const block = fake.object('class', { name: 'block' });
  const other = fake.object('class', { name: 'net' });
  const mine = fake.object('subsys_private', { class: block });
  fake.variables.block_class = block;
  if (old) fake.set('class', block, 'p', mine);
  else {
    const set = fake.object('kset');
    const kobject = (private_: VirtualAddress) =>
      addTo(private_, fake.offset('subsys_private', 'subsys.kobj'));
    const objects = [kobject(fake.object('subsys_private', { class: other })), kobject(mine)];
    fake.list(set, 'kobject', 'entry', objects);
    fake.variable('class_kset', 'ptr', set);
  }
  const queue = fake.object('request_queue', { rq_timeout: 7500 });
  const disk = fake.object('gendisk', { queue });
  const device = (name: string, partition: number, start: number, sectors: number) => {
    const at = fake.object('block_device', {
      ...{ bd_start_sect: start, bd_nr_sectors: sectors, bd_dev: (259 << 20) | partition, bd_disk: disk },
      ...(old ? { bd_partno: partition, bd_read_only: 1 } : { '__bd_flags.counter': partition | 0x100 }),
      ...{ 'bd_openers.counter': 2, 'bd_device.kobj.name': name },
    });
    const bd = addTo(at, fake.offset('block_device', 'bd_device'));
    return { at, private: fake.object('device_private', { device: bd }) };
  };
  const devices = [device('vda', 0, 0, 2048), device('vda1', 1, 64, 1024)] as const;
  const list = addTo(mine, fake.offset('subsys_private', 'klist_devices.k_list'));
  const nodes = devices.map((each) => addTo(each.private, fake.offset('device_private', 'knode_class')));
  fake.list(list, 'klist_node', 'n_node', nodes);
  return { fake, queue, disk, whole: devices[0].at };
}

describe('disks', () => {
  it.each(['old', 'new'] as const)('have partitions, by the %s layouts', (layout) => {
    const { fake, whole, disk } = kernel(layout);
    fake.set('block_device', whole, 'bd_stats', fake.allocate(0x100100));
    const { disks } = readDisks(fake.dump());
    expect(disks).toMatchObject([
      {
        ...{ address: whole, disk, name: 'vda', major: 259, minor: 0, bytes: 1 << 20, startBytes: 0 },
        ...{ partition: 0, readOnly: true, openers: 2, dead: false, frozen: false, timeoutJiffies: 7500 },
        partitions: [{ name: 'vda1', minor: 1, bytes: 1 << 19, startBytes: 64 * 512, partition: 1 }],
      },
    ]);
  });

  it.each(['old', 'new'] as const)('tell what their driver has not finished, by the %s layouts', (layout) => {
    const { fake, queue, disk, whole } = kernel(layout);
    const request = (tag: number, values: Record<string, bigint | number>) =>
      fake.object('request', { q: queue, tag, state: 1, part: whole, ...values });
    const requests = [
      request(0, {
        cmd_flags: 0x801,
        __sector: 8,
        __data_len: 4096,
        start_time_ns: 900,
        io_start_time_ns: 950,
      }),
      request(1, { state: 0 }),
      request(2, { __sector: 16, __data_len: 512, start_time_ns: 100 }),
      request(9, {}),
      request(4, { cmd_flags: 34, part: 0, __sector: 0xffff_ffff_ffff_ffffn, start_time_ns: 950 }),
      request(5, { q: disk }),
    ];
    const rqs = fake.allocate(64);
    requests.forEach((each, n) => {
      fake.memory.number(addTo(rqs, n * 8), each);
    });
    const tags = fake.object('blk_mq_tags', { nr_tags: 8, rqs });
    const hardware = fake.object('blk_mq_hw_ctx', { tags });
    fake.set('request_queue', queue, 'mq_ops', fake.function('nvme_mq_ops'));
    if (layout === 'new') fake.set('request_queue', queue, 'hctx_table.xa_head', hardware);
    else {
      const array = fake.allocate(8);
      fake.memory.number(array, hardware);
      fake.set('request_queue', queue, 'queue_hw_ctx', array);
      fake.set('request_queue', queue, 'nr_hw_queues', 1);
    }
    fake.set('request_queue', queue, 'quiesce_depth', 1);
    fake.set('gendisk', disk, 'state', 4);
    const { disks, problems } = readDisks(fake.dump());
    expect(problems).toEqual([]);
    expect(disks[0]).toMatchObject({ inFlight: 2, quiesced: true, dead: true });
    expect(disks[0]?.requests).toMatchObject([
      { address: requests[2], operation: 'read', startBytes: 8192, bytes: 512, startedNanoseconds: 100n },
      { address: requests[0], operation: 'write', bytes: 4096, issuedNanoseconds: 950n, accounted: true },
      { address: requests[4], operation: 'driver in', startBytes: 0, accounted: false },
    ]);
  });

  it('say why they are not there', () => {
    const { fake } = kernel('new');
    delete fake.variables.class_kset;
    expect(readDisks(fake.dump())).toEqual({ disks: [], problems: [expect.stringMatching(/class_kset/)] });
  });
});
