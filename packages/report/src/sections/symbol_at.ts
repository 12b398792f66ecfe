import type { VirtualAddress } from '@kcrash/vmcore/bytes/address';
import { DumpError } from '@kcrash/vmcore/bytes/errors';
import type { Dump } from '@kcrash/vmcore/dump';

/** The variable that lies at an address: `lab_mutex [lab]`, `console_sem+0x8`; null where no symbol reaches it. */
export function symbolAt(dump: Dump, address: VirtualAddress): string | null {
  try {
    const hit = dump.symbols.lookup(address);
    if (hit === undefined) return null;
    const place = hit.offset === 0 ? hit.name : `${hit.name}+0x${hit.offset.toString(16)}`;
    return hit.module === undefined ? place : `${place} [${hit.module}]`;
  } catch (error) {
    if (error instanceof DumpError && error.code !== 'io') return null;
    throw error;
  }
}
