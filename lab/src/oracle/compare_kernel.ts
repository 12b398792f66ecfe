import type { Report, ReportMemory } from '@kcrash/report/report';
import type { Agreement } from './agreement.ts';
import type { Answers } from './answers.ts';
import {
  parseAddresses,
  parseMeminfo,
  parseModules,
  parseMounts,
  parseNetDev,
  parsePartitions,
} from './guest_proc.ts';

/** Compares modules with /proc/modules and /sys/module. */
export function compareModules({ modules }: Report, answers: Answers, agreement: Agreement): void {
  const guests = parseModules(answers.text('/proc/modules'));
  agreement.compare(
    'modules',
    'all',
    modules.map(({ name }) => name).join(' '),
    guests.map(({ name }) => name).join(' '),
  );
  for (const guest of guests) {
    const module = modules.find(({ name }) => name === guest.name);
    const compare = (sort: string, ours: unknown, guests: unknown) =>
      agreement.compare(`modules: ${sort}`, guest.name, ours, guests);
    compare('size', module?.sizeBytes, guest.sizeBytes);
    compare('references', module?.references, guest.references);
    compare('users', module?.users.join(','), guest.users.join(','));
    compare('state', module?.state, guest.state);
    compare('base', module?.base, guest.base);
    compare('taints', module?.taints, guest.taints);
    for (const name of ['version', 'srcversion'] as const) {
      const told = answers.bytes(`/sys/module/${guest.name}/${name}`);
      compare(name, module?.[name] ?? '', told?.toString('utf8').trimEnd() ?? '');
    }
  }
}

/** Compares mounts with /proc/mounts, but for the options that only a file system itself knows. */
export function compareMounts({ mounts }: Report, answers: Answers, agreement: Agreement): void {
  const guests = parseMounts(answers.text('/proc/mounts'));
  agreement.compare('mounts', 'number', mounts.length, guests.length);
  for (const [i, { source, target, type, options }] of guests.entries()) {
    const mount = mounts[i];
    const ours = mount && [mount.source, mount.target, mount.type, mount.options.join(',')];
    agreement.compare('mounts', target, ours?.join(' '), [source, target, type, options.join(',')].join(' '));
  }
}

/** Compares the network devices of the namespace that the guest answered in. */
export function compareNetwork({ network }: Report, answers: Answers, agreement: Agreement): void {
  const namespace = Number(/\d+/.exec(answers.text('/proc/1/ns/net'))?.[0]);
  const devices = network.filter((device) => device.namespace === namespace);
  const guests = parseNetDev(answers.text('/proc/net/dev'));
  agreement.compare(
    'network: devices',
    'all',
    devices.map(({ name }) => name).sort(),
    [...guests.keys()].sort(),
  );
  for (const device of devices) {
    const sys = (name: string) => answers.text(`/sys/class/net/${device.name}/${name}`).trimEnd();
    const compare = (sort: string, ours: unknown, guests: unknown) =>
      agreement.compare(`network: ${sort}`, device.name, ours, guests);
    compare('address', device.hardwareAddress, sys('address'));
    compare('mtu', device.mtuBytes, sys('mtu'));
    compare('state', device.state, sys('operstate'));
    for (const [name, count] of Object.entries(guests.get(device.name) ?? {}))
      if (device.counters !== null)
        compare('counters', `${name} ${device.counters[name]}`, `${name} ${count}`);
  }
  const addresses = devices.flatMap(({ name, addresses }) => addresses.map((each) => `${name} ${each}`));
  agreement.compare(
    'network: addresses',
    'all',
    addresses.sort(),
    parseAddresses(answers.text('/tmp/addresses')).sort(),
  );
}

/** Names in /proc/meminfo of what does not change on its own. */
const FIXED_MEMORY = {
  total: 'MemTotal',
  locked: 'Mlocked',
  swapTotal: 'SwapTotal',
  swapFree: 'SwapFree',
  commitLimit: 'CommitLimit',
  poisoned: 'HardwareCorrupted',
} as const;

