// The two places where GRUB's BIOS images hold disk addresses (GRUB's manual, "BIOS installation"; the offsets
// are those of boot.img and diskboot.img of GRUB 2). Sectors have 512 bytes.

const SECTOR = 512;
/** In boot.img: the sector of core.img's first, 64 bits. */
const KERNEL_SECTOR_AT = 0x5c;
/** From here to the signature the master boot record belongs to the disk: its name and partition table. */
const DISK_PART_AT = 0x1b8;
const SIGNATURE_AT = 0x1fe;
/** In core.img's first sector: where the rest lies, as first sector (64 bits), sectors and segment (16 each). */
const BLOCK_AT = SECTOR - 12;

/** The master boot record of a disk: GRUB's boot.img, what the disk has there, and where core.img is. */
export function bootRecord(bootImage: Buffer, present: Buffer, coreSector: number): Buffer {
  for (const [name, bytes] of Object.entries({ 'boot.img': bootImage, 'the boot record': present })) {
    if (bytes.length !== SECTOR || bytes.readUInt16LE(SIGNATURE_AT) !== 0xaa55) {
      throw new Error(`${name} has ${bytes.length} bytes; wanted ${SECTOR}, the last two 55 aa`);
    }
  }
  const record = Buffer.from(bootImage);
  record.writeBigUInt64LE(BigInt(coreSector), KERNEL_SECTOR_AT);
  present.copy(record, DISK_PART_AT, DISK_PART_AT, SIGNATURE_AT);
  return record;
}

/** core.img for a place of `sectors` sectors from `firstSector` on: its first sector tells where the rest is. */
export function placedCore(core: Buffer, firstSector: number, sectors: number): Buffer {
  if (core.length > sectors * SECTOR) {
    throw new Error(`core.img has ${core.length} bytes; its place has ${sectors * SECTOR}`);
  }
  const rest = Math.ceil(core.length / SECTOR) - 1;
  const told = core.readUInt16LE(BLOCK_AT + 8);
  if (told !== rest) throw new Error(`core.img tells of ${told} more sectors, but it has ${rest}`);
  const placed = Buffer.from(core);
  placed.writeBigUInt64LE(BigInt(firstSector + 1), BLOCK_AT);
  return placed;
}
