// `npm run build`: dist/device/kcrash, the static program for the device, and dist/cli/kcrash.mjs, the program for a
// workstation with Node.
import { chmodSync, existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { deviceBinary } from './device_binary.ts';
import { run } from './tools.ts';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const OUTPUT = 'dist/device/kcrash';
const LIMIT_BYTES = 3_000_000;

/** `0.1.0+gfc671d8`: the package's version and, in a git checkout, the commit. */
function version(): string {
  const text = readFileSync(join(ROOT, 'packages/agent/package.json'), 'utf8');
  const { version } = JSON.parse(text) as { version: string };
  if (!existsSync(join(ROOT, '.git'))) return version;
  try {
    return `${version}+g${run('git', ['-C', ROOT, 'rev-parse', '--short', 'HEAD']).trim()}`;
  } catch {
    return version;
  }
}

const output = join(ROOT, OUTPUT);
const name = version();
deviceBinary('packages/agent/src/device/main.ts', output, name);
const { size } = statSync(output);
console.log(`${OUTPUT}: ${size} bytes, version ${name}`);
if (size > LIMIT_BYTES) {
  console.error(`${OUTPUT} has ${size} bytes; at most ${LIMIT_BYTES} are allowed`);
  process.exitCode = 1;
}

const workstation = 'dist/cli/kcrash.mjs';
buildSync({
  absWorkingDir: ROOT,
  entryPoints: ['packages/cli/src/main.ts'],
  outfile: workstation,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  define: { KCRASH_VERSION: JSON.stringify(name) },
  // commander is CommonJS and asks for Node's own modules by require.
  banner: {
    js: "import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);",
  },
});
chmodSync(join(ROOT, workstation), 0o755);
console.log(`${workstation}: version ${name}`);
