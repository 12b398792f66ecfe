// The loops of packages/vmcore/assembly, from AssemblyScript to WebAssembly.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder } from './cache.ts';
import { run } from './tools.ts';

const FOLDER = join(dirname(fileURLToPath(import.meta.url)), '..', 'packages/vmcore/assembly');
const COMPILER = fileURLToPath(import.meta.resolve('assemblyscript/bin/asc.js'));
/** Pages of 64 KB, all there from the beginning: memory that grows would move. What is not used costs nothing. */
export const MEMORY_PAGES = 384;
const DEFLATE_MEMORY_PAGES = 16;
const OPTIONS = ['--runtime', 'stub', '--noAssert', '-O3', '--disableWarning', '201'];

/** All that every platform has, in one module of some 12 KB. */
export function compiledLoops(): Uint8Array {
  return compiled('index.ts', MEMORY_PAGES);
}

/** The compressor, a module of 5 KB that only Node needs. */
export function compiledDeflate(): Uint8Array {
  return compiled('deflate.ts', DEFLATE_MEMORY_PAGES);
}

/** Kept in the cache, since compiling takes seconds. */
function compiled(entry: string, pages: number): Uint8Array {
  const options = [...OPTIONS, '--initialMemory', `${pages}`, '--maximumMemory', `${pages}`];
  const hash = createHash('sha256').update([entry, ...options].join());
  hash.update(readFileSync(join(dirname(COMPILER), '..', 'package.json')));
  for (const name of readdirSync(FOLDER).sort()) {
    hash.update(`\0${name}\0`).update(readFileSync(join(FOLDER, name)));
  }
  const file = join(cacheFolder('compiled'), `${hash.digest('hex').slice(0, 16)}.wasm`);
  if (!existsSync(file)) {
    const temporary = `${file}.${process.pid}`;
    run(process.execPath, [COMPILER, join(FOLDER, entry), '--outFile', temporary, ...options]);
    renameSync(temporary, file);
  }
  return readFileSync(file);
}
