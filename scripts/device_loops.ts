// The loops of packages/vmcore/assembly for the device: wasm2c makes C of their WebAssembly.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compiledLoops } from './compiled.ts';
import { run } from './tools.ts';

/** wasm2c's own C, which it needs beside what it makes. */
const RUNTIME = '/usr/share/wabt/wasm2c/wasm-rt-impl.c';
/** Every access is checked in C: the other way takes signal handlers and gigabytes of address space. */
const FLAGS = [
  '-DWASM_RT_MEMCHECK_SIGNAL_HANDLER=0',
  '-DWASM_RT_USE_MMAP=0',
  '-DWASM_RT_NONCONFORMING_UNCHECKED_STACK_EXHAUSTION=1',
  '-DNDEBUG',
];

export interface DeviceLoops {
  /** C files to compile beside `kcrash_loops.c`. */
  readonly sources: readonly string[];
  readonly flags: readonly string[];
}

/** Writes the C of the loops, and `loops_names.h` for `kcrash_loops.c`, into a folder. */
export function deviceLoops(folder: string): DeviceLoops {
  const wasm = join(folder, 'loops.wasm');
  const source = join(folder, 'loops.c');
  writeFileSync(wasm, compiledLoops());
  run('wasm2c', [wasm, '-n', 'loops', '-o', source]);
  writeFileSync(join(folder, 'loops_names.h'), namesOf(readFileSync(join(folder, 'loops.h'), 'utf8')));
  return { sources: [source, RUNTIME], flags: [...FLAGS, `-I${folder}`, '-I/usr/share/wabt/wasm2c'] };
}

/** wasm2c names what a module exports differently from version to version; its header tells. */
export function namesOf(header: string): string {
  const instance = found(/typedef struct (\w+)(?: \{[^}]*\} \1)?;|typedef struct (\w+) \{/, header);
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
    `#define LOOPS(X) \\\n${loops.map((line) => `\t${line}`).join(' \\\n')}`,
    '',
  ].join('\n');
}

function found(pattern: RegExp, header: string): string {
  const match = pattern.exec(header);
  const name = match?.[1] ?? match?.[2];
  if (name === undefined) throw new Error(`wasm2c's header has no ${pattern.source}`);
  return name;
}
