import { addTo, type VirtualAddress } from '../bytes/address.ts';
import { field } from '../describe/type_reader.ts';
import type { Dump } from '../dump.ts';
import { type XarrayWalk, xarrayEntries } from './xarray.ts';

const IDR = { base: field.number('idr_base') };

/**
 * What a C `struct idr` holds, by ascending id. Throws `not-described`, and what reading its head throws; what
 * is damaged further in is left out, with the reason.
 */
export function idrEntries(dump: Dump, idr: VirtualAddress, most?: number): XarrayWalk {
  const { base } = dump.reader('idr', IDR)(idr);
  const tree = addTo(idr, dump.types.offsetof('idr', 'idr_rt'));
  const { entries, problem } = xarrayEntries(dump, tree, most);
  return { entries: entries.map(({ index, entry }) => ({ index: index + base, entry })), problem };
}
