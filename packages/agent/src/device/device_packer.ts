import { finish, slots, start } from 'quickjs:kcrash_packer';
import { newBatch, type PackCodec, type PageBatch, type PagePacker } from '@kcrash/vmcore/codecs/page_packer';

/** zstd makes the smallest dumps and takes the least time. */
export const DEVICE_PACK_CODECS: readonly PackCodec[] = ['zstd', 'zlib', 'none'];

const NUMBER_OF = { none: 0, zlib: 1, zstd: 2 } as const;

/** Packs pages in C, while JavaScript goes on where there is another CPU. One at a time, since its slots are. */
export function devicePacker(codec: PackCodec, pageSize: number): PagePacker {
  const batches = Array.from({ length: slots() }, () => newBatch(pageSize));
  const working = new Set<PageBatch>();
  const end = (batch: PageBatch): number => {
    working.delete(batch);
    return finish(batches.indexOf(batch));
  };
  return {
    codec,
    pageSize,
    batches,
    start: (batch, count) => {
      const { pages, sizes, packed } = batch;
      start(batches.indexOf(batch), NUMBER_OF[codec], pages, pageSize, count, sizes, packed);
      working.add(batch);
    },
    finish: end,
    close: () => {
      for (const batch of working) end(batch);
    },
  };
}
