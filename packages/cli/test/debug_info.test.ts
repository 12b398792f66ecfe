import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findDebugInfo } from '../src/debug_info.ts';
import { identifyVmlinux } from '../src/vmlinux.ts';

/** An ELF file with .rodata that holds a banner, a build-id note, and section names. */
function vmlinux(release: string, buildId: string | null): Buffer {
  const names = Buffer.from('\0.rodata\0.notes\0.shstrtab\0');
  const rodata = Buffer.from(`junk Linux version %s\0Linux version ${release} (builder) #1 SMP\0`);
  const note = Buffer.alloc(16 + 20);
  note.writeUInt32LE(4, 0);
  note.writeUInt32LE(20, 4);
  note.writeUInt32LE(3, 8);
  note.write('GNU\0', 12, 'latin1');
  note.write(buildId ?? '', 16, 'hex');
  const parts: [string, number, Buffer][] = [
    ['.rodata', 1, rodata],
    ...(buildId === null ? [] : ([['.notes', 7, note]] as [string, number, Buffer][])),
    ['.shstrtab', 3, names],
  ];
  const headers = [Buffer.alloc(64)];
  let offset = 64;
  for (const [name, type, bytes] of parts) {
    const header = Buffer.alloc(64);
    header.writeUInt32LE(names.indexOf(`${name}\0`), 0);
    header.writeUInt32LE(type, 4);
    header.writeBigUInt64LE(BigInt(offset), 24);
    header.writeBigUInt64LE(BigInt(bytes.length), 32);
    headers.push(header);
    offset += bytes.length;
  }
  const elf = Buffer.alloc(64);
  elf.write('\x7fELF\x02\x01\x01', 0, 'latin1');
  elf.writeBigUInt64LE(BigInt(offset), 40);
  elf.writeUInt16LE(headers.length, 60);
  elf.writeUInt16LE(headers.length - 1, 62);
  return Buffer.concat([elf, ...parts.map(([, , bytes]) => bytes), ...headers]);
}

const ID = 'ab'.repeat(20);
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'kcrash-test-'));
  for (const release of ['6.1.0-1', '6.12.5']) {
    mkdirSync(join(folder, `tree/linux-debug-${release}`), { recursive: true });
    writeFileSync(
      join(folder, `tree/linux-debug-${release}/vmlinux`),
      vmlinux(release, release === '6.12.5' ? ID : null),
    );
  }
  writeFileSync(join(folder, 'tree/vmlinux-notes.txt'), 'no kernel');
  symlinkSync('nowhere', join(folder, 'tree/vmlinux-broken'));
  for (const [name, flag] of [
    ['kernel-debug.tar', '-c'],
    ['kernel-debug.tar.gz', '-cz'],
  ] as const) {
    spawnSync('tar', [`${flag}f`, join(folder, name), '-C', join(folder, 'tree'), '.']);
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('identifyVmlinux', () => {
  it('reads release and build-id, and takes no format string for a banner', () => {
    const path = join(folder, 'tree/linux-debug-6.12.5/vmlinux');
    expect(identifyVmlinux(path)).toEqual({ release: '6.12.5', buildId: ID });
    expect(identifyVmlinux(join(folder, 'tree/vmlinux-notes.txt'))).toBeNull();
  });

  it.each([3, 63, 64, 200, 330])('takes a file cut at %i bytes for no vmlinux', (length) => {
    const path = join(folder, 'cut');
    writeFileSync(path, vmlinux('6.12.5', ID).subarray(0, length));
    expect(identifyVmlinux(path)).toBeNull();
  });
});

describe('findDebugInfo', () => {
  it.each(['tree', 'kernel-debug.tar', 'kernel-debug.tar.gz'])('finds the dump’s kernel in %s', (place) => {
    const found = findDebugInfo(join(folder, place), { release: '6.12.5', buildId: ID });
    expect(identifyVmlinux(found.path)?.release).toBe('6.12.5');
    found.dispose();
    expect(identifyVmlinux(join(folder, 'tree/linux-debug-6.12.5/vmlinux'))).not.toBeNull();
  });

  it('goes by the release where the kernel has no build-id', () => {
    const found = findDebugInfo(join(folder, 'tree'), { release: '6.1.0-1', buildId: ID });
    expect(found.path).toContain('linux-debug-6.1.0-1');
  });

  it.each(['tree', 'kernel-debug.tar'])('refuses %s when it is of other kernels, and names them', (place) => {
    expect(() => findDebugInfo(join(folder, place), { release: '6.6.6', buildId: null })).toThrow(
      /of another kernel: it has 6\.\S+; it has 6\.\S+\. The dump is of 6\.6\.6/,
    );
  });

  it('refuses another build of the same release', () => {
    const wanted = { release: '6.12.5', buildId: 'cd'.repeat(20) };
    expect(() => findDebugInfo(join(folder, 'tree'), wanted)).toThrow(/of another build \(build-id abab/);
  });

  it.each([
    ['nowhere', /is not there/],
    ['tree/vmlinux-notes.txt', /neither a vmlinux nor a tar file/],
  ])('says what is wrong with %s', (place, message) => {
    expect(() => findDebugInfo(join(folder, place), { release: '1', buildId: null })).toThrow(message);
  });
});
