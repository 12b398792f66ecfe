import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { elfCore } from '../../test/elf_writer.ts';
import { flattenedFile } from '../../test/flattened_writer.ts';
import { kdumpFile } from '../../test/kdump_writer.ts';
import { MemorySource } from '../../test/memory_source.ts';
import { openContainer } from './open.ts';

const page = new Uint8Array(4096).fill(5);
const text = (content: string) => new TextEncoder().encode(content);
const open = (...files: Uint8Array[]) => openContainer(files.map((file) => new MemorySource(file)));

describe('openContainer', () => {
  const core = elfCore([{ address: 0x1000, bytes: page }]);
  const kdump = kdumpFile({ frames: 16, pages: [{ frame: 1, bytes: page }] });

  it.each([
    ['an ELF core', core, 'elf'],
    ['a kdump file', kdump, 'kdump'],
    ['a flattened ELF core', flattenedFile([{ offset: 0, bytes: core }]), 'elf'],
    ['a flattened kdump file', flattenedFile([{ offset: 0, bytes: kdump }]), 'kdump'],
  ])('opens %s', (_, file, format) => {
    const container = open(file);
    expect(container.format).toBe(format);
    expect(container.memory.page(1)).toEqual(page);
    expect(openContainer(new MemorySource(file)).memory.page(1)).toEqual(page);
  });

  it('passes on that a flattened dump was cut off', () => {
    expect(open(flattenedFile([{ offset: 0, bytes: core }], { endMark: false })).problems[0]).toContain(
      'no end mark',
    );
  });

  it.each([
    ['an empty file', new Uint8Array(0)],
    ['a gzip-compressed file', gzipSync(core)],
    ['a zstd-compressed file', Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0, 0, 0, 0, 0)],
    ['a text file', text('[    0.000000] Linux version 6.1.0\n')],
    ['a script', text('#!/bin/sh\necho\n')],
    ['a file that starts with 4096 zero bytes', new Uint8Array(8192)],
    ['a file of 3 bytes', text('abc')],
    ['a libvirt saved machine state', text('LibvirtQemudSave and more')],
    ['the old diskdump format', text('DISKDUMP and more')],
    ['starts with 01 02 03 04 05 06 07 08', Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9)],
  ])('names %s', (name, file) => {
    expect(() => open(file)).toThrow('Not a crash dump');
    expect(() => open(file)).toThrow(name);
  });

  it('takes several files only as parts of a split dump', () => {
    expect(() => open(core, core)).toThrow('Only the files of a split kdump-compressed dump');
    expect(() => open()).toThrow('No file was given');
  });
});
