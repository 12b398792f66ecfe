import { FileSource } from '@kcrash/vmcore/bytes/file_source.node';
import { nodePlatform } from '@kcrash/vmcore/compiled/platform.node';
import { type Dump, openDump } from '@kcrash/vmcore/dump';

/** Opens a dump in the product's own library for as long as `work` runs. */
export async function withOurDump<T>(path: string, work: (dump: Dump) => T | Promise<T>): Promise<T> {
  const source = new FileSource(path);
  try {
    return await work(openDump(source, nodePlatform));
  } finally {
    source.close();
  }
}
