import { addTo, type VirtualAddress } from '../bytes/address.ts';
import { DumpError } from '../bytes/errors.ts';
import { type KernelMemory, wordAt } from './kernel_memory.ts';
import { compileReader, type Field, field } from './type_reader.ts';
import type { Types } from './types.ts';

/** A machine has some hundreds of modules at most. */
const MOST_MODULES = 8192;

/** A part of a module's memory, half-open. */
export interface ModuleRegion {
  readonly start: VirtualAddress;
  readonly end: VirtualAddress;
  /** `text` holds code, `init` is freed after the module's start. */
  readonly text: boolean;
  readonly init: boolean;
}

/** A loaded module, as far as the symbol table and the unwinder need it. */
export interface LoadedModule {
  readonly name: string;
  /** Address of its `struct module`. */
  readonly address: VirtualAddress;
  readonly regions: readonly ModuleRegion[];
  /** Address of its `struct mod_kallsyms`. */
  readonly kallsyms: VirtualAddress;
  readonly orc:
    | { readonly ips: VirtualAddress; readonly entries: VirtualAddress; readonly count: number }
    | undefined;
  /** The BTF it was loaded with. `hasBase`: its numbers count from a base of its own, not the kernel's. */
  readonly btf:
    | { readonly start: VirtualAddress; readonly size: number; readonly hasBase: boolean }
    | undefined;
}

/** The modules that could be read, newest first, and why there are not more. */
export interface LoadedModules {
  readonly modules: readonly LoadedModule[];
  readonly problem: DumpError | undefined;
}

/** Reads the list `modules`; what is damaged ends the list, and is said. */
export function readModules(memory: KernelMemory, types: Types, head: VirtualAddress): LoadedModules {
  const modules: LoadedModule[] = [];
  const seen = new Set<bigint>([head]);
  try {
    const read = moduleReader(types);
    const listAt = types.offsetof('struct module', 'list');
    let at = pointer(memory, head);
    while (!seen.has(at)) {
      if (seen.size > MOST_MODULES)
        throw new DumpError('runaway', `Over ${MOST_MODULES} modules in the list`);
      seen.add(at);
      const module = read(memory, addTo(at, -listAt));
      if (module) modules.push(module);
      at = pointer(memory, at);
    }
    if (at !== head) throw new DumpError('runaway', 'The list of modules runs in a circle past its head');
    return { modules, problem: undefined };
  } catch (error) {
    if (error instanceof DumpError) return { modules, problem: error };
    throw error;
  }
}

function pointer(memory: KernelMemory, address: VirtualAddress): VirtualAddress {
  return wordAt(memory, address) as VirtualAddress;
}

/** Reads one `struct module`; undefined for one that is being loaded and has nothing yet. */
export function moduleReader(
  types: Types,
): (memory: KernelMemory, at: VirtualAddress) => LoadedModule | undefined {
  const unformed = types.findEnumerator('module_state', 'MODULE_STATE_UNFORMED');
  const readRegions = regionReader(types);
  const read = compileReader(types, 'struct module', {
    name: field.text('name'),
    state: field.number('state'),
    kallsyms: field.pointer('kallsyms'),
    orcCount: field.optional(field.number('arch.num_orcs')),
    orcIps: field.optional(field.pointer('arch.orc_unwind_ip')),
    orcEntries: field.optional(field.pointer('arch.orc_unwind')),
    btfSize: field.optional(field.number('btf_data_size')),
    btf: field.optional(field.pointer('btf_data')),
    // Since d4e48e3dd450 (v6.11).
    btfBaseSize: field.optional(field.number('btf_base_data_size')),
  });
  return (memory, address) => {
    const found = read(memory, address);
    if (found.state === unformed) return undefined;
    const { orcCount, orcIps, orcEntries, btf, btfSize } = found;
    return {
      name: found.name,
      address,
      regions: readRegions(memory, address),
      kallsyms: found.kallsyms,
      orc:
        orcCount && orcIps && orcEntries ? { ips: orcIps, entries: orcEntries, count: orcCount } : undefined,
      btf: btf && btfSize ? { start: btf, size: btfSize, hasBase: (found.btfBaseSize ?? 0) > 0 } : undefined,
    };
  };
}

type RegionReader = (memory: KernelMemory, module: VirtualAddress) => ModuleRegion[];

/** Where a module's memory is: `mem[]`, by type, since ac3b43283923 (v6.4); two layouts before. */
function regionReader(types: Types): RegionReader {
  if (types.has('struct module', 'mem')) return memReader(types);
  const spec: Record<string, Field<VirtualAddress | number>> = {};
  for (const layout of ['core_layout', 'init_layout']) {
    spec[`${layout}.base`] = field.pointer(`${layout}.base`);
    spec[`${layout}.size`] = field.number(`${layout}.size`);
    spec[`${layout}.text_size`] = field.number(`${layout}.text_size`);
  }
  const read = compileReader(types, 'struct module', spec);
  return (memory, address) => {
    const found = read(memory, address);
    return ['core_layout', 'init_layout'].flatMap((layout) => {
      const start = found[`${layout}.base`] as VirtualAddress;
      const size = found[`${layout}.size`] as number;
      const textSize = found[`${layout}.text_size`] as number;
      const init = layout === 'init_layout';
      if (start === 0n || size === 0) return [];
      const text = addTo(start, textSize);
      return [
        { start, end: text, text: true, init },
        { start: text, end: addTo(start, size), text: false, init },
      ];
    });
  };
}

function memReader(types: Types): RegionReader {
  const enumerators: [string, boolean, boolean][] = [
    ['MOD_TEXT', true, false],
    ['MOD_DATA', false, false],
    ['MOD_RODATA', false, false],
    ['MOD_RO_AFTER_INIT', false, false],
    ['MOD_INIT_TEXT', true, true],
    ['MOD_INIT_DATA', false, true],
    ['MOD_INIT_RODATA', false, true],
  ];
  const kinds = enumerators.flatMap(([name, text, init]) => {
    const index = types.findEnumerator('mod_mem_type', name);
    if (index === undefined) return [];
    const read = compileReader(types, 'struct module', {
      base: field.pointer(`mem[${index}].base`),
      size: field.number(`mem[${index}].size`),
    });
    return [{ read, text, init }];
  });
  return (memory, address) =>
    kinds.flatMap(({ read, text, init }) => {
      const { base, size } = read(memory, address);
      return base === 0n || size === 0 ? [] : [{ start: base, end: addTo(base, size), text, init }];
    });
}

/** The module whose memory holds an address. */
export function moduleAt(modules: readonly LoadedModule[], address: bigint): LoadedModule | undefined {
  return modules.find(({ regions }) => regions.some(({ start, end }) => address >= start && address < end));
}
