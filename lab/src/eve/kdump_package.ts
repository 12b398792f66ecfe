import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { exec } from '../exec.ts';
import { repository } from '../paths.ts';
import { containerConfig, imageConfig, ociConfig } from './oci.ts';

/** What an EVE image takes of ours. */
export const packagingFolder = join(repository, 'packaging', 'eve');
const packageFolder = join(packagingFolder, 'pkg', 'kdump');
const script = join(packageFolder, 'collect-root.sh');

/** The `kdump` package as its Dockerfile and its `build.yml` describe it. */
export interface KdumpPackage {
  /** What the Dockerfile has collect-root.sh collect. */
  readonly programs: readonly string[];
  /** Files beside the Dockerfile that go into the image, with their places there. */
  readonly copied: readonly { readonly from: string; readonly to: string }[];
  /** The container's OCI runtime configuration. */
  readonly oci: object;
}

export function readKdumpPackage(): KdumpPackage {
  const dockerfile = readFileSync(join(packageFolder, 'Dockerfile'), 'utf8');
  const run = /^RUN sh \/collect-root\.sh \/out (.+)$/m.exec(dockerfile);
  if (run?.[1] === undefined) throw new Error('the Dockerfile does not run collect-root.sh');
  const lastStage = dockerfile.slice(dockerfile.lastIndexOf('\nFROM scratch\n'));
  const copies = lastStage.matchAll(/^COPY (?:--chmod=\d+ )?([^-\s]\S*) (\S+)$/gm);
  return {
    programs: run[1].split(' '),
    copied: [...copies].map(([, from = '', to = '']) => ({ from, to })),
    oci: ociConfig(
      containerConfig(readFileSync(join(packageFolder, 'build.yml'), 'utf8')),
      imageConfig(dockerfile),
    ),
  };
}

/** Makes the image's files below a folder, as the Dockerfile would, from this machine's programs. */
export async function makeKdumpRoot(folder: string, device: string): Promise<void> {
  const { programs, copied } = readKdumpPackage();
  await collectRoot(folder, programs);
  for (const { from, to } of copied) {
    if (from !== 'kcrash') throw new Error(`the Dockerfile copies ${from}; only kcrash can be had here`);
    mkdirSync(dirname(join(folder, to)), { recursive: true });
    copyFileSync(device, join(folder, to));
  }
}

/** Runs the package's collect-root.sh: programs of this machine and all they need, below a folder. */
export async function collectRoot(folder: string, programs: readonly string[]): Promise<void> {
  await exec('sh', [script, folder, ...programs]);
}
