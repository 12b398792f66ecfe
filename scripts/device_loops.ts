// The loops of packages/vmcore/assembly for the device: wasm2c makes C of their WebAssembly.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compiledLoops, MEMORY_PAGES } from './compiled.ts';
import { run } from './tools.ts';

/** Every access is checked in C: the other way takes signal handlers and gigabytes of address space. */
const FLAGS = [
  '-DWASM_RT_MEMCHECK_SIGNAL_HANDLER=0',
  '-DWASM_RT_USE_STACK_DEPTH_COUNT=0',
  // Its further arguments are not the same in all versions.
  '-Dwasm_rt_allocate_memory(memory,...)=loops_allocate(memory)',
  '-DNDEBUG',
  '-Wno-cpp',
];

export interface DeviceLoops {
  /** The C file to compile beside `kcrash_loops.c`. */
  readonly source: string;
  readonly flags: readonly string[];
}

/** Writes the C of the loops, and `loops_names.h` for `kcrash_loops.c`, into a folder. */
export function deviceLoops(folder: string): DeviceLoops {
  const wasm = join(folder, 'loops.wasm');
  const source = join(folder, 'loops.c');
  writeFileSync(wasm, compiledLoops());
  run('wasm2c', [wasm, '-n', 'loops', '-o', source]);
  writeFileSync(join(folder, 'loops_names.h'), namesOf(readFileSync(join(folder, 'loops.h'), 'utf8')));
  return { source, flags: [...FLAGS, `-I${folder}`] };
}

/** wasm2c names what a module exports differently from version to version; its header tells. */
function namesOf(header: string): string {
  const instance = found(/^typedef struct (\w+) \{/m, header);
  const start = found(/^void (\w+_instantiate)\(/m, header);
  const init = /^void (\w+_init_module)\(void\)/m.exec(header)?.[1];
  const loops: string[] = [];
  let memory: string | undefined;
  for (const [, name, type, symbol, list = ''] of header.matchAll(
    /export: '(\w+)' \*\/\n(\w+\*?) (\w+)\(([^)]*)\);/g,
  )) {
    const count = list.split(',').length - 1;
    if (type === 'wasm_rt_memory_t*') memory = symbol;
    else {
      const values = Array.from({ length: count }, (_, n) => `, a[${n}]`).join('');
      const call = `${symbol}(&instance${values})`;
      loops.push(`X(${name}, ${count}, ${type === 'void' ? `(${call}, 0)` : call})`);
    }
  }
  if (memory === undefined) throw new Error("wasm2c's header has no memory");
  return [
    '#include "loops.h"',
    `#define LOOPS_INSTANCE ${instance}`,
    `#define LOOPS_START(instance) (${init === undefined ? '' : `${init}(), `}${start}(instance))`,
    `#define LOOPS_MEMORY ${memory}`,
    `#define LOOPS_PAGES ${MEMORY_PAGES}`,
    `#define LOOPS(X) \\\n${loops.map((line) => `\t${line}`).join(' \\\n')}`,
    '',
  ].join('\n');
}

function found(pattern: RegExp, header: string): string {
  const name = pattern.exec(header)?.[1];
  if (name === undefined) throw new Error(`wasm2c's header has no ${pattern.source}`);
  return name;
}
