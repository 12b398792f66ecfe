import { describe, expect, it } from 'vitest';
import { FakeKernel } from '../../test/fake_kernel.ts';
import { addTo } from '../bytes/address.ts';
import { readCommandLine } from './command_line.ts';
import { readLoad } from './loadavg.ts';
import { readSysctls } from './sysctl.ts';
import { readBanner, readUts } from './uts.ts';

describe('names of the machine', () => {
  it('are read from the first UTS namespace', () => {
    const fake = new FakeKernel();
    const names = ['sysname', 'nodename', 'release', 'version', 'machine', 'domainname'];
    fake.struct('new_utsname', Object.fromEntries(names.map((name) => [name, 'char[65]'])));
    fake.struct('uts_namespace', { count: 'int', name: 'new_utsname' });
    fake.variables.init_uts_ns = fake.object('uts_namespace', {
      ...{
        'name.sysname': 'Linux',
        'name.nodename': 'edge-1',
        'name.release': '6.12.0',
        'name.machine': 'x86_64',
      },
    });
    expect(readUts(fake.dump())).toEqual({
      ...{ sysname: 'Linux', nodename: 'edge-1', release: '6.12.0', version: '', machine: 'x86_64' },
      domainname: '',
    });
  });

  it('have a banner, or a reason why not', () => {
    const fake = new FakeKernel();
    const problems: string[] = [];
    expect(readBanner(fake.dump(), problems)).toBeUndefined();
    expect(problems).toEqual([expect.stringMatching(/linux_banner/)]);
    fake.variables.linux_banner = fake.text('Linux version 6.12.0 (builder)\n');
    expect(readBanner(fake.dump(), problems)).toBe('Linux version 6.12.0 (builder)');
  });
});

describe('command line', () => {
  it('is what the kernel saved', () => {
    const fake = new FakeKernel();
    fake.variable('saved_command_line', 'ptr', fake.text('root=/dev/vda rw panic=5'));
    expect(readCommandLine(fake.dump())).toBe('root=/dev/vda rw panic=5');
  });
});

describe('load', () => {
  it('is averages, run queues and threads', () => {
    const fake = new FakeKernel();
    fake.cpus(2);
    fake.struct('rq', { lock: 'int', nr_running: 'u32' });
    const queues = fake.allocate(0x100100);
    fake.memory.number(addTo(queues, 0x100004), 3, 4);
    fake.variables.runqueues = queues;
    const averages = fake.allocate(24);
    [0, 2048, 5120].forEach((value, n) => {
      fake.memory.number(addTo(averages, n * 8), value);
    });
    fake.variables.avenrun = averages;
    const { problems, ...load } = readLoad(fake.dump());
    expect(load).toEqual({ averages: [0, 1, 2.5], runnable: [0, 3], threads: undefined });
    expect(problems).toEqual([expect.stringMatching(/nr_threads/)]);
  });
});

describe('settings', () => {
  it('are those that the kernel has, by the newest name', () => {
    const fake = new FakeKernel();
    fake.variable('panic_timeout', 'int', -1);
    fake.variable('soft_watchdog_user_enabled', 'int', 1);
    fake.variable('sysctl_hung_task_timeout_secs', 'u64', 120);
    fake.variables.panic_on_oops = 0xdead_0000_0000_0000n;
    expect(readSysctls(fake.dump())).toEqual({
      settings: [
        { name: 'kernel.panic', value: -1n },
        { name: 'kernel.soft_watchdog', value: 1n },
        { name: 'kernel.hung_task_timeout_secs', value: 120n },
      ],
      problems: [expect.stringMatching(/kernel.panic_on_oops: .*0xdead000000000000/)],
    });
  });
});
