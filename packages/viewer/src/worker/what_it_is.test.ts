import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { BlockSource } from './block_source.ts';
import { whatItIs } from './what_it_is.ts';

function said(bytes: Uint8Array): string | undefined {
  return whatItIs(
    new BlockSource('file', bytes.length, (offset, length) => bytes.slice(offset, offset + length)),
  );
}

function elf(type: number): Uint8Array {
  const bytes = new Uint8Array(64);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  bytes[16] = type;
  return bytes;
}

describe('what a file is that is no dump', () => {
  it('knows what people give by mistake', () => {
    expect(said(gzipSync('hello'))).toContain('gzip');
    expect(said(elf(1))).toContain('kernel module');
    expect(said(elf(2))).toContain('vmlinux');
    expect(said(elf(4))).toContain('single program');
    expect(said(new TextEncoder().encode('[    0.000000] Linux version\n'))).toContain('text');
    expect(said(new TextEncoder().encode('KDUMP   \0\0'))).toContain('cut off');
    expect(said(new Uint8Array(0))).toContain('empty');
    expect(said(new Uint8Array(100))).toContain('zeros');
  });

  it('says nothing of what it does not know', () => {
    expect(said(Uint8Array.of(1, 2, 3, 200))).toBeUndefined();
    expect(said(elf(9))).toBeUndefined();
  });
});
