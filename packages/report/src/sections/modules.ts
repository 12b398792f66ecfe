import { hexAddress } from '@kcrash/vmcore/bytes/address';
import type { Dump } from '@kcrash/vmcore/dump';
import { readModules } from '@kcrash/vmcore/kernel/modules';
import { readTaint } from '@kcrash/vmcore/kernel/taint';
import type { ReportModule, ReportTaint } from '../report.ts';
import type { Problems } from './problems.ts';
import { orNull } from './words.ts';

/** The loaded modules, the newest first. */
export function modulesSection(dump: Dump, problems: Problems): ReportModule[] {
  const list = problems.attempt('modules', null, () => readModules(dump));
  problems.take('modules', list?.problems ?? []);
  return (list?.modules ?? []).map((module) => ({
    name: module.name,
    address: hexAddress(module.address),
    base: hexAddress(module.base),
    sizeBytes: module.sizeBytes,
    state: module.state,
    references: orNull(module.references),
    users: module.users,
    taints: module.taints,
    version: orNull(module.version),
    srcversion: orNull(module.srcversion),
  }));
}

/** Why the kernel was tainted. */
export function taintSection(dump: Dump, problems: Problems): ReportTaint | null {
  return problems.attempt('taint', null, () => {
    const { mask, letters, text } = readTaint(dump);
    return { mask: hexAddress(mask), letters, text };
  });
}
