import { addTo, hexAddress, type VirtualAddress } from '../bytes/address.ts';
import { DumpError } from '../bytes/errors.ts';
import { field } from '../describe/type_reader.ts';
import type { Dump } from '../dump.ts';
import { listEntries } from './list.ts';
import { taintFlags } from './taint.ts';

/** Kernel memory `[start, end)` that belongs to a module. */
export interface ModuleRange {
  /** As the kernel names the part: `text`, `data`, `rodata`, `ro_after_init`, `init_text`…; `core` and `init` before 6.4. */
  readonly part: string;
  readonly start: VirtualAddress;
  readonly end: VirtualAddress;
  /** Whether code may lie in it. */
  readonly text: boolean;
}

/** A loadable module: C `struct module`. */
export interface Module {
  readonly address: VirtualAddress;
  readonly name: string;
  /** As /proc/modules has it: `Live`, `Loading` or `Unloading`; `Unformed` for one that is not shown there. */
  readonly state: 'Live' | 'Loading' | 'Unloading' | 'Unformed' | 'unknown';
  /** Memory of the module; parts that were freed, as init parts are after loading, are left out. */
  readonly ranges: readonly ModuleRange[];
  /** Where its code starts: the address in /proc/modules. */
  readonly base: VirtualAddress;
  /** Bytes of all ranges: the size in /proc/modules. */
  readonly sizeBytes: number;
  /** References, -1 while it is unloaded; undefined in kernels whose modules stay. */
  readonly references: number | undefined;
  /** Whether it cannot be unloaded: it has no exit function. */
  readonly permanent: boolean;
  /** Names of the modules that use it, in the kernel's order. */
  readonly users: readonly string[];
  /** Letters of the taints that it brought, as in `foo(OE)`; empty for none. */
  readonly taints: string;
  readonly version: string | undefined;
  readonly srcversion: string | undefined;
}

/** The modules of a dump. */
export interface ModuleList {
  /** The newest first, as in /proc/modules. */
  readonly modules: readonly Module[];
  readonly problems: readonly string[];
}

const MODULE = {
  name: field.text('name'),
  state: field.number('state'),
  references: field.optional(field.number('refcnt.counter')),
  init: field.optional(field.pointer('init')),
  exit: field.optional(field.pointer('exit')),
  taints: field.big('taints'),
  version: field.optional(field.pointer('version')),
  srcversion: field.optional(field.pointer('srcversion')),
};

const STATES = ['Live', 'Loading', 'Unloading', 'Unformed'] as const;

/** References that a loaded module has of itself (`MODULE_REF_BASE`). */
const OWN_REFERENCES = 1;

/** No kernel has more modules than this. */
const MOST_MODULES = 1 << 14;
const MOST_USERS = 1 << 12;

/**
 * Every loaded module; made once for a dump. Damage gives a partial list and the reason. Throws
 * `not-described` where the kernel does not say where its modules are, and `io`.
 */
export function readModules(dump: Dump): ModuleList {
  return dump.once(collectModules);
}

/** The module whose memory an address lies in. */
export function moduleAt(dump: Dump, address: bigint): Module | undefined {
  return readModules(dump).modules.find(({ ranges }) =>
    ranges.some(({ start, end }) => address >= start && address < end),
  );
}

function collectModules(dump: Dump): ModuleList {
  // A kernel built without modules has no such type.
  if (!dump.types.has('module', 'list')) return { modules: [], problems: [] };
  const head = dump.variable('modules');
  const { entries, problem } = listEntries(dump, head, 'module', 'list', MOST_MODULES);
  const problems = problem === undefined ? [] : [problem];
  const modules: Module[] = [];
  for (const address of entries) {
    try {
      modules.push(readModule(dump, address, problems));
    } catch (error) {
      if (!(error instanceof DumpError) || error.code === 'io') throw error;
      problems.push(`The module at ${hexAddress(address)}: ${error.message}`);
    }
  }
  return { modules, problems };
}

function readModule(dump: Dump, address: VirtualAddress, problems: string[]): Module {
  const module = dump.reader('module', MODULE)(address);
  const ranges = moduleRanges(dump, address);
  return {
    address,
    name: module.name,
    state: STATES[module.state] ?? 'unknown',
    ranges,
    base: ranges.find(({ text }) => text)?.start ?? (0n as VirtualAddress),
    sizeBytes: ranges.reduce((sum, { start, end }) => sum + Number(end - start), 0),
    references: module.references === undefined ? undefined : module.references - OWN_REFERENCES,
    permanent: (module.init ?? 0n) !== 0n && (module.exit ?? 0n) === 0n,
    users: moduleUsers(dump, address, problems),
    taints: taintFlags(dump)
      .filter(({ bit, ofModules }) => ofModules && (module.taints & (1n << BigInt(bit))) !== 0n)
      .map(({ letter }) => letter)
      .join(''),
    version: textAt(dump, module.version),
    srcversion: textAt(dump, module.srcversion),
  };
}

/** Parts by their place in `module.mem`: `enum mod_mem_type` without its `MOD_`. */
const PARTS = ['text', 'data', 'rodata', 'ro_after_init', 'init_text', 'init_data', 'init_rodata'] as const;

const MEMORY = { base: field.pointer('base'), size: field.number('size') };

function moduleRanges(dump: Dump, address: VirtualAddress): ModuleRange[] {
  const { types } = dump;
  const found: ModuleRange[] = [];
  const take = (type: string, member: string, part: string, text: boolean) => {
    const { base, size } = dump.reader(type, MEMORY)(addTo(address, types.offsetof('module', member)));
    if (base !== 0n && size !== 0) found.push({ part, start: base, end: addTo(base, size), text });
  };
  // One range for each kind of memory since 6.4 (ac3b43283923).
  if (types.has('module', 'mem')) {
    PARTS.forEach((part, n) => {
      if (types.has('module', `mem[${n}]`)) take('module_memory', `mem[${n}]`, part, part.endsWith('text'));
    });
  } else {
    take('module_layout', 'core_layout', 'core', true);
    take('module_layout', 'init_layout', 'init', true);
  }
  return found;
}

function moduleUsers(dump: Dump, address: VirtualAddress, problems: string[]): string[] {
  const { types, memory } = dump;
  // Only kernels that can unload modules keep account.
  if (!types.has('module', 'source_list')) return [];
  const head = addTo(address, types.offsetof('module', 'source_list'));
  const { entries, problem } = listEntries(dump, head, 'module_use', 'source_list', MOST_USERS);
  if (problem !== undefined) problems.push(problem);
  const sourceAt = types.offsetof('module_use', 'source');
  const nameAt = types.offsetof('module', 'name');
  return entries.map((use) => memory.cString(addTo(memory.pointer(addTo(use, sourceAt)), nameAt), 64));
}

function textAt(dump: Dump, address: VirtualAddress | undefined): string | undefined {
  if (address === undefined || address === 0n) return undefined;
  try {
    return dump.memory.cString(address, 256);
  } catch (error) {
    if (error instanceof DumpError && error.code !== 'io') return undefined;
    throw error;
  }
}
