import { describe, expect, it } from 'vitest';
import { collect } from '../src/collect.ts';
import { type Ended, PortError } from '../src/port.ts';
import { defaultSettings, type Settings } from '../src/settings.ts';
import { FakePort, type Fault, MachineGone } from './fake_port.ts';
import { smallVmcore } from './small_vmcore.ts';

const MESSAGES = [
  'Linux version 6.1.0-56-cloud-amd64 (gcc-12) #1 SMP',
  'sysrq: Trigger a crash',
  'Kernel panic - not syncing: sysrq triggered crash',
  'CPU: 1 PID: 77 Comm: sh Not tainted 6.1.0-56-cloud-amd64 #1',
  'Call Trace:',
  ' <TASK>',
  ' sysrq_handle_crash+0x16/0x20',
];
const LOG = MESSAGES.map((message, n) => `[    0.00${n}000] ${message}\n`).join('');
const CRASH_SECONDS = 1_789_999_990;
const VMCORE = smallVmcore(MESSAGES, CRASH_SECONDS);
const DATE = '2026-09-21T14:13:20+00:00';
const DMESG = `/persist/kcrashes/dmesg-${DATE}.log`;
const DUMP = `/persist/kcrashes/kdump-${DATE}.dump`;
const DUMP_BYTES = 40_000;

function dumpText(length: number, status: number): string {
  const bytes = new Uint8Array(length);
  bytes.set(Uint8Array.from('KDUMP   ', (char) => char.charCodeAt(0)));
  new DataView(bytes.buffer).setUint32(424, status, true);
  new DataView(bytes.buffer).setUint32(428, 4096, true);
  return Buffer.from(bytes).toString('latin1');
}

/** A makedumpfile that does what the real one does with these options. */
function makedumpfile(port: FakePort, dumpBytes = DUMP_BYTES) {
  return (argv: readonly string[]): Ended => {
    const out = argv.at(-1) ?? '';
    if (argv[1] === '-v') return { how: 'exited', code: 0, output: 'lzo\tenabled\nzstd\tdisabled\n' };
    const limit = Number(argv[argv.indexOf('-L') + 1]);
    const isLog = argv[1] === '--dump-dmesg';
    const content = isLog ? LOG : dumpText(Math.min(dumpBytes, limit), dumpBytes > limit ? 0xa : 0x2);
    const done = port.programWrites(out, content);
    return { how: 'exited', code: done && (isLog || dumpBytes <= limit) ? 0 : 1, output: '' };
  };
}

function machine(setUp: (port: FakePort) => void = () => {}): FakePort {
  const port = new FakePort();
  port.set('/proc/vmcore', VMCORE);
  port.programOf = makedumpfile(port);
  setUp(port);
  return port;
}

function small(port: FakePort): Settings {
  port.totalBytes = port.capacityBytes;
  return defaultSettings();
}

/** Runs collect until the machine is gone; returns why it went. */
function run(port: FakePort, settings = defaultSettings()): string {
  try {
    const code = collect(port, settings, []);
    return `returned ${code}`;
  } catch (error) {
    if (error instanceof MachineGone) return error.why;
    throw error;
  }
}

function texts(port: FakePort): Record<string, string> {
  return Object.fromEntries(port.onDisk());
}

