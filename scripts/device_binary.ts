// From TypeScript to one static program: esbuild bundles, QuickJS's qjsc compiles to bytecode in a C array,
// gcc links it with the engine and the C module.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { withLock } from './cache.ts';
import { compiledLoops } from './compiled.ts';
import { deviceLoops } from './device_loops.ts';
import { type QuickJs, quickJs } from './quickjs.ts';
import { run } from './tools.ts';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const NATIVE = join(ROOT, 'packages/agent/native');
/** The C modules by the names under which TypeScript imports them. */
const C_MODULES = ['kcrash_sys', 'kcrash_child', 'kcrash_codecs', 'kcrash_packer', 'kcrash_loops'] as const;
/** What they share. */
const C_HEADER = 'kcrash_module.h';
const ENGINE_MODULES = ['std', 'os', ...C_MODULES];
/** Members of zstd's library with the compressors of levels that nobody asks for here: a quarter of a megabyte. */
const UNUSED_ZSTD = ['zstd_lazy.o', 'zstd_opt.o'];

/**
 * Builds a program that runs `entry` (a module) on QuickJS, unless `output` is already made of the same
 * things. Safe in several processes at once. `version` becomes `KCRASH_VERSION` in the code.
 */
export function deviceBinary(entry: string, output: string, version: string): void {
  const bundle = bundled(entry, version);
  const engine = quickJs();
  const libraries = staticLibraries();
  const key = keyOf(bundle, engine, libraries);
  withLock('device-binary', () => {
    const keyFile = `${output}.key`;
    if (existsSync(output) && existsSync(keyFile) && readFileSync(keyFile, 'utf8') === key) return;
    mkdirSync(dirname(output), { recursive: true });
    const work = mkdtempSync(join(dirname(output), 'building-'));
    try {
      link(bundle, engine, libraries, work);
      rmSync(keyFile, { force: true });
      renameSync(join(work, 'program'), output);
      writeFileSync(join(work, 'key'), key);
      renameSync(join(work, 'key'), keyFile);
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  });
}

function bundled(entry: string, version: string): string {
  const { outputFiles } = buildSync({
    absWorkingDir: ROOT,
    entryPoints: [entry],
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    target: 'es2023',
    // Names with a scheme in the code, so that `os` isn't taken for Node's.
    alias: Object.fromEntries(ENGINE_MODULES.map((name) => [`quickjs:${name}`, name])),
    external: ENGINE_MODULES,
    define: { KCRASH_VERSION: JSON.stringify(version) },
    legalComments: 'none',
    logLevel: 'warning',
    write: false,
  });
  const bundle = outputFiles[0];
  if (bundle === undefined) throw new Error(`esbuild made nothing of ${entry}`);
  return bundle.text;
}

/** The C libraries that the program takes in, from Debian's `-dev` packages. */
interface StaticLibraries {
  readonly zlib: string;
  readonly zstd: string;
}

function staticLibraries(): StaticLibraries {
  return { zlib: staticLibrary('libz.a', 'zlib1g-dev'), zstd: staticLibrary('libzstd.a', 'libzstd-dev') };
}

function staticLibrary(file: string, debianPackage: string): string {
  const path = run('gcc', [`-print-file-name=${file}`]).trim();
  // gcc says the bare name where it finds none.
  if (!path.includes('/')) throw new Error(`${file} is missing (apt-get install ${debianPackage})`);
  return path;
}

/** The recipe is among the ingredients, so that a change to this file builds anew. */
function keyOf(bundle: string, engine: QuickJs, libraries: StaticLibraries): string {
  const hash = createHash('sha256');
  const sources = [...C_MODULES.map(sourceOf), join(NATIVE, C_HEADER)];
  const recipes = ['device_binary.ts', 'device_loops.ts'].map((name) => join(ROOT, 'scripts', name));
  const files = [...recipes, ...sources, ...Object.values(libraries)];
  for (const part of [engine.key, compiledLoops(), ...files.map((path) => readFileSync(path)), bundle])
    hash.update(part).update('\0');
  return hash.digest('hex');
}

function sourceOf(module: string): string {
  return join(NATIVE, `${module}.c`);
}

function link(bundle: string, engine: QuickJs, libraries: StaticLibraries, work: string): void {
  const at = { cwd: work };
  writeFileSync(join(work, 'kcrash.js'), bundle);
  // Line numbers and function names stay in the bytecode: an internal error must say where it was.
  const features = ['-fno-module-loader', '-fno-eval'];
  const modules = C_MODULES.flatMap((name) => ['-M', `${name},${name}`]);
  run(engine.qjsc, ['-e', '-m', ...features, ...modules, '-o', 'kcrash.c', 'kcrash.js'], at);
  const include = ['-isystem', engine.includeFolder];
  const code = ['-O2', '-fno-pie', '-ffunction-sections', '-fdata-sections', '-D_GNU_SOURCE', ...include];
  const loops = deviceLoops(work);
  for (const name of C_MODULES) {
    const strict = ['-Wall', '-Wextra', '-Werror', ...loops.flags];
    run('gcc', [...code, ...strict, '-c', sourceOf(name), '-o', `${name}.o`], at);
  }
  run('gcc', [...code, '-w', ...loops.flags, '-c', loops.source, '-o', 'loops.o'], at);
  run('gcc', [...code, '-c', 'kcrash.c', '-o', 'kcrash.o'], at);
  const made = ['kcrash', ...C_MODULES, 'loops'];
  const objects = [...made.map((name) => `${name}.o`), ...engine.objects];
  const shape = ['-static', '-no-pie', '-Wl,--gc-sections', '-s', ...withoutUnused(libraries.zstd, work)];
  const archives = [libraries.zlib, libraries.zstd];
  run('gcc', [...shape, ...objects, ...archives, '-lm', '-lpthread', '-o', 'program'], at);
}

/** What those members define is defined as a function that aborts, so that the linker looks for it no further. */
function withoutUnused(zstd: string, work: string): string[] {
  run('ar', ['x', zstd, ...UNUSED_ZSTD], { cwd: work });
  const names = run('nm', ['--defined-only', '--extern-only', '--format=just-symbols', ...UNUSED_ZSTD], {
    cwd: work,
  });
  const functions = names.split('\n').filter((name) => /^\w+$/.test(name));
  return functions.map((name) => `-Wl,--defsym=${name}=kcrash_packer_absent`);
}
