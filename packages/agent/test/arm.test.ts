import { describe, expect, it } from 'vitest';
import { captureCommandLine, parameterValue, splitParameters } from '../src/kernel_command_line.ts';
import { main } from '../src/main.ts';
import type { Ended } from '../src/port.ts';
import { FakePort } from './fake_port.ts';

const RELEASE = '6.1.0-56-cloud-amd64';
const LOCK = '/proc/sys/kernel/kexec_load_disabled';

/** The head of a bzImage that says it is of this release. */
function bzImage(release: string): string {
  const bytes = Buffer.alloc(8192);
  bytes.write('HdrS', 0x202, 'latin1');
  bytes.writeUInt16LE(0x1000 - 0x200, 0x20e);
  bytes.write(`${release} (debian-kernel) #1 SMP\0`, 0x1000, 'latin1');
  return bytes.toString('latin1');
}

function machine(): FakePort {
  const port = new FakePort();
  port.virtual.delete('/proc/vmcore');
  port.set('/proc/cmdline', 'BOOT_IMAGE=/boot/kernel root=/dev/x crashkernel=128M panic=5 log_buf_len=2M\n');
  port.set('/proc/sys/kernel/osrelease', `${RELEASE}\n`);
  port.set('/sys/kernel/kexec_crash_size', '134217728\n');
  port.set('/sys/kernel/kexec_crash_loaded', '0\n');
  port.set(LOCK, '0\n');
  port.set('/boot/kernel', bzImage(RELEASE));
  port.programOf = kexec(port);
  return port;
}

function kexec(port: FakePort, works: (argv: readonly string[]) => boolean = () => true) {
  return (argv: readonly string[]): Ended => {
    if (!works(argv))
      return { how: 'exited', code: 255, output: 'kexec_load failed: Operation not permitted\n' };
    port.set('/sys/kernel/kexec_crash_loaded', '1\n');
    return { how: 'exited', code: 0, output: '' };
  };
}

function arm(port: FakePort, ...flags: string[]): number {
  return main(port, ['arm', ...flags], 'test');
}

const read = (port: FakePort, path: string) => Buffer.from(port.readFile(path)).toString().trim();