describe('a capture boot', () => {
  it('keeps every file of the contract and restarts', () => {
    const port = machine();
    expect(run(port)).toBe('restart');
    const files = texts(port);
    expect(Object.keys(files).sort()).toEqual(
      ['/persist/boot-reason', DMESG, DUMP, '/persist/reboot-reason', '/persist/reboot-stack'].sort(),
    );
    expect(files[DMESG]).toBe(LOG);
    expect(files[DUMP]).toHaveLength(DUMP_BYTES);
    expect(files['/persist/reboot-reason']).toBe(`kernel panic, kdump collected: ${DUMP}\n`);
    expect(files['/persist/boot-reason']).toBe('BootReasonKernel\n');
    const stack = files['/persist/reboot-stack'] ?? '';
    expect(stack.startsWith(LOG)).toBe(true);
    const summary = stack.slice(LOG.length);
    expect(summary.length).toBeLessThanOrEqual(1600);
    expect(summary).toContain('sysrq_handle_crash');
    expect(port.modifiedOf('/persist/boot-reason')).toBe(CRASH_SECONDS);
  });

  it('reads the log itself where makedumpfile is missing', () => {
    const port = machine((it) => {
      it.programOf = () => ({ how: 'not-started', why: 'ENOENT' });
    });
    expect(run(port)).toBe('restart');
    expect(texts(port)[DMESG]).toBe(LOG);
    expect(texts(port)['/persist/reboot-reason']).toBe(`kernel panic, dmesg collected: ${DMESG}\n`);
    expect(port.console.join('')).toContain('kcrash: no dump: makedumpfile not started: ENOENT');
  });

  it('says what is wrong with a /proc/vmcore full of garbage, and still collects', () => {
    const port = machine((it) => {
      it.set('/proc/vmcore', 'garbage'.repeat(10_000));
      it.programOf = () => ({ how: 'exited', code: 1, output: 'not a vmcore' });
    });
    expect(run(port)).toBe('restart');
    expect(texts(port)['/persist/reboot-reason']).toMatch(
      /^kernel panic, dmesg not collected: Not a crash dump/,
    );
    expect(texts(port)['/persist/reboot-stack']).toMatch(
      /^kcrash: the kernel crashed; its log cannot be read: Not/,
    );
    expect(texts(port)['/persist/boot-reason']).toBe('BootReasonKernel\n');
  });

  it('does the steps in the contract’s order, each file whole before the next begins', () => {
    const port = machine();
    run(port);
    const wanted = [
      `run makedumpfile`,
      `fsync /persist/kcrashes/.dmesg-${DATE}.log.part`,
      `rename ${DMESG}`,
      'fsync /persist/kcrashes',
      'create /persist/.reboot-stack.part',
      'fsync /persist/.reboot-stack.part',
      'rename /persist/reboot-stack',
      'fsync /persist',
      'create /persist/.reboot-reason.part',
      'rename /persist/reboot-reason',
      'fsync /persist',
      'create /persist/.boot-reason.part',
      'rename /persist/boot-reason',
      'fsync /persist',
      'write /dev/kmsg',
      'run makedumpfile',
      'run makedumpfile',
      `fsync /persist/kcrashes/.kdump-${DATE}.dump.part`,
      `rename ${DUMP}`,
      'fsync /persist/kcrashes',
      'create /persist/.reboot-reason.part',
      'rename /persist/reboot-reason',
      'fsync /persist',
      'remount ro /persist',
      'umount /persist',
      'syncfs /',
      'sleep 5',
    ];
    let at = 0;
    for (const operation of port.operations) if (operation === wanted[at]) at += 1;
    expect(wanted.slice(at)).toEqual([]);
  });

  it('shows the panic, and only that, between the marks', () => {
    const port = machine();
    run(port);
    const begin = port.console.findIndex((line) => line.includes('dmesg BEGIN'));
    const end = port.console.findIndex((line) => line.includes('dmesg END'));
    const shown = port.console.slice(begin + 1, end).join('');
    expect(shown).toContain('Kernel panic - not syncing: sysrq triggered crash');
    expect(shown).toContain('sysrq_handle_crash');
    expect(shown).not.toMatch(/Linux version|Trigger a crash/);
  });

  it('shows the rest when a line is refused', () => {
    const port = machine();
    const write = port.writeOnce.bind(port);
    port.writeOnce = (path, bytes) => {
      if (Buffer.from(bytes).includes('Call Trace')) throw new PortError('EINVAL', 'write', path);
      write(path, bytes);
    };
    run(port);
    expect(port.console.join('')).toMatch(
      /sysrq_handle_crash.*dmesg END.*panic not shown: write .dev.kmsg: EINVAL/s,
    );
  });

  it('leaves the root alone that lies under a persist that is not mounted', () => {
    const port = machine((it) => {
      it.readOnly = true;
      it.set('/proc/self/mountinfo', '22 1 0:20 / / ro - ext4 /dev/root ro\n');
    });
    expect(run(port)).toBe('restart');
    expect(port.operations).not.toContain('remount rw /');
    expect(port.console.join('')).toContain('dmesg BEGIN');
  });

  it('pauses between the lines for a console that is recorded slowly', () => {
    const port = machine();
    run(port, { ...defaultSettings(), console_line_milliseconds: 200 });
    expect(port.operations.filter((it) => it === 'sleep 0.2')).toHaveLength(MESSAGES.length - 2 + 2);
  });

  it.each([
    ['5\n', 'restart', 'sleep 5'],
    ['0\n', 'waits for ever', 'sleep 3600'],
    ['-1\n', 'restart', 'syncfs /'],
  ])('waits as a panic would with panic=%s', (panic, end, lastOperation) => {
    const port = machine((it) => it.set('/proc/sys/kernel/panic', panic));
    expect(run(port)).toBe(end);
    expect(port.operations.filter((it) => it !== 'write /dev/kmsg').at(-1)).toBe(lastOperation);
  });

  it('still writes reasons and restarts where there is no /proc/vmcore', () => {
    const port = machine((it) => it.virtual.delete('/proc/vmcore'));
    port.programOf = () => ({ how: 'exited', code: 1, output: '' });
    expect(run(port)).toBe('restart');
    expect(texts(port)['/persist/reboot-reason']).toBe(
      'kernel panic, dmesg not collected: there is no /proc/vmcore\n',
    );
    expect(texts(port)['/persist/boot-reason']).toBe('BootReasonKernel\n');
    expect(texts(port)['/persist/reboot-stack']).toMatch(/^kcrash: /);
  });

  it('keeps the log and the reason when makedumpfile hangs over the dump', () => {
    const port = machine();
    const real = port.programOf;
    port.programOf = (argv) => (argv.includes('-d') ? { how: 'timed-out', output: '' } : real(argv));
    expect(run(port)).toBe('restart');
    expect(texts(port)['/persist/reboot-reason']).toBe(`kernel panic, dmesg collected: ${DMESG}\n`);
    expect([...port.onDisk().keys()].filter((name) => name.endsWith('.part'))).toEqual([]);
    expect(port.console.join('')).toContain('kcrash: no dump: makedumpfile: no end within the time limit');
  });

  it('refuses what makedumpfile wrote when it is no kdump file', () => {
    const port = machine();
    const real = port.programOf;
    port.programOf = (argv) => {
      if (!argv.includes('-d')) return real(argv);
      port.programWrites(argv.at(-1) ?? '', 'x'.repeat(5000));
      return { how: 'exited', code: 0, output: '' };
    };
    run(port);
    expect(port.onDisk().has(DUMP)).toBe(false);
  });

  it('remounts a persist that is read-only', () => {
    const port = machine((it) => {
      it.readOnly = true;
      it.set('/proc/self/mountinfo', '30 22 259:2 / /persist ro - ext4 /dev/p2 ro\n');
    });
    run(port);
    expect(texts(port)['/persist/reboot-reason']).toContain('kdump collected');
  });

  it.each(['tmpfs', 'overlay'])(
    'writes nothing to a persist that is %s, and still shows the panic',
    (type) => {
      const port = machine((it) => it.set('/proc/self/mountinfo', `22 1 0:20 / / rw - ${type} none rw\n`));
      expect(run(port)).toBe('restart');
      expect([...port.onDisk().keys()]).toEqual([]);
      expect(port.console.join('')).toContain('dmesg BEGIN');
    },
  );
});

