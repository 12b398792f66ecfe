import { describe, expect, it } from 'vitest';
import { DATE, DMESG, DUMP, LOG, machine, programs, run, small, texts } from './crashed_machine.ts';
import type { FakePort } from './fake_port.ts';

describe('room', () => {
  const MIB = 1 << 20;
  const old = (n: number) => `2026-01-0${n}T00:00:00+00:00`;
  const putOld = (port: FakePort, n: number, bytes: number) => {
    port.put(`/persist/kcrashes/dmesg-${old(n)}.log`, 'old');
    port.put(`/persist/kcrashes/kdump-${old(n)}.dump`, 'x'.repeat(bytes));
  };
  const dates = (port: FakePort) =>
    [...port.onDisk().keys()]
      .filter((name) => name.includes('kdump-'))
      .map((name) => name.slice(24, -5))
      .sort();

  it('keeps the newest five crashes', () => {
    const port = machine((it) => {
      for (let n = 1; n <= 6; n += 1) putOld(it, n, 100);
    });
    run(port);
    expect(dates(port)).toEqual([old(3), old(4), old(5), old(6), DATE]);
  });

  it('lets only as many old crashes go before the dump as it needs', () => {
    const port = machine((it) => {
      it.capacityBytes = 64 * MIB;
      for (let n = 1; n <= 4; n += 1) putOld(it, n, 12 * MIB);
      it.programOf = programs(it, 20 * MIB);
    });
    run(port, small(port));
    expect(dates(port)).toEqual([old(2), old(3), old(4), DATE]);
    expect(port.onDisk().get(DUMP)).toHaveLength(20 * MIB);
  });

  it('cuts a dump that fits nowhere, and keeps it', () => {
    const port = machine((it) => {
      it.capacityBytes = 40 * MIB;
      it.programOf = programs(it, 90 * MIB);
    });
    run(port, small(port));
    const length = port.onDisk().get(DUMP)?.length ?? 0;
    expect(length).toBeGreaterThanOrEqual(29 * MIB);
    expect(length).toBeLessThanOrEqual(30 * MIB);
    expect(texts(port)['/persist/reboot-reason']).toBe(`kernel panic, kdump collected: ${DUMP}\n`);
  });

  it('asks no other engine where the budget has no room for what any dump begins with', () => {
    const port = machine((it) => {
      const real = it.programOf;
      it.programOf = (argv) =>
        argv[0] === '/proc/self/exe'
          ? { how: 'exited', code: 3, output: '3 %, 0.1 MiB\nkcrash: /proc/vmcore: no room\n' }
          : real(argv);
    });
    run(port);
    expect(port.programs.filter((line) => line.includes(' -d '))).toEqual([]);
    expect(texts(port)['/persist/reboot-reason']).toBe(`kernel panic, dmesg collected: ${DMESG}\n`);
    expect(texts(port)['/persist/reboot-stack']).toMatch(
      /\nNo dump: kcrash dump: exit status 3: kcrash: .proc.vmcore: no room\n$/,
    );
  });

  it('makes no dump and removes no crash where the floor cannot be kept', () => {
    const port = machine((it) => {
      it.totalBytes = 100 * 1024 * MIB;
      it.capacityBytes = 2 * 1024 * MIB;
      putOld(it, 1, MIB);
    });
    run(port);
    expect(dates(port)).toEqual([old(1)]);
    expect(texts(port)['/persist/reboot-reason']).toBe(`kernel panic, dmesg collected: ${DMESG}\n`);
  });

  it('overwrites reason files in place on a disk that is full to the last byte', () => {
    const port = machine((it) => {
      it.put('/persist/reboot-reason', 'y'.repeat(300));
      it.put('/persist/reboot-stack', 'z'.repeat(100_000));
      it.put('/persist/boot-reason', 'BootReasonPowerFail\n');
      it.put('/persist/customer', 'c'.repeat(500_000));
      it.capacityBytes = 600_320;
    });
    expect(run(port, small(port))).toBe('restart');
    const files = texts(port);
    expect(files['/persist/customer']).toHaveLength(500_000);
    expect(files['/persist/reboot-reason']).toMatch(/^kernel panic, dmesg not collected: .*ENOSPC\n$/);
    expect(files['/persist/boot-reason']).toBe('BootReasonKernel\n');
    expect(Object.keys(files).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  it('lets old crashes go for the log itself on a full disk', () => {
    const port = machine((it) => {
      for (let n = 1; n <= 3; n += 1) putOld(it, n, 2000);
      it.capacityBytes = 3 * 2003 + 100;
      it.programOf = () => ({ how: 'not-started', why: 'ENOENT' });
    });
    run(port, small(port));
    expect(texts(port)[DMESG]).toBe(LOG);
    expect(texts(port)['/persist/reboot-reason']).toBe(`kernel panic, dmesg collected: ${DMESG}\n`);
    expect(texts(port)['/persist/reboot-stack']).toContain('kcrash: ');
    expect(dates(port)).toEqual([old(2), old(3)]);
  });
});