describe('arm', () => {
  it('loads the running kernel with its own command line, and locks', () => {
    const port = machine();
    expect(arm(port)).toBe(0);
    expect(port.programs).toEqual([
      'kexec -c -p --command-line=root=/dev/x panic=5 irqpoll nr_cpus=1 reset_devices nomodule /boot/kernel',
    ]);
    expect(read(port, LOCK)).toBe('1');
    expect(port.said.join('\n')).toContain('without log_buf_len=2M (its buffer would waste the reservation)');
    expect(port.said.at(-1)).toBe('kcrash: armed: /boot/kernel in 128 MiB');
  });

  it.each([
    ['no crashkernel=', 'root=/dev/x', 'no crashkernel= on the command line'],
    ['crashkernel=0', 'root=/dev/x crashkernel=0', 'crashkernel=0 gave none'],
    ['a reservation that failed', 'crashkernel=900G', 'crashkernel=900G gave none'],
  ])('says so, locks and exits 0 with %s', (_, commandLine, said) => {
    const port = machine();
    port.set('/proc/cmdline', commandLine);
    port.set('/sys/kernel/kexec_crash_size', '0\n');
    expect(arm(port)).toBe(0);
    expect(port.programs).toEqual([]);
    expect(port.said.join()).toContain(said);
    expect(read(port, LOCK)).toBe('1');
  });

  it('exits 1 with kexec’s own message when kexec fails, and locks all the same', () => {
    const port = machine();
    port.programOf = kexec(port, () => false);
    expect(arm(port)).toBe(1);
    expect(port.complained.join()).toContain('kexec_load failed: Operation not permitted');
    expect(read(port, LOCK)).toBe('1');
  });

  it('exits 1 when kexec ends well and nothing is loaded', () => {
    const port = machine();
    port.programOf = () => ({ how: 'exited', code: 0, output: '' });
    expect(arm(port)).toBe(1);
  });

  it('tries the newer system call where the older one is refused', () => {
    const port = machine();
    port.programOf = kexec(port, (argv) => argv.includes('-s'));
    expect(arm(port)).toBe(0);
    expect(port.programs.map((line) => line.slice(0, 8))).toEqual(['kexec -c', 'kexec -s']);
  });

  it('uses only the newer system call under lockdown', () => {
    const port = machine();
    port.set('/sys/kernel/security/lockdown', 'none [integrity] confidentiality\n');
    expect(arm(port)).toBe(0);
    expect(port.programs.map((line) => line.slice(0, 8))).toEqual(['kexec -s']);
  });

  it('does not lock with --no-lock', () => {
    const port = machine();
    expect(arm(port, '--no-lock')).toBe(0);
    expect(read(port, LOCK)).toBe('0');
  });

  it.each([
    ['1\n', 0],
    ['0\n', 1],
  ])('when kexec is locked already and loaded is %j exits %i', (loaded, code) => {
    const port = machine();
    port.set(LOCK, '1\n');
    port.set('/sys/kernel/kexec_crash_loaded', loaded);
    expect(arm(port)).toBe(code);
    expect(port.programs).toEqual([]);
  });

  it('finds the running release’s own file where there is no /boot/kernel', () => {
    const port = machine();
    port.virtual.delete('/boot/kernel');
    port.set(`/boot/vmlinuz-${RELEASE}`, bzImage(RELEASE));
    expect(arm(port)).toBe(0);
    expect(port.programs[0]).toMatch(new RegExp(` /boot/vmlinuz-${RELEASE}$`));
  });

  it('prefers the file of the running release, and warns about any other', () => {
    const port = machine();
    port.set('/boot/kernel', bzImage('6.1.0-55-cloud-amd64'));
    expect(arm(port)).toBe(0);
    expect(port.complained.join()).toContain(
      `/boot/kernel is 6.1.0-55-cloud-amd64, the running kernel is ${RELEASE}`,
    );
    const both = machine();
    both.set('/boot/kernel', bzImage('6.1.0-55-cloud-amd64'));
    both.set(`/boot/vmlinuz-${RELEASE}`, bzImage(RELEASE));
    expect(arm(both)).toBe(0);
    expect(both.complained).toEqual([]);
  });

  it('says which files it looked for when there is none, and locks', () => {
    const port = machine();
    port.virtual.delete('/boot/kernel');
    expect(arm(port)).toBe(1);
    expect(port.complained.join()).toContain(`/usr/lib/modules/${RELEASE}/vmlinuz`);
    expect(read(port, LOCK)).toBe('1');
  });

  it('locks even when called wrongly, and loads nothing', () => {
    const port = machine();
    expect(arm(port, '--kernal-path', '/x')).toBe(2);
    expect(port.programs).toEqual([]);
    expect(read(port, LOCK)).toBe('1');
  });

  it('arms in spite of a bad line in the configuration, and names it', () => {
    const port = machine();
    port.set('/etc/kcrash.conf', '# EVE\nkeep_crashes_count = lots\n');
    expect(arm(port)).toBe(0);
    expect(port.complained).toEqual([
      'kcrash: /etc/kcrash.conf:2: keep_crashes_count = lots: allowed is a whole number from 1 to 1000; the default stands',
    ]);
  });
});

describe('the command line', () => {
  it('keeps blanks inside quotes and what goes to init', () => {
    expect(splitParameters('a "b c=d e" f="g h" -- i')).toEqual(['a', '"b c=d e"', 'f="g h"', '--', 'i']);
    expect(parameterValue('a=1 a="2 3"', 'a')).toBe('2 3');
    expect(parameterValue('a -- elfcorehdr=1', 'elfcorehdr')).toBeNull();
  });

  it('drops what wastes the reservation or would end the capture, and says why', () => {
    const line = captureCommandLine(
      'root=x crashkernel=1G-:64M hugepagesz=1G hugepages=4 isolcpus=1-3 nr_cpus=4 softlockup_panic=1 sysctl.vm.panic_on_oom=1 console=ttyS0 -- single',
      'irqpoll nr_cpus=1',
    );
    expect(line.text).toBe('root=x console=ttyS0 irqpoll nr_cpus=1 -- single');
    expect(line.dropped.map((it) => it.split(' ')[0])).toEqual([
      'crashkernel=1G-:64M',
      'hugepagesz=1G',
      'hugepages=4',
      'isolcpus=1-3',
      'nr_cpus=4',
      'softlockup_panic=1',
      'sysctl.vm.panic_on_oom=1',
    ]);
  });
});
