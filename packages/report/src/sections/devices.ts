import type { Dump } from '@kcrash/vmcore/dump';
import { type Disk, readDisks } from '@kcrash/vmcore/kernel/block';
import { readMounts } from '@kcrash/vmcore/kernel/mounts';
import { readNetworkDevices } from '@kcrash/vmcore/kernel/netdev';
import type { TaskList } from '@kcrash/vmcore/kernel/tasks';
import { readClocks } from '@kcrash/vmcore/kernel/uptime';
import type { ReportDisk, ReportMount, ReportNetworkDevice } from '../report.ts';
import type { Problems } from './problems.ts';
import { orNull } from './words.ts';

/** The mounts that the first process sees. */
export function mountsSection(dump: Dump, { tasks }: TaskList, problems: Problems): ReportMount[] {
  const init = tasks.find(({ pid }) => pid === 1);
  if (init === undefined) {
    problems.note('mounts', 'The first process, whose mounts these would be, was not read');
    return [];
  }
  const namespace = problems.attempt('mounts', null, () => readMounts(dump, init.address) ?? null);
  problems.take('mounts', namespace?.problems ?? []);
  return (namespace?.mounts ?? [])
    .filter(({ reachable }) => reachable)
    .map(({ source, target, type, options, device }) => ({ source, target, type, options, device }));
}

/** The network devices of all namespaces. */
export function networkSection(dump: Dump, problems: Problems): ReportNetworkDevice[] {
  const read = problems.attempt('network', null, () => readNetworkDevices(dump));
  problems.take('network', read?.problems ?? []);
  return (read?.devices ?? []).map((device) => ({
    name: device.name,
    namespace: device.namespaceInode,
    state: device.state,
    flags: device.flags,
    mtuBytes: device.mtuBytes,
    hardwareAddress: device.hardwareAddress,
    addresses: device.addresses.map(({ address, prefixBits }) => `${address}/${prefixBits}`),
    // A device needs centuries to count beyond what a number holds.
    counters:
      device.counters === undefined
        ? null
        : Object.fromEntries(Object.entries(device.counters).map(([name, count]) => [name, Number(count)])),
  }));
}

/** The disks, and what they had not finished. */
export function disksSection(dump: Dump, problems: Problems): ReportDisk[] {
  const read = problems.attempt('disks', null, () => readDisks(dump));
  problems.take('disks', read?.problems ?? []);
  const disks = read?.disks ?? [];
  const busy = disks.some(({ requests }) => requests.length > 0);
  const now = busy ? problems.attempt('disks', null, () => readClocks(dump).monotonicNanoseconds) : null;
  return disks.map((disk) => ({
    name: disk.name,
    bytes: disk.bytes,
    readOnly: disk.readOnly,
    dead: disk.dead,
    frozen: disk.frozen,
    quiesced: disk.quiesced,
    inFlight: orNull(disk.inFlight),
    requests: requests(disk, now),
    partitions: disk.partitions.map(({ name, bytes }) => ({ name, bytes })),
  }));
}

function requests(disk: Disk, now: bigint | null): ReportDisk['requests'] {
  return disk.requests.map(({ operation, startBytes, bytes, startedNanoseconds: started }) => ({
    operation,
    startBytes,
    bytes,
    ageSeconds: now === null || started === 0n ? null : Number(now - started) / 1e9,
  }));
}
