// Where the lab's three partitions lie on its disk. Sizes and offsets are in bytes unless a name says sectors.

export const MIB = 1024 * 1024;
const SECTOR = 512;
/** Partitions start on whole MiBs; the first MiB and the last hold the two partition tables. */
const TABLE_BYTES = MIB;
/** The gap between the partition table and the first partition, which a boot loader may have as its own. */
export const BIOS_BOOT = { firstSector: 34, sectors: 2048 - 34 } as const;
const BIOS_BOOT_TYPE = '21686148-6449-6E6F-744E-656564454649';
const LINUX_DATA = '0FC63DAF-8483-4772-8E79-3D69D8477DE4';

export type PartitionName = 'root' | 'persist' | 'lab';

/** PARTUUIDs never change: the kernel's command line names partitions by them. */
export const PARTUUID: Readonly<Record<PartitionName, string>> = {
  root: '6b637261-7368-4c61-8001-000000000001',
  persist: '6b637261-7368-4c61-8001-000000000002',
  lab: '6b637261-7368-4c61-8001-000000000003',
};

export interface Partition {
  readonly name: PartitionName;
  readonly offset: number;
  readonly size: number;
}

export interface Layout {
  readonly partitions: readonly Partition[];
  readonly diskSize: number;
}

/** Lays partitions out one after the other; each size must be whole MiBs. */
export function layout(sizes: Readonly<Record<PartitionName, number>>): Layout {
  const partitions: Partition[] = [];
  let offset = TABLE_BYTES;
  for (const name of ['root', 'persist', 'lab'] as const) {
    const size = sizes[name];
    if (size <= 0 || size % MIB !== 0) {
      throw new Error(`partition ${name} has ${size} bytes; wanted a positive multiple of ${MIB}`);
    }
    partitions.push({ name, offset, size });
    offset += size;
  }
  return { partitions, diskSize: offset + TABLE_BYTES };
}

export function partition(of: Layout, name: PartitionName): Partition {
  const found = of.partitions.find((each) => each.name === name);
  if (found === undefined) throw new Error(`the layout has no partition ${name}`);
  return found;
}

/** What sfdisk reads to write this table, on demand with `BIOS_BOOT` as the last partition. */
export function sfdiskScript(of: Layout, biosBoot = false): string {
  const rows = of.partitions.map(
    ({ name, offset, size }) =>
      `start=${offset / SECTOR}, size=${size / SECTOR}, type=${LINUX_DATA}, uuid=${PARTUUID[name]}, name=${name}`,
  );
  const { firstSector, sectors } = BIOS_BOOT;
  if (biosBoot) rows.push(`start=${firstSector}, size=${sectors}, type=${BIOS_BOOT_TYPE}, name=boot`);
  return ['label: gpt', 'unit: sectors', `first-lba: ${firstSector}`, '', ...rows, ''].join('\n');
}
