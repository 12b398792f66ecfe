import { describe, expect, it } from 'vitest';
import { FakeKernel } from '../../test/fake_kernel.ts';
import { addTo, type VirtualAddress } from '../bytes/address.ts';
import { readHrtimers } from './hrtimers.ts';
import { readTimeouts } from './timeouts.ts';
import { readTimers } from './timers.ts';
import { delayedWork } from './workqueue.ts';

const NOW = 0xfffe_0000n;

/** Two CPUs with two wheels each; what follows the second is something else. */
function kernel() {
  const fake = new FakeKernel();
  fake.cpus(2);
  fake.struct('timer_list', { entry: 'ptr[2]', expires: 'u64', function: 'ptr', flags: 'u32' });
  fake.struct('timer_base', {
    ...{
      lock: 'int',
      running_timer: 'ptr',
      clk: 'u64',
      cpu: 'u32',
      pending_map: 'u64[2]',
      vectors: 'ptr[128]',
    },
  });
  fake.struct('process_timer', { timer: 'timer_list', task: 'ptr' });
  fake.struct('work_struct', { data: 'u64', entry: 'list_head', func: 'ptr' });
  fake.struct('delayed_work', { work: 'work_struct', timer: 'timer_list', wq: 'ptr', cpu: 'int' });
  fake.struct('workqueue_struct', { pwqs: 'list_head', name: 'char[24]' });
  const size = fake.size('timer_base');
  const bases = fake.allocate(0x100000 + 3 * size);
  fake.variables.timer_bases = bases;
  fake.variable('jiffies_64', 'u64', NOW);
  const base = (cpu: number, n: number) => addTo(bases, cpu * 0x100000 + n * size);
  for (const cpu of [0, 1]) {
    for (const n of [0, 1]) fake.object('timer_base', { cpu, clk: NOW - BigInt(n) * 1000n }, base(cpu, n));
  }
  const timer = (expires: bigint, name: string, flags = 0, at?: VirtualAddress) =>
    fake.object('timer_list', { expires, function: fake.function(name), flags }, at);
  /** Hangs timers into a bucket of a wheel. */
  const hang = (wheel: VirtualAddress, bucket: number, timers: readonly VirtualAddress[]) => {
    const map = addTo(wheel, fake.offset('timer_base', 'pending_map') + Math.floor(bucket / 8));
    fake.memory.number(map, 1 << (bucket % 8), 1);
    let link = addTo(wheel, fake.offset('timer_base', 'vectors') + bucket * 8);
    for (const each of timers) {
      fake.memory.number(link, each);
      link = each;
    }
  };
  return { fake, base, timer, hang };
}

