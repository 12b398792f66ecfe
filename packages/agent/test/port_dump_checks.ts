import { DumpError } from '@kcrash/vmcore/bytes/errors';
import { utf8Bytes } from '@kcrash/vmcore/bytes/text';
import { codecsWith } from '@kcrash/vmcore/codecs/codecs';
import { type PageBatch, STORED_PAGE, ZERO_PAGE } from '@kcrash/vmcore/codecs/page_packer';
import { type Checks, equal, fails, holds } from './port_checks.ts';

/** Pages of text, of zeros, and of noise, from which nothing can be taken away. */
function samplePages(pageSize: number): Uint8Array {
  const pages = new Uint8Array(3 * pageSize);
  pages.set(utf8Bytes('a page of text '.repeat(200)));
  let noise = 1;
  for (let n = 2 * pageSize; n < pages.length; n++) {
    noise = (Math.imul(noise, 1_103_515_245) + 12_345) >>> 0;
    pages[n] = noise >>> 24;
  }
  return pages;
}

function same(found: Uint8Array, wanted: Uint8Array): boolean {
  return found.length === wanted.length && found.every((byte, n) => byte === wanted[n]);
}

/** Of writing dumps. */
export const dumpChecks: Checks = {
  'a file is written anywhere, with zeros between'(port, { folder }) {
    const writer = port.create(`${folder}/anywhere`, 0o600);
    writer.writeAt(6, utf8Bytes('cd'));
    writer.writeAt(1, utf8Bytes('_ab_').subarray(1, 3));
    writer.close();
    equal([...port.readFile(`${folder}/anywhere`)], [0, 97, 98, 0, 0, 0, 99, 100]);
  },

  'a full file system is ENOSPC at an offset too'(port, { small }) {
    const writer = port.create(`${small}/sub/large`, 0o600);
    fails('ENOSPC', () => writer.writeAt(1 << 19, new Uint8Array(1 << 20)));
    writer.close();
    port.unlink(`${small}/sub/large`);
  },

  'pages are packed, and are the same unpacked'(port) {
    const size = 4096;
    const pages = samplePages(size);
    for (const codec of port.packCodecs) {
      const packer = port.packer(codec, size);
      for (const batch of packer.batches) {
        batch.pages.set(pages);
        packer.start(batch, 3);
        const filled = packer.finish(batch);
        const [text = 0, zeros, noise] = batch.sizes;
        equal([zeros, noise], [ZERO_PAGE, STORED_PAGE], codec);
        const textBytes = text === STORED_PAGE ? size : text;
        equal(filled, textBytes + size, codec);
        holds(codec === 'none' || text < 200, `${codec} makes ${text} bytes of the text`);
        holds(same(batch.packed.subarray(textBytes, filled), pages.subarray(2 * size)), `${codec}: noise`);
        const page = new Uint8Array(size);
        if (codec === 'none') page.set(batch.packed.subarray(0, size));
        else
          equal(
            codecsWith(port.platform.codecs ?? {})[codec](batch.packed.subarray(0, text), page),
            size,
            codec,
          );
        holds(same(page, pages.subarray(0, size)), `${codec}: text`);
      }
      packer.close();
    }
  },

  'batches that are in work at once become what each becomes alone'(port) {
    const size = 4096;
    const pages = samplePages(size);
    // Each batch other bytes.
    const fill = (batch: PageBatch, n: number) => {
      batch.pages.set(pages);
      batch.pages.fill(n, 100, 200);
    };
    const packed = (batch: PageBatch, filled: number) => [
      ...batch.sizes.subarray(0, 3),
      ...batch.packed.slice(0, filled),
    ];
    for (const codec of port.packCodecs) {
      const packer = port.packer(codec, size);
      const alone = packer.batches.map((batch, n) => {
        fill(batch, n);
        packer.start(batch, 3);
        return packed(batch, packer.finish(batch));
      });
      for (const [n, batch] of packer.batches.entries()) {
        fill(batch, n);
        packer.start(batch, 3);
      }
      const together = packer.batches.map((batch) => packed(batch, packer.finish(batch)));
      equal(together, alone, codec);
      // What is closed with batches in work leaves none of them to the next.
      for (const batch of packer.batches) packer.start(batch, 3);
      packer.close();
    }
  },

  'what cannot be unpacked is a damaged page'(port) {
    for (const [name, unpack] of Object.entries(port.platform.codecs ?? {})) {
      try {
        unpack(new Uint8Array(100).fill(0x28), new Uint8Array(4096));
      } catch (error) {
        if (error instanceof DumpError && error.code === 'bad-format') continue;
        throw error;
      }
      throw new Error(`${name} takes anything`);
    }
  },
};
