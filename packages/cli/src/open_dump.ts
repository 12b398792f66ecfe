import { DumpError } from '@kcrash/vmcore/bytes/errors';
import { FileSource } from '@kcrash/vmcore/bytes/file_source.node';
import { nodePlatform } from '@kcrash/vmcore/compiled/platform.node';
import { type Dump, openDump } from '@kcrash/vmcore/dump';

/** What every command that reads a dump takes. */
export interface DumpOptions {
  /** Further files of a split dump. */
  readonly with?: readonly string[];
  readonly json?: true;
}

/** Opens a dump, and the further files of a split one. Throws `DumpError` that names the file. */
export function openDumpFile(path: string, { with: further = [] }: DumpOptions): Dump {
  const sources = [path, ...further].map((file) => new FileSource(file));
  try {
    return openDump(sources, nodePlatform);
  } catch (error) {
    if (!(error instanceof DumpError) || error.message.includes(path)) throw error;
    throw new DumpError(error.code, `${path}: ${error.message}`, error.where);
  }
}
