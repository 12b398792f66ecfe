import { describe, expect, it } from 'vitest';
import { bootRecord, placedCore } from './boot_sectors.ts';

const sector = (fill: number): Buffer => {
  const bytes = Buffer.alloc(512, fill);
  bytes.writeUInt16LE(0xaa55, 510);
  return bytes;
};

describe('bootRecord', () => {
  it("takes code from boot.img, the partition table from the disk, and core.img's sector", () => {
    const record = bootRecord(sector(1), sector(2), 34);
    expect(record.subarray(0x5c, 0x64)).toEqual(Buffer.from([34, 0, 0, 0, 0, 0, 0, 0]));
    expect([record[0x5b], record[0x64], record[0x1b7]]).toEqual([1, 1, 1]);
    expect([record[0x1b8], record[0x1be], record[0x1fd]]).toEqual([2, 2, 2]);
    expect(record.readUInt16LE(510)).toBe(0xaa55);
  });

  it('refuses what is no boot sector', () => {
    expect(() => bootRecord(Buffer.alloc(512), sector(2), 34)).toThrow(/boot\.img has 512 bytes; wanted 512/);
    expect(() => bootRecord(sector(1), Buffer.alloc(10), 34)).toThrow(/the boot record has 10 bytes/);
  });
});

describe('placedCore', () => {
  const core = (bytes: number, told: number): Buffer => {
    const image = Buffer.alloc(bytes, 7);
    image.writeUInt16LE(told, 508);
    return image;
  };

  it('says where the second sector lies and leaves the rest alone', () => {
    const placed = placedCore(core(1300, 2), 34, 3);
    expect(placed.readBigUInt64LE(500)).toBe(35n);
    expect(placed.readUInt16LE(508)).toBe(2);
    expect(placed.subarray(512)).toEqual(core(1300, 2).subarray(512));
  });

  it('refuses an image that does not fit or does not know its own size', () => {
    expect(() => placedCore(core(1300, 2), 34, 2)).toThrow('core.img has 1300 bytes; its place has 1024');
    expect(() => placedCore(core(1300, 9), 34, 3)).toThrow('core.img tells of 9 more sectors, but it has 2');
  });
});
