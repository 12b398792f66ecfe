import { describe, expect, it } from 'vitest';
import { main } from '../src/main.ts';
import type { Status } from '../src/status.ts';
import { FakePort } from './fake_port.ts';

function machine(): FakePort {
  const port = new FakePort();
  port.virtual.delete('/proc/vmcore');
  port.set('/proc/cmdline', 'crashkernel=128M\n');
  port.set('/sys/kernel/kexec_crash_size', '134217728\n');
  port.set('/sys/kernel/kexec_crash_loaded', '1\n');
  port.set('/proc/sys/kernel/kexec_load_disabled', '1\n');
  port.set('/proc/sys/kernel/panic_on_oops', '1\n');
  port.set(
    '/proc/meminfo',
    'MemTotal: 900000 kB\nMemFree: 700000 kB\nBuffers: 10000 kB\nCached: 60000 kB\nSwapCached: 0 kB\nAnonPages: 30000 kB\nShmem: 1000 kB\n',
  );
  return port;
}

function ask(port: FakePort, ...flags: string[]): { code: number; found: Status } {
  const code = main(port, ['status', '--json', ...flags], 'test');
  return { code, found: JSON.parse(port.said.join('\n')) as Status };
}

describe('status', () => {
  it('is ready on a machine that would give a dump', () => {
    const { code, found } = ask(machine());
    expect(code).toBe(0);
    expect(found).toMatchObject({
      ready: true,
      reasons: [],
      loaded: true,
      locked: true,
      panic_timeout_seconds: 5,
    });
    expect(found.reservation_bytes).toBe(134_217_728);
    expect(found.persist).toMatchObject({ path: '/persist', mounted: true, read_only: false });
    expect(found.expected_dump_bytes).toBeGreaterThan(20 << 20);
    expect(found.expected_dump_bytes).toBeLessThan(80 << 20);
  });

  it.each<[string, (port: FakePort) => void, RegExp]>([
    ['nothing is reserved', (port) => port.set('/sys/kernel/kexec_crash_size', '0'), /no memory is reserved/],
    [
      'nothing is loaded',
      (port) => port.set('/sys/kernel/kexec_crash_loaded', '0'),
      /no capture kernel is loaded/,
    ],
    ['an oops does not panic', (port) => port.set('/proc/sys/kernel/panic_on_oops', '0'), /panic_on_oops=1/],
    ['persist is read-only', (port) => Object.assign(port, { readOnly: true }), /mounted read-only/],
    ['persist is full', (port) => Object.assign(port, { reservedBytes: (1 << 30) - 1000 }), /would not fit/],
    [
      'persist is not mounted',
      (port) => port.set('/proc/self/mountinfo', '1 1 0:2 / / rw - rootfs none rw'),
      /not mounted/,
    ],
    [
      'the configuration is wrong',
      (port) => port.set('/etc/kcrash.conf', 'x=1'),
      /\/etc\/kcrash.conf:1: x = 1/,
    ],
  ])('is not ready, and says why, when %s', (_, spoil, reason) => {
    const port = machine();
    spoil(port);
    const { code, found } = ask(port);
    expect(code).toBe(1);
    expect(found.ready).toBe(false);
    expect(found.reasons.join('\n')).toMatch(reason);
  });

  it('names the last crash, and counts old dumps as room', () => {
    const port = machine();
    port.put('/persist/kcrashes/dmesg-2026-01-01T00:00:00+00:00.log', 'x');
    port.put('/persist/kcrashes/kdump-2026-01-02T00:00:00+00:00.dump', 'dump');
    const { found } = ask(port);
    expect(found.crashes_kept).toBe(2);
    expect(found.last_crash).toEqual({
      date: '2026-01-02T00:00:00+00:00',
      dmesg: null,
      dump: '/persist/kcrashes/kdump-2026-01-02T00:00:00+00:00.dump',
      dump_bytes: 4,
    });
  });

  it('tells a person the same', () => {
    const port = machine();
    port.set('/sys/kernel/kexec_crash_loaded', '0');
    expect(main(port, ['status'], 'test')).toBe(1);
    expect(port.said.join('\n')).toMatch(/would NOT give a whole dump:\n {2}- no capture kernel is loaded/);
  });
});

describe('wrong use', () => {
  it.each([
    [[]],
    [['frobnicate']],
    [['status', '--keep-crashes-count', '0']],
    [['status', 'arm']],
    [['status', '--config']],
  ])('%j exits 2 and says what is wrong', (args) => {
    const port = machine();
    expect(main(port, args, 'test')).toBe(2);
    expect(port.complained[0]).toMatch(/^kcrash: .+/);
  });

  it('prints version and help', () => {
    const port = machine();
    expect(main(port, ['--version'], '1.2.3')).toBe(0);
    expect(main(port, ['arm', '--help'], '1.2.3')).toBe(0);
    expect(port.said[0]).toBe('kcrash 1.2.3');
    expect(port.said[1]).toContain('--dump-budget-mib VALUE');
    expect(port.programs).toEqual([]);
  });

  it('refuses a configuration file that is asked for and missing', () => {
    const { code, found } = ask(machine(), '--config', '/nowhere');
    expect(code).toBe(1);
    expect(found.reasons).toContain('/nowhere: cannot be read: ENOENT');
  });
});
