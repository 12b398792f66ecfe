import type { PhysicalMemory } from '../physical_memory.ts';
import { Vmcoreinfo } from './vmcoreinfo.ts';

/** The kernel's own copy of the text is one page, and this is its first line. */
const FIRST_KEY = [...'OSRELEASE='].map((character) => character.charCodeAt(0));

/** No format spends less of a file on a page: a page descriptor of the kdump format. */
const BYTES_FOR_A_PAGE = 24;

/**
 * Finds VMCOREINFO in memory itself, page by page, for dumps that come without its note, as QEMU's and
 * libvirt's do where the guest had no `vmcoreinfo` device. Each page that starts like the text is a candidate
 * (a file cached in memory can look like it too): `accept` says whether it is right about this memory.
 *
 * The page may lie anywhere, so that this takes as long as reading the dump: no less can be promised. `fileBytes`,
 * the length of the dump's files, keeps it from taking longer: a few headers can name the same bytes of a file as
 * any number of pages.
 */
export function findVmcoreinfo(
  memory: PhysicalMemory,
  fileBytes: number,
  accept: (candidate: Vmcoreinfo) => boolean,
): Vmcoreinfo | undefined {
  let left = Math.floor(fileBytes / BYTES_FOR_A_PAGE);
  for (let frame = memory.nextHeld(0); frame < memory.frameLimit; frame = memory.nextHeld(frame + 1)) {
    if (left-- === 0) return undefined;
    const page = memory.page(frame);
    if (typeof page === 'string' || !FIRST_KEY.every((byte, at) => page[at] === byte)) continue;
    const candidate = new Vmcoreinfo(page);
    if (accept(candidate)) return candidate;
  }
  return undefined;
}
