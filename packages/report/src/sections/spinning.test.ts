import type { VirtualAddress } from '@kcrash/vmcore/bytes/address';
import type { Cpu } from '@kcrash/vmcore/kernel/cpus';
import type { TaskStack } from '@kcrash/vmcore/kernel/stacks';
import { describe, expect, it } from 'vitest';
import { FakeTasks } from '../../../vmcore/test/fake_tasks.ts';
import { spinning } from './spinning.ts';

const SLOW_PATH = 'native_queued_spin_lock_slowpath';

/** A kernel of two CPUs with locks of the given values; a CPU whose registers point at them. */
function kernel(values: readonly number[], symbol = SLOW_PATH) {
  const fake = new FakeTasks([{ pid: 5, comm: 'spinner' }]);
  const { kernel } = fake;
  kernel.struct('qspinlock', { val: 'atomic' });
  kernel.struct('raw_spinlock', { raw_lock: 'qspinlock' });
  const locks = values.map((value) => kernel.object('raw_spinlock', { 'raw_lock.val.counter': value }));
  const registers = Object.fromEntries(locks.map((lock, n) => [`r${8 + n}`, lock]));
  const stack = {
    frames: [{ symbol }],
    registers: { registers: { ip: 1n, sp: locks[0] ?? 0n, ax: 0n, cx: 0x101n, ...registers } },
  } as unknown as TaskStack;
  const cpu: Cpu = {
    number: 0,
    online: true,
    present: true,
    current: undefined,
    idle: undefined,
    stacks: [],
    problems: [],
  };
  return { dump: fake.dump(), locks, stack, cpu };
}

const found = (values: readonly number[], symbol?: string) => {
  const { dump, locks, stack, cpu } = kernel(values, symbol);
  const wait = spinning(dump, cpu, stack);
  return wait === null ? null : locks.indexOf(BigInt(wait.address) as VirtualAddress);
};

describe('a CPU that spins', () => {
  it('waits for the one lock that is taken and waited for', () => {
    // Taken and the next one waits; free; taken and nobody waits; no lock at all.
    expect(found([0, 0x101, 1, 0x1234_5678])).toBe(1);
  });

  it('may stand in a queue, whose last CPU must exist', () => {
    // CPU 1 is the last in line: (1 + 1) << 18.
    expect(found([0x8_0001])).toBe(0);
    expect(found([0x40_0001])).toBeNull();
  });

  it('is not known by guessing between two', () => {
    expect(found([0x101, 0x101])).toBeNull();
  });

  it('is none in another function', () => {
    expect(found([0x101], 'schedule')).toBeNull();
  });

  it('is not on its own stack', () => {
    const { dump, locks, stack, cpu } = kernel([0x101]);
    const low = (locks[0] as VirtualAddress) - 64n;
    expect(spinning(dump, { ...cpu, stacks: [{ name: 'irq', low, high: low + 4096n }] }, stack)).toBeNull();
  });

  it('does not know who has the lock where the kernel does not note it', () => {
    const { dump, stack, cpu } = kernel([0x101]);
    expect(spinning(dump, cpu, stack)).toMatchObject({
      kind: 'spinlock',
      symbol: null,
      holder: { kind: 'unknown', why: expect.stringMatching(/CONFIG_DEBUG_SPINLOCK/) },
    });
  });
});
