import { addTo, type VirtualAddress } from '../bytes/address.ts';
import { DumpError } from '../bytes/errors.ts';
import type { LoadedModule, ModuleRegion } from '../describe/modules.ts';
import { field } from '../describe/type_reader.ts';
import type { Dump } from '../dump.ts';
import { attempt } from './attempt.ts';
import { listEntries } from './list.ts';
import { taintFlags } from './taint.ts';

/** A loadable module: C `struct module`. */
export interface Module {
  readonly address: VirtualAddress;
  readonly name: string;
  /** As /proc/modules has it. */
  readonly state: 'Live' | 'Loading' | 'Unloading' | 'unknown';
  /** Memory of the module; parts that were freed, as init parts are after loading, are left out. */
  readonly regions: readonly ModuleRegion[];
  /** Where its code starts: the address in /proc/modules. */
  readonly base: VirtualAddress;
  /** Bytes of all regions: the size in /proc/modules. */
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
  state: field.number('state'),
  references: field.optional(field.number('refcnt.counter')),
  init: field.optional(field.pointer('init')),
  exit: field.optional(field.pointer('exit')),
  taints: field.big('taints'),
  version: field.optional(field.pointer('version')),
  srcversion: field.optional(field.pointer('srcversion')),
};

/** `enum module_state`. */
const STATES = ['Live', 'Loading', 'Unloading'] as const;

/** References that a loaded module has of itself (`MODULE_REF_BASE`). */
const OWN_REFERENCES = 1;

/** No module has more users than this. */
const MOST_USERS = 1 << 12;

/**
 * Every loaded module; made once for a dump. Damage gives a partial list and the reason. Throws
 * `not-described` where the kernel does not say where its modules are, and `io`.
 */
export function readModules(dump: Dump): ModuleList {
  return dump.once(collectModules);
}

function collectModules(dump: Dump): ModuleList {
  const { modules: list, problem } = dump.loadedModules;
  const problems = problem === undefined ? [] : [problem.message];
  const modules: Module[] = [];
  for (const loaded of list) {
    const module = attempt(problems, `Module ${loaded.name}`, () => readModule(dump, loaded, problems));
    if (module) modules.push(module);
  }
  return { modules, problems };
}

function readModule(dump: Dump, { address, name, regions }: LoadedModule, problems: string[]): Module {
  const module = dump.reader('module', MODULE)(address);
  return {
    address,
    name,
    state: STATES[module.state] ?? 'unknown',
    regions,
    base: regions.find(({ text }) => text)?.start ?? (0n as VirtualAddress),
    sizeBytes: regions.reduce((sum, { start, end }) => sum + Number(end - start), 0),
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
