import { exec } from './exec.ts';
import type { DumpCodec } from './kdump.ts';

/** The guest has the host's makedumpfile: ask that which compressions it was built with. */
export async function bestCodec(): Promise<DumpCodec> {
  const version = (await exec('makedumpfile', ['-v'])).toString('utf8');
  const best = (['zstd', 'lzo'] as const).find((name) =>
    new RegExp(`^${name}\\s+enabled`, 'm').test(version),
  );
  return best ?? 'zlib';
}
