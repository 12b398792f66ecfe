import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Ext4Files, ext4State, parseListing, parseModificationTimes } from './ext4.ts';
import { fileSystem } from './image.ts';

describe('parseListing', () => {
  it('reads names, modes and sizes, without the folder itself and removed names', () => {
    const text = [
      'debugfs: ls -p "/x"',
      '/12/040755/0/0/.//',
      '/2/040755/0/0/..//',
      '/13/040755/0/0/y//',
      '/14/100600/0/0/kdump-2026-11-24T22:21:43+00:00.dump/21978167/',
      '/0/100644/0/0/gone/5/',
      '',
    ].join('\n');
    expect(parseListing(text)).toEqual([
      { inode: 13, mode: 0o040755, name: 'y', size: 0 },
      { inode: 14, mode: 0o100600, name: 'kdump-2026-11-24T22:21:43+00:00.dump', size: 21978167 },
    ]);
  });
});

describe('parseModificationTimes', () => {
  it('reads the seconds of each inode', () => {
    const text = [
      'Inode: 12   Type: directory    Mode:  0755   Flags: 0x80000',
      ' atime: 0x6b060cfa:00000000 -- Tue Nov 24 22:17:30 2026',
      ' mtime: 0x6b060cfb:0badcafe -- Tue Nov 24 22:17:31 2026',
      'Inode: 13   Type: regular    Mode:  0644   Flags: 0x80000',
      ' mtime: 0x00000001:00000000 -- Thu Jan  1 00:00:01 1970',
    ].join('\n');
    expect([...parseModificationTimes(text)]).toEqual([
      [12, 0x6b060cfb],
      [13, 1],
    ]);
  });
});

describe('Ext4Files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ext4-'));
  const image = join(folder, 'image');
  let files: Ext4Files;

  beforeAll(async () => {
    mkdirSync(join(folder, 'tree', 'kcrashes'), { recursive: true });
    const path = join(folder, 'tree', 'kcrashes', 'a b.log');
    writeFileSync(path, Buffer.from([0, 0xff, 0x0a]), { mode: 0o600 });
    utimesSync(path, 1_700_000_000, 1_700_000_000);
    await fileSystem(image, 8, join(folder, 'tree'));
    files = await Ext4Files.open(image);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('lists paths with mode, size and time', () => {
    expect(files.in('/').map(({ path }) => path)).toEqual(['/kcrashes']);
    expect(files.find('/kcrashes/a b.log')).toMatchObject({
      kind: 'file',
      mode: 0o600,
      size: 3,
      modified: 1_700_000_000,
    });
  });

  it('reads every byte, also below a folder taken as root', () => {
    expect([...files.read('/kcrashes/a b.log')]).toEqual([0, 0xff, 0x0a]);
    expect([...files.below('/kcrashes').read('/a b.log')]).toEqual([0, 0xff, 0x0a]);
    expect(() => files.read('/none')).toThrow('has no /none');
  });

  it('says whether the file system is whole', async () => {
    expect(ext4State(image).needsReplay).toBe(false);
    expect(await files.problems()).toBeUndefined();
    expect(() => ext4State(image, 1024)).toThrow("wanted ext4's 0xef53");
  });
});
