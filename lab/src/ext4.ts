import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { exec } from './exec.ts';

/** A file, folder or link of an ext4 file system. */
export interface Ext4Entry {
  /** Absolute inside the file system. */
  readonly path: string;
  readonly kind: 'file' | 'folder' | 'other';
  /** Permission bits alone, such as 0o600. */
  readonly mode: number;
  readonly size: number;
  readonly inode: number;
  /** Seconds since 1970. */
  readonly modified: number;
}

/** One name that debugfs lists. */
export interface ListedName {
  readonly inode: number;
  readonly mode: number;
  readonly name: string;
  readonly size: number;
}

/** Reads what `debugfs -R "ls -p DIR"` prints: `/INODE/MODE/UID/GID/NAME/SIZE/` a line. */
export function parseListing(text: string): ListedName[] {
  return text.split('\n').flatMap((line) => {
    const match = /^\/(\d+)\/([0-7]+)\/\d+\/\d+\/(.*)\/(\d*)\/$/.exec(line);
    if (match === null) return [];
    const [, inode, mode, name = '', size] = match;
    // A removed name that is still in the folder's block has inode 0.
    if (inode === '0' || name === '.' || name === '..') return [];
    return [{ inode: Number(inode), mode: Number.parseInt(mode ?? '0', 8), name, size: Number(size) }];
  });
}

/** Reads the modification times from what `debugfs` prints for a row of `stat <INODE>`: seconds by inode. */
export function parseModificationTimes(text: string): Map<number, number> {
  const times = new Map<number, number>();
  let inode: number | undefined;
  for (const line of text.split('\n')) {
    const start = /^Inode: (\d+)\b/.exec(line);
    if (start !== null) inode = Number(start[1]);
    const time = /^ *mtime: 0x([0-9a-f]{8})/.exec(line);
    if (time !== null && inode !== undefined) times.set(inode, Number.parseInt(time[1] ?? '0', 16));
  }
  return times;
}

/** What the superblock says of how the file system was left. */
export interface Ext4State {
  /** The journal holds what the file system does not: it was not unmounted. */
  readonly needsReplay: boolean;
}

/** Reads the superblock of the file system at a byte offset of an image. */
export function ext4State(image: string, offset = 0): Ext4State {
  const superblock = Buffer.alloc(1024);
  const file = openSync(image, 'r');
  try {
    readSync(file, superblock, 0, 1024, offset + 1024);
  } finally {
    closeSync(file);
  }
  const magic = superblock.readUInt16LE(0x38);
  if (magic !== 0xef53) {
    throw new Error(
      `${image} has magic 0x${magic.toString(16)} at ${offset + 1024 + 0x38}; wanted ext4's 0xef53`,
    );
  }
  return { needsReplay: (superblock.readUInt32LE(0x60) & 0x4) !== 0 };
}

/** A look at a file system in an image file, which must not change meanwhile. */
export class Ext4Files {
  readonly image: string;
  readonly entries: readonly Ext4Entry[];

  private constructor(image: string, entries: readonly Ext4Entry[]) {
    this.image = image;
    this.entries = entries;
  }

  /** The same with a folder as its root. */
  below(folder: string): Ext4Files {
    const inside = this.entries.filter(({ path }) => path.startsWith(`${folder}/`));
    return new Ext4Files(
      this.image,
      inside.map((entry) => ({ ...entry, path: entry.path.slice(folder.length) })),
    );
  }

  /** Lists everything in the image, after replaying its journal as the next mount would. */
  static async open(image: string): Promise<Ext4Files> {
    if (ext4State(image).needsReplay) {
      await exec('e2fsck', ['-y', '-E', 'journal_only', image], { allow: [0, 1] });
    }
    return new Ext4Files(image, await listAll(image));
  }

  /** Whether the file system is whole by e2fsck's own judgement; its words where it is not. */
  async problems(): Promise<string | undefined> {
    try {
      await exec('e2fsck', ['-f', '-n', this.image]);
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  /** The entry with this path. */
  find(path: string): Ext4Entry | undefined {
    return this.entries.find((entry) => entry.path === path);
  }

  /** What lies directly in a folder. */
  in(folder: string): Ext4Entry[] {
    const prefix = folder === '/' ? '/' : `${folder}/`;
    return this.entries.filter(
      ({ path }) =>
        path.startsWith(prefix) && !path.slice(prefix.length).includes('/') && path !== '/lost+found',
    );
  }

  /** All bytes of a file. */
  read(path: string): Buffer {
    const entry = this.find(path);
    if (entry === undefined) throw new Error(`${this.image} has no ${path}`);
    const options = { maxBuffer: entry.size + 1024, stdio: ['ignore', 'pipe', 'ignore'] as 'pipe'[] };
    const bytes = execFileSync('debugfs', ['-R', `cat <${entry.inode}>`, this.image], options);
    if (bytes.length !== entry.size) {
      throw new Error(`debugfs gave ${bytes.length} bytes of ${path}, whose inode says ${entry.size}`);
    }
    return bytes;
  }

  text(path: string): string {
    return this.read(path).toString('latin1');
  }

  /** Copies everything out to a folder of the host. */
  async copyOut(folder: string): Promise<void> {
    await exec('debugfs', ['-R', `rdump / ${folder}`, this.image]);
  }
}

async function debugfs(image: string, commands: readonly string[]): Promise<string> {
  const output = await exec('debugfs', ['-f', '-', image], {
    input: commands.map((each) => `${each}\n`).join(''),
  });
  return output.toString('latin1');
}

async function listAll(image: string): Promise<Ext4Entry[]> {
  const found: { path: string; listed: ListedName }[] = [];
  for (let folders = ['/']; folders.length > 0; ) {
    const next: string[] = [];
    for (const folder of folders) {
      for (const listed of parseListing(await debugfs(image, [`ls -p "${folder}"`]))) {
        const path = join(folder, listed.name);
        found.push({ path, listed });
        if (kindOf(listed.mode) === 'folder') next.push(path);
      }
    }
    folders = next;
  }
  const times = parseModificationTimes(
    await debugfs(
      image,
      found.map(({ listed }) => `stat <${listed.inode}>`),
    ),
  );
  return found.map(({ path, listed }) => ({
    path,
    kind: kindOf(listed.mode),
    mode: listed.mode & 0o7777,
    size: listed.size,
    inode: listed.inode,
    modified: times.get(listed.inode) ?? Number.NaN,
  }));
}

function kindOf(mode: number): Ext4Entry['kind'] {
  const type = mode & 0o170000;
  return type === 0o100000 ? 'file' : type === 0o040000 ? 'folder' : 'other';
}
