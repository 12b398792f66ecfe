import { closeSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { exec } from '../exec.ts';
import { BIOS_BOOT } from '../gpt.ts';
import { inScratch } from '../image.ts';
import { bootRecord, placedCore } from './boot_sectors.ts';

/** Where grub-pc-bin has its images and modules. */
const GRUB_FOLDER = '/usr/lib/grub/i386-pc';
/** The folder on the root partition with GRUB's configuration: as on EVE, whose root file system holds it. */
export const GRUB_CONFIG_FOLDER = '/EFI/BOOT';
/** All that the configuration uses: nothing is loaded from the disk. */
const MODULES = [
  'biosdisk',
  'part_gpt',
  'ext2',
  'normal',
  'configfile',
  'linux',
  'echo',
  'test',
  'regexp',
].concat(['smbios', 'serial', 'terminal', 'reboot', 'sleep']);

/** Writes GRUB for BIOS machines to a disk's boot record and its `BIOS_BOOT` partition. */
export async function installGrub(disk: string): Promise<void> {
  const core = await inScratch(async (scratch) => {
    const path = join(scratch, 'core.img');
    const prefix = `(,gpt1)${GRUB_CONFIG_FOLDER}`;
    await exec('grub-mkimage', ['-O', 'i386-pc', '-d', GRUB_FOLDER, '-p', prefix, '-o', path, ...MODULES]);
    return readFileSync(path);
  });
  const { firstSector, sectors } = BIOS_BOOT;
  const file = openSync(disk, 'r+');
  try {
    const present = Buffer.alloc(512);
    readSync(file, present, 0, 512, 0);
    const record = bootRecord(readFileSync(join(GRUB_FOLDER, 'boot.img')), present, firstSector);
    writeSync(file, record, 0, record.length, 0);
    const placed = placedCore(core, firstSector, sectors);
    writeSync(file, placed, 0, placed.length, firstSector * 512);
  } finally {
    closeSync(file);
  }
}
