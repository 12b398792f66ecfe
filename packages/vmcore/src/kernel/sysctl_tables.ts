import { addTo, hexAddress, type VirtualAddress } from '../bytes/address.ts';
import { DumpError } from '../bytes/errors.ts';
import { field } from '../describe/type_reader.ts';
import type { Dump } from '../dump.ts';

/** Where the kernel keeps a setting of /proc/sys. */
export interface SysctlData {
  readonly at: VirtualAddress;
  /** Bytes of it. */
  readonly size: number;
}

const ROOT = { tables: field.address('default_set.dir') };
const DIRECTORY = { header: field.address('header'), names: field.pointer('root.rb_node') };
const NODE = {
  left: field.pointer('node.rb_left'),
  right: field.pointer('node.rb_right'),
  header: field.pointer('header'),
};
const HEADER = { table: field.pointer('ctl_table'), nodes: field.pointer('node') };
const ENTRY = { name: field.pointer('procname'), data: field.pointer('data'), size: field.number('maxlen') };

/** A red-black tree of all settings that a directory can have is no deeper. */
const MOST_DEPTH = 64;
const MOST_NAME = 256;
/** A table of settings is written by hand. */
const MOST_ENTRIES = 4096;

/**
 * Finds a setting by its name in /proc/sys (`kernel.panic_on_oops`), by the tables that the kernel makes these
 * files of; undefined where there is none, or its value is computed when it is read. Throws `not-described`
 * where the tables' root is not known, and what reading memory throws.
 */
export function findSysctl(dump: Dump, name: string): SysctlData | undefined {
  let directory = dump.reader('ctl_table_root', ROOT)(dump.variable('sysctl_table_root')).tables;
  const path = name.split('.');
  const last = path.pop() ?? '';
  for (const step of path) {
    const found = findEntry(dump, directory, step);
    if (found === undefined) return undefined;
    directory = dump.containerOf(found.header, 'ctl_dir', 'header');
  }
  const entry = findEntry(dump, directory, last)?.entry;
  return entry === undefined || entry.data === 0n ? undefined : { at: entry.data, size: entry.size };
}

/** The entry of a directory by its name: entries stand in a tree in the order of their names' bytes. */
function findEntry(dump: Dump, directory: VirtualAddress, name: string) {
  const node = dump.reader('ctl_node', NODE);
  const entry = dump.reader('ctl_table', ENTRY);
  const nodeBytes = dump.types.sizeof('struct ctl_node');
  const entryBytes = dump.types.sizeof('struct ctl_table');
  let at = dump.reader('ctl_dir', DIRECTORY)(directory).names;
  for (let depth = 0; at !== 0n; depth++) {
    if (depth > MOST_DEPTH)
      throw new DumpError('bad-format', `The settings at ${hexAddress(directory)} are a tree without an end`);
    const { left, right, header } = node(at);
    const { table, nodes } = dump.reader('ctl_table_header', HEADER)(header);
    const index = Number(at - nodes) / nodeBytes;
    if (!Number.isInteger(index) || index < 0 || index > MOST_ENTRIES)
      throw new DumpError(
        'bad-format',
        `${hexAddress(at)} is no node of the settings at ${hexAddress(nodes)}`,
      );
    const found = entry(addTo(table, index * entryBytes));
    const own = dump.memory.cString(found.name, MOST_NAME);
    if (own === name) return { header, entry: found };
    at = name < own ? left : right;
  }
  return undefined;
}