/** Names of what is in motion, and of what CPUs keep back a little before they add it. */
const MOVING_MEMORY = {
  free: 'MemFree',
  available: 'MemAvailable',
  buffers: 'Buffers',
  cached: 'Cached',
  active: 'Active',
  inactive: 'Inactive',
  unevictable: 'Unevictable',
  dirty: 'Dirty',
  writeback: 'Writeback',
  anonymous: 'AnonPages',
  mapped: 'Mapped',
  sharedMemory: 'Shmem',
  slabReclaimable: 'SReclaimable',
  slabUnreclaimable: 'SUnreclaim',
  kernelStacks: 'KernelStack',
  pageTables: 'PageTables',
  vmalloc: 'VmallocUsed',
  perCpu: 'Percpu',
  committed: 'Committed_AS',
} as const;
const MOVEMENT_BYTES = 4 << 20;

/** Compares the totals with /proc/meminfo: to the byte, or as near as what moves allows. */
export function compareMemory(memory: ReportMemory | null, answers: Answers, agreement: Agreement): void {
  const guests = parseMeminfo(answers.text('/proc/meminfo'));
  for (const [name, guestName] of Object.entries(FIXED_MEMORY))
    agreement.compare('memory', guestName, memory?.totals[name], guests.get(guestName) ?? null);
  for (const [name, guestName] of Object.entries(MOVING_MEMORY)) {
    const ours = memory?.totals[name] ?? Number.NaN;
    const guest = guests.get(guestName) ?? Number.NaN;
    const near = Math.abs(ours - guest) <= MOVEMENT_BYTES;
    agreement.compare('memory that moves', guestName, near ? guest : ours, guest);
  }
}

/** Compares names and sizes of disks and partitions with /proc/partitions, which leaves out what has no size. */
export function compareDisks({ disks }: Report, answers: Answers, agreement: Agreement): void {
  const ours = disks.flatMap((disk) => [disk, ...disk.partitions]).filter(({ bytes }) => bytes > 0);
  const guests = parsePartitions(answers.text('/proc/partitions'));
  agreement.compare(
    'disks',
    'all',
    ours.map(({ name, bytes }) => `${name} ${bytes}`).sort(),
    [...guests].map(([name, bytes]) => `${name} ${bytes}`).sort(),
  );
}

const SYSCTL = '/proc/sys/';
/** Between the guest's answer and the crash, as its clocks go. */
const CLOCK_SECONDS = 60;

/** Compares settings, taint and what the machine is. */
export function compareMachine(report: Report, answers: Answers, agreement: Agreement): void {
  const { machine, sysctls, taint, when } = report;
  for (const path of answers.paths) {
    const name = path.slice(SYSCTL.length).replaceAll('/', '.');
    if (path.startsWith(SYSCTL) && sysctls[name] !== undefined)
      agreement.compare('sysctls', name, sysctls[name], answers.text(path).trim());
  }
  const compare = (name: string, ours: unknown, path: string) =>
    agreement.compare('machine', name, ours, answers.text(path).trimEnd());
  compare('release', report.release, `${SYSCTL}kernel/osrelease`);
  compare('version', machine.version, `${SYSCTL}kernel/version`);
  compare('nodename', machine.nodename, `${SYSCTL}kernel/hostname`);
  compare('command line', machine.commandLine?.trimEnd(), '/proc/cmdline');
  compare('taint', Number(taint?.mask), `${SYSCTL}kernel/tainted`);
  const online = answers.text('/proc/stat').match(/^cpu\d+ /gm)?.length;
  agreement.compare('machine', 'CPUs online', machine.cpusOnline, online);
  const uptime = Number(answers.text('/proc/uptime').split(' ')[0]);
  const since = (when.uptimeSeconds ?? Number.NaN) - uptime;
  agreement.compare('machine', `uptime ${uptime} + ${since}`, since >= 0 && since < CLOCK_SECONDS, true);
}
