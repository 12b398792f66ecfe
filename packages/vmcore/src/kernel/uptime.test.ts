import { describe, expect, it } from 'vitest';
import { FakeKernel } from '../../test/fake_kernel.ts';
import { readClocks, secondsSinceBoot } from './uptime.ts';

const SECOND = 1_000_000_000n;
const FIRST_JIFFIES = BigInt(0x1_0000_0000 - 300 * 250);

/** A timekeeper 100.5 s after boot at 250 ticks a second, after 20 s asleep, at 8 bytes past `tk_core`. */
function kernel(members: Record<string, string>, path: string) {
  const fake = new FakeKernel();
  fake.struct('seqcount_raw_spinlock', { sequence: 'u32' });
  fake.typedef('seqcount_raw_spinlock_t', 'seqcount_raw_spinlock');
  fake.struct('clocksource', { name: 'ptr' });
  fake.struct('tk_read_base', { clock: 'ptr', mult: 'u32', shift: 'u32', xtime_nsec: 'u64', base: 'long' });
  fake.struct('timekeeper', {
    ...{ tkr_mono: 'tk_read_base', offs_real: 'long', offs_boot: 'long', tai_offset: 'int', ntp_tick: 'u64' },
  });
  fake.struct(path === '' ? 'tk_core' : 'tk_data', members);
  const at = fake.object(path === '' ? 'tk_core' : 'tk_data');
  fake.object(
    'timekeeper',
    {
      'tkr_mono.clock': fake.object('clocksource', { name: 'tsc' }),
      'tkr_mono.shift': 8,
      'tkr_mono.xtime_nsec': (SECOND / 2n) << 8n,
      'tkr_mono.base': 80n * SECOND,
      offs_real: 1_700_000_000n * SECOND,
      offs_boot: 20n * SECOND,
      tai_offset: 37,
      ntp_tick: 4_000_100n << 32n,
    },
    (at + BigInt(fake.offset(path === '' ? 'tk_core' : 'tk_data', 'timekeeper'))) as typeof at,
  );
  fake.variables.tk_core = at;
  fake.variable('jiffies_64', 'u64', FIRST_JIFFIES + 20125n);
  return fake;
}

describe('clocks', () => {
  const expected = {
    realtimeNanoseconds: 1_700_000_080n * SECOND + SECOND / 2n,
    monotonicNanoseconds: 80n * SECOND + SECOND / 2n,
    uptimeNanoseconds: 100n * SECOND + SECOND / 2n,
    bootNanoseconds: 1_699_999_980n * SECOND,
    realtimeOffset: 1_700_000_000n * SECOND,
    boottimeOffset: 20n * SECOND,
    taiSeconds: 37,
    source: 'tsc',
    jiffies: FIRST_JIFFIES + 20125n,
    ticksPerSecond: 250,
  };

  it('are read from tk_core, a struct without a name before 6.13', () => {
    const fake = kernel({ seq: 'u32', timekeeper: 'timekeeper' }, '');
    expect(readClocks(fake.dump())).toEqual(expected);
  });

  it('are read from a struct tk_data', () => {
    const fake = kernel({ seq: 'u32', other: 'u64', timekeeper: 'timekeeper' }, 'tk_data');
    expect(readClocks(fake.dump())).toEqual(expected);
  });

  it('count ticks from five minutes before an overflow', () => {
    const clocks = readClocks(kernel({ seq: 'u32', timekeeper: 'timekeeper' }, '').dump());
    expect(secondsSinceBoot(clocks, clocks.jiffies)).toBe(80.5);
    expect(secondsSinceBoot(clocks, FIRST_JIFFIES - 250n)).toBe(-1);
  });

  it('of a damaged timekeeper are no clocks', () => {
    const fake = kernel({ seq: 'u32', timekeeper: 'timekeeper' }, '');
    fake.object('timekeeper', { ntp_tick: 0 }, ((fake.variables.tk_core ?? 0n) + 8n) as never);
    expect(() => readClocks(fake.dump())).toThrow(expect.objectContaining({ code: 'bad-format' }));
  });
});
