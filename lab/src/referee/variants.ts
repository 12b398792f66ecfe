import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exec } from '../exec.ts';
import { type DumpCodec, readDump } from '../kdump.ts';
import { runToEnd } from './measure.ts';

const OPTION: Record<DumpCodec, readonly string[]> = {
  zlib: ['-c'],
  lzo: ['-l'],
  snappy: ['-p'],
  zstd: ['-z'],
  none: [],
};

/** The compressions that this machine's makedumpfile was built with, uncompressed among them. */
export async function codecsAtHand(): Promise<DumpCodec[]> {
  const said = (await exec('makedumpfile', ['-v'])).toString('utf8');
  const optional = (['lzo', 'snappy', 'zstd'] as const).filter((name) =>
    new RegExp(`^${name}\\s+enabled`, 'm').test(said),
  );
  return ['none', 'zlib', ...optional];
}

/** Writes the same dump with another compression; makedumpfile only warns of one it lacks, so that is checked. */
export async function recompress(dump: string, codec: DumpCodec, to: string): Promise<void> {
  rmSync(to, { force: true });
  await exec('makedumpfile', [...OPTION[codec], '-d', '31', dump, to]);
  const { codec: found } = readDump(readFileSync(to));
  if (found !== codec) throw new Error(`makedumpfile wrote ${to} with ${found}; wanted ${codec}`);
}

/** The compressions with which kcrash on a device writes dumps. */
export const OWN_CODECS: readonly DumpCodec[] = ['zstd', 'none', 'zlib'];

/** Writes the same dump by kcrash's own engine. */
export async function rewrite(device: string, dump: string, codec: DumpCodec, to: string): Promise<void> {
  await exec(device, ['dump', dump, to, '--codec', codec]);
  const { codec: found } = readDump(readFileSync(to));
  if (found !== codec) throw new Error(`kcrash dump wrote ${to} with ${found}; wanted ${codec}`);
}

/** The dump itself where this machine's makedumpfile reads its compression, else an uncompressed copy in `folder`. */
export async function forMakedumpfile(device: string, dump: string, folder: string): Promise<string> {
  const { codec } = readDump(readFileSync(dump));
  if ((await codecsAtHand()).includes(codec)) return dump;
  const copy = join(folder, 'uncompressed.dump');
  await rewrite(device, dump, 'none', copy);
  return copy;
}

/** Writes the same dump cut to a size, as makedumpfile does where there is no room for all of it. */
export async function cutDump(dump: string, bytes: number, to: string): Promise<void> {
  rmSync(to, { force: true });
  const { codec } = readDump(readFileSync(dump));
  const args = [...OPTION[codec], '-d', '31', '-L', String(bytes), dump, to];
  // It fails, having said that the size limit is reached, and leaves the file.
  const { status, output, errors } = await runToEnd('makedumpfile', args, { cwd: '/', limitSeconds: 300 });
  if (status === 0 || !/Size limit\(\d+\) reached/.test(output + errors))
    throw new Error(`makedumpfile -L ${bytes} ended with ${status} and did not say that it cut the dump`);
}

/** Writes the same dump with other text in its VMCOREINFO; both texts have the same length. */
export function doctorDump(dump: string, from: string, into: string, to: string): void {
  const bytes = readFileSync(dump);
  const at = bytes.indexOf(from, 0, 'latin1');
  if (at < 0 || from.length !== into.length) throw new Error(`${dump} has no ${from} to be made ${into}`);
  bytes.write(into, at, 'latin1');
  writeFileSync(to, bytes);
}