describe('timer wheels', () => {
  it('are as many as say that they are a CPU’s, with their timers by time', () => {
    const { fake, base, timer, hang } = kernel();
    const late = timer(NOW + 500n, 'late');
    const soon = timer(NOW + 5n, 'soon', 0x0008_0000);
    hang(base(1, 1), 70, [late]);
    hang(base(1, 1), 3, [soon]);
    const { wheels, problems } = readTimers(fake.dump());
    expect(problems).toEqual([]);
    expect(wheels.map(({ cpu, clock, timers }) => [cpu, clock, timers.length])).toEqual([
      [0, NOW, 0],
      [0, NOW - 1000n, 0],
      [1, NOW, 0],
      [1, NOW - 1000n, 2],
    ]);
    expect(wheels[3]?.timers).toEqual([
      { address: soon, cpu: 1, function: fake.function('soon'), expires: NOW + 5n, deferrable: true },
      { address: late, cpu: 1, function: fake.function('late'), expires: NOW + 500n, deferrable: false },
    ]);
  });

  it('with a list that runs in a circle end', () => {
    const { fake, base, timer, hang } = kernel();
    const one = timer(NOW, 'one');
    hang(base(0, 0), 0, [one]);
    fake.memory.number(one, one);
    const { wheels, problems } = readTimers(fake.dump());
    expect(wheels[0]?.timers).toHaveLength(1);
    expect(problems).toEqual([expect.stringMatching(/circle/)]);
  });

  it('say why they are not there', () => {
    const { fake } = kernel();
    delete fake.variables.jiffies_64;
    expect(readTimers(fake.dump())).toEqual({ wheels: [], problems: [expect.stringMatching(/jiffies/)] });
  });

  it('hold delayed work, and tell when a sleeping task wakes', () => {
    const { fake, base, timer, hang } = kernel();
    const wq = fake.object('workqueue_struct', { name: 'events' });
    const delayed = fake.object('delayed_work', { 'work.func': fake.function('later'), wq });
    const inWork = addTo(delayed, fake.offset('delayed_work', 'timer'));
    timer(NOW + 9n, 'delayed_work_timer_fn', 0, inWork);
    const sleeper = fake.object('process_timer', { task: 0x1000 });
    timer(NOW + 7n, 'process_timeout', 0, sleeper);
    hang(base(0, 0), 1, [inWork, sleeper]);
    const dump = fake.dump();
    const timers = readTimers(dump);
    expect(delayedWork(dump, timers, [])).toEqual([
      { address: delayed, function: fake.function('later'), workqueue: 'events', expires: NOW + 9n },
    ]);
    const all = timers.wheels.flatMap((wheel) => wheel.timers);
    expect([...readTimeouts(dump, all, [])]).toEqual([[0x1000n, { clock: 'jiffies', expires: NOW + 7n }]]);
  });
});

describe('high-resolution timers', () => {
  it('are listed by clock and time, and tell when a sleeping task wakes', () => {
    const fake = new FakeKernel();
    fake.cpus(1);
    fake.struct('rb_node', { parent: 'u64', rb_right: 'ptr', rb_left: 'ptr' });
    fake.struct('timerqueue_node', { node: 'rb_node', expires: 'long' });
    fake.struct('hrtimer', { node: 'timerqueue_node', _softexpires: 'long', function: 'ptr', is_soft: 'u8' });
    fake.struct('rb_root', { rb_node: 'ptr' });
    fake.struct('rb_root_cached', { rb_root: 'rb_root', rb_leftmost: 'ptr' });
    fake.struct('timerqueue_head', { rb_root: 'rb_root_cached' });
    fake.struct('hrtimer_clock_base', { index: 'u32', clockid: 'int', active: 'timerqueue_head' });
    fake.struct('hrtimer_cpu_base', { lock: 'int', clock_base: 'hrtimer_clock_base[2]' });
    fake.struct('hrtimer_sleeper', { timer: 'hrtimer', task: 'ptr' });
    const wake = fake.function('hrtimer_wakeup');
    const late = fake.object('hrtimer_sleeper', {
      ...{ 'timer.node.expires': 900, 'timer._softexpires': 850, 'timer.function': wake, task: 0x2000 },
    });
    const soon = fake.object('hrtimer', {
      ...{ 'node.expires': 100, _softexpires: 100, function: fake.function('tick'), is_soft: 1 },
      'node.node.rb_right': late,
    });
    fake.variables.hrtimer_bases = fake.object('hrtimer_cpu_base', {
      'clock_base[1].clockid': 7,
      'clock_base[1].active.rb_root.rb_root.rb_node': soon,
    });
    const dump = fake.dump();
    const { timers, problems } = readHrtimers(dump);
    expect(problems).toEqual([]);
    expect(timers).toMatchObject([
      { address: soon, clock: 'CLOCK_BOOTTIME', expiresNanoseconds: 100n, soft: true },
      { address: late, cpu: 0, function: wake, softNanoseconds: 850n, expiresNanoseconds: 900n },
    ]);
    expect(readTimeouts(dump, [], timers).get(0x2000n as VirtualAddress)).toEqual({
      clock: 'CLOCK_BOOTTIME',
      expires: 900n,
    });
  });
});
