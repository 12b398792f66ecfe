import { describe, expect, it } from 'vitest';
import { type Ended, PortError } from '../src/port.ts';
import { defaultSettings, type Settings } from '../src/settings.ts';
import {
  CRASH_SECONDS,
  DATE,
  DMESG,
  DUMP,
  DUMP_BYTES,
  LOG,
  MESSAGES,
  machine,
  run,
  texts,
} from './crashed_machine.ts';

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
    expect(port.console.join('')).toContain(
      'kcrash: No dump: kcrash dump: not started: ENOENT; makedumpfile not started: ENOENT',
    );
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
      'run /proc/self/exe',
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

  const MAKEDUMPFILE: Settings = { ...defaultSettings(), engine: 'makedumpfile' };

  it('keeps the log and the reason when makedumpfile hangs over the dump', () => {
    const port = machine();
    const real = port.programOf;
    port.programOf = (argv) => (argv.includes('-d') ? { how: 'timed-out', output: '' } : real(argv));
    expect(run(port, MAKEDUMPFILE)).toBe('restart');
    expect(texts(port)['/persist/reboot-reason']).toBe(`kernel panic, dmesg collected: ${DMESG}\n`);
    expect([...port.onDisk().keys()].filter((name) => name.endsWith('.part'))).toEqual([]);
    expect(port.console.join('')).toContain('kcrash: No dump: makedumpfile: no end within the time limit');
    expect(port.programs.filter((line) => line.startsWith('/proc/self/exe'))).toEqual([]);
  });

  it('refuses what makedumpfile wrote when it is no kdump file', () => {
    const port = machine();
    const real = port.programOf;
    port.programOf = (argv) => {
      if (!argv.includes('-d')) return real(argv);
      port.programWrites(argv.at(-1) ?? '', 'x'.repeat(5000));
      return { how: 'exited', code: 0, output: '' };
    };
    run(port, MAKEDUMPFILE);
    expect(port.onDisk().has(DUMP)).toBe(false);
  });

  it.each<[string, Ended, RegExp]>([
    [
      'fails',
      { how: 'exited', code: 1, output: 'kcrash: The kernel has no BTF' },
      /kcrash dump: exit status 1: kcrash: The kernel has no BTF/,
    ],
    ['hangs', { how: 'timed-out', output: '' }, /kcrash dump: no end within the time limit/],
    ['is killed for memory', { how: 'killed', signal: 9, output: '' }, /kcrash dump: killed by signal 9/],
    ['writes no dump', { how: 'exited', code: 0, output: '' }, /kcrash dump ended well, but/],
  ])('has makedumpfile write the dump, and says so, where its own engine %s', (_, ended, why) => {
    const port = machine();
    const real = port.programOf;
    port.programOf = (argv) => {
      if (argv[0] !== '/proc/self/exe') return real(argv);
      port.programWrites(argv[3] ?? '', 'half a dump');
      return ended;
    };
    expect(run(port)).toBe('restart');
    const files = texts(port);
    expect(files[DUMP]).toHaveLength(DUMP_BYTES);
    expect(files['/persist/reboot-reason']).toBe(`kernel panic, kdump collected: ${DUMP}\n`);
    const summary = files['/persist/reboot-stack']?.slice(LOG.length) ?? '';
    expect(summary).toContain('sysrq_handle_crash');
    expect(summary).toMatch(why);
    expect(summary).toMatch(/^Dump by makedumpfile, since /m);
    expect(summary.length).toBeLessThanOrEqual(1600);
    expect([...port.onDisk().keys()].filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  it('says in the summary that there is no dump where no engine can write one', () => {
    const port = machine((it) => {
      it.programOf = () => ({ how: 'not-started', why: 'ENOENT' });
    });
    run(port);
    expect(texts(port)['/persist/reboot-stack']).toMatch(/\nNo dump: kcrash dump: not started: ENOENT; make/);
  });

  it('leaves the summary alone where the dump is as it should be', () => {
    const port = machine();
    run(port);
    expect(texts(port)['/persist/reboot-stack']).not.toMatch(/dump/i);
    expect(port.programs.filter((line) => line.includes(' -d '))).toEqual([]);
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
