import { FileSource } from '@kcrash/vmcore/bytes/file_source.node';
import { nodeCodecs } from '@kcrash/vmcore/codecs/codecs.node';
import { type Dump, openDump } from '@kcrash/vmcore/dump';

/** Opens a dump in the product's own library for as long as `work` runs. */
export async function withOurDump<T>(path: string, work: (dump: Dump) => T | Promise<T>): Promise<T> {
  const source = new FileSource(path);
  try {
    return await work(openDump(source, { codecs: nodeCodecs }));
  } finally {
    source.close();
  }
}
