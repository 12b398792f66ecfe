import { describe, expect, it } from 'vitest';
import { readDump, vmcoreinfoValue } from './kdump.ts';

const BLOCK = 4096;

/** A dump of three pages, as the format's description has it. */
function smallDump(): Buffer {
  const file = Buffer.alloc(8 * BLOCK);
  file.write('KDUMP   ', 0);
  file.writeUInt32LE(6, 8);
  file.write('6.1.0-test', 12 + 2 * 65);
  file.writeUInt32LE(0x20, 424);
  file.writeUInt32LE(BLOCK, 428);
  file.writeUInt32LE(1, 432);
  file.writeUInt32LE(2, 436);
  file.writeInt32LE(31, BLOCK + 8);
  const note = 'OSRELEASE=6.1.0-test\nCRASHTIME=1700000000\n';
  file.writeBigUInt64LE(BigInt(7 * BLOCK), BLOCK + 32);
  file.writeBigUInt64LE(BigInt(note.length), BLOCK + 40);
  file.write(note, 7 * BLOCK);
  file[3 * BLOCK] = 0b0110_0001;
  for (let page = 0; page < 3; page += 1) {
    file.writeBigInt64LE(BigInt(5 * BLOCK), 4 * BLOCK + page * 24);
    file.writeUInt32LE(100, 4 * BLOCK + page * 24 + 8);
  }
  return file;
}

describe('readDump', () => {
  it('reads the headers of a whole dump', () => {
    const dump = readDump(smallDump());
    expect(dump).toMatchObject({
      headerVersion: 6,
      release: '6.1.0-test',
      dumpLevel: 31,
      codec: 'zstd',
      incomplete: false,
      pages: 3,
    });
    expect(vmcoreinfoValue(dump.vmcoreinfo, 'CRASHTIME')).toBe('1700000000');
    expect(vmcoreinfoValue(dump.vmcoreinfo, 'BUILD-ID')).toBeUndefined();
  });

  it('knows a dump that says it is not complete, and counts the pages it has', () => {
    const file = smallDump();
    file.fill(0, 4 * BLOCK + 2 * 24, 4 * BLOCK + 3 * 24);
    expect(() => readDump(file)).toThrow('page descriptor 2 points at [0, 0)');
    file.writeUInt32LE(0x28, 424);
    expect(readDump(file)).toMatchObject({ incomplete: true, pages: 2 });
  });

  it('refuses a dump with a page past its end', () => {
    const file = smallDump();
    file.writeBigInt64LE(BigInt(8 * BLOCK - 50), 4 * BLOCK + 24);
    expect(() => readDump(file)).toThrow(
      'page descriptor 1 points at [32718, 32818); the file ends at 32768',
    );
  });

  it('refuses what is no dump', () => {
    expect(() => readDump(Buffer.from('\x7fELF and more'))).toThrow('wanted "KDUMP   "');
  });
});