describe('a normal boot', () => {
  it('returns 0 and touches nothing', () => {
    const port = machine((it) => {
      it.virtual.delete('/proc/vmcore');
      it.set('/proc/cmdline', 'root=/dev/x panic=5');
    });
    expect(run(port)).toBe('returned 0');
    expect(port.operations).toEqual([]);
    expect(port.programs).toEqual([]);
  });
});

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
      it.programOf = makedumpfile(it, 20 * MIB);
    });
    run(port, small(port));
    expect(dates(port)).toEqual([old(2), old(3), old(4), DATE]);
    expect(port.onDisk().get(DUMP)).toHaveLength(20 * MIB);
  });

  it('cuts a dump that fits nowhere, and keeps it', () => {
    const port = machine((it) => {
      it.capacityBytes = 40 * MIB;
      it.programOf = makedumpfile(it, 90 * MIB);
    });
    run(port, small(port));
    const length = port.onDisk().get(DUMP)?.length ?? 0;
    expect(length).toBeGreaterThan(29 * MIB);
    expect(length).toBeLessThanOrEqual(30 * MIB);
    expect(texts(port)['/persist/reboot-reason']).toBe(`kernel panic, kdump collected: ${DUMP}\n`);
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

describe('an end at any point', () => {
  const before = (port: FakePort) => {
    for (let n = 1; n <= 5; n += 1) {
      port.put(`/persist/kcrashes/dmesg-2026-01-0${n}T00:00:00+00:00.log`, `log ${n}`);
      port.put(`/persist/kcrashes/kdump-2026-01-0${n}T00:00:00+00:00.dump`, `dump ${n}`);
    }
    port.put('/persist/reboot-reason', 'earlier\n');
    port.put('/persist/reboot-stack', 'earlier stack\n');
    port.put('/persist/boot-reason', 'earlier boot\n');
  };
  const whole = machine(before);
  run(whole);
  const final = whole.onDisk();
  const points = whole.operations.filter((it) => !it.startsWith('sleep')).length;

  /** Every final name holds the whole earlier or the whole new content, and a reason points at what is there. */
  function checkWhole(port: FakePort): void {
    const files = port.onDisk();
    const earlier = machine(before).onDisk();
    for (const [name, content] of files) {
      if (name.endsWith('.part')) continue;
      // The reason has a middle state: the log is safe, the dump is not yet.
      const middle = name === '/persist/reboot-reason' ? [`kernel panic, dmesg collected: ${DMESG}\n`] : [];
      const first = name === '/persist/reboot-reason' && !files.has(DMESG) ? [content] : [];
      expect([earlier.get(name), final.get(name), ...middle, ...first], name).toContain(content);
    }
    const pointed = /collected: (\/\S+)\n$/.exec(files.get('/persist/reboot-reason') ?? '')?.[1];
    if (pointed !== undefined)
      expect(files.get(pointed), `what the reason names: ${pointed}`).toBe(final.get(pointed));
    for (const name of ['/persist/reboot-reason', '/persist/reboot-stack', '/persist/boot-reason']) {
      expect(files.has(name), name).toBe(true);
    }
    const oldest = '/persist/kcrashes/kdump-2026-01-01T00:00:00+00:00.dump';
    if (!files.has(DUMP))
      expect(files.has(oldest), 'the oldest crash stays until the new one is whole').toBe(true);
  }

  function endAt(kind: Fault['kind'], at: number): { port: FakePort; end: string } {
    const port = machine(before);
    port.fault = { at, kind };
    return { port, end: run(port) };
  }

  it('has many points', () => {
    expect(points).toBeGreaterThan(60);
  });

  it('by power cut leaves every earlier result whole, and the next crash is collected normally', () => {
    for (let at = 0; at < points; at += 1) {
      const { port, end } = endAt('power-cut', at);
      expect(end, `cut at ${at}`).toBe('power cut');
      checkWhole(port);
      const next = machine((it) => {
        for (const [name, content] of port.onDisk()) it.put(name, content);
        it.time += 1000;
      });
      expect(run(next)).toBe('restart');
      const files = next.onDisk();
      expect(files.get('/persist/reboot-reason')).toMatch(/^kernel panic, kdump collected: /);
      expect(
        [...files.keys()].filter((name) => name.endsWith('.part')),
        `after a cut at ${at}`,
      ).toEqual([]);
    }
  });

  it.each(['kill', 'hang'] as const)(
    'by %s of the process at work costs that step alone, and the machine restarts',
    (kind) => {
      for (let at = 0; at < points; at += 1) {
        const { port, end } = endAt(kind, at);
        expect(end, `${kind} at ${at}: ${port.operations[at]}`).toBe('restart');
        const files = port.onDisk();
        expect(
          files.get('/persist/boot-reason') === 'BootReasonKernel\n' ||
            /boot-reason/.test(port.console.join('')),
          `at ${at}`,
        ).toBe(true);
        const reason = files.get('/persist/reboot-reason') ?? '';
        const pointed = /collected: (\/\S+)\n$/.exec(reason)?.[1];
        if (pointed !== undefined) expect(files.get(pointed), `${kind} at ${at}`).toBe(final.get(pointed));
        expect(
          reason.startsWith('kernel panic') || /reboot-reason/.test(port.console.join('')),
          `at ${at}`,
        ).toBe(true);
      }
    },
  );
});
