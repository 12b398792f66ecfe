import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { deviceBinary } from '../../scripts/device_binary.ts';
import type { Programs } from './programs.ts';
import type { TargetName } from './run_cases.ts';
import type { WorkerCommand } from './supervisor.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Builds the worker that a target needs; returns how it is started. */
export function workerCommand(target: TargetName, folder: string): WorkerCommand {
  switch (target) {
    case 'dumps':
    case 'pages':
    case 'titles':
      return onNode('worker.node.ts', folder);
    case 'device': {
      const program = join(ROOT, 'dist/fuzz/worker');
      deviceBinary('fuzz/src/worker.device.ts', program, 'fuzz');
      return [program];
    }
    case 'programs': {
      const device = join(ROOT, 'dist/device/kcrash');
      const workstation = join(ROOT, 'dist/cli/kcrash.cjs');
      for (const path of [device, workstation]) {
        if (!existsSync(path)) throw new Error(`There is no ${path}: npm run build makes it`);
      }
      const programs: Programs = { device, workstation, folder };
      return [...onNode('worker.programs.ts', folder), JSON.stringify(programs)];
    }
  }
}

/** In one file, so that a long run is of one state of the code, and a worker starts at once. */
function onNode(entry: string, folder: string): WorkerCommand {
  const worker = join(folder, entry.replace(/\.ts$/, '.mjs'));
  buildSync({
    entryPoints: [join(ROOT, 'fuzz/src', entry)],
    outfile: worker,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    sourcemap: 'inline',
  });
  return [process.execPath, '--expose-gc', '--max-old-space-size=1024', '--enable-source-maps', worker];
}
