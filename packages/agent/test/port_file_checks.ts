import { readInto } from '@kcrash/vmcore/bytes/byte_source';
import { DumpError } from '@kcrash/vmcore/bytes/errors';
import { utf8Bytes, utf8Text } from '@kcrash/vmcore/bytes/text';
import { type Checks, equal, fails, holds, load, SPARSE_OFFSET, SPARSE_TEXT, save } from './port_checks.ts';

/** Of files, folders and file systems. */
export const fileChecks: Checks = {
  'a missing path is ENOENT to every call'(port, { folder }) {
    const path = `${folder}/missing/file`;
    equal(port.exists(path), false);
    const calls = [
      () => port.readFile(path),
      () => port.open(path),
      () => port.create(path, 0o600),
      () => port.writeOnce(path, utf8Bytes('x')),
      () => port.rename(path, folder),
      () => port.unlink(path),
      () => port.list(path),
      () => port.status(path),
      () => port.setModified(path, 1),
      () => port.sync(path),
      () => port.syncFileSystem(path),
      () => port.fileSystem(path),
    ];
    for (const call of calls) fails('ENOENT', call);
    fails('ENOENT', () => port.writeOnce(`${folder}/new`, utf8Bytes('x')));
  },

  'what is written is read, and create truncates'(port, { folder }) {
    const path = `${folder}/file`;
    const writer = port.create(path, 0o600);
    const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => i % 251);
    writer.write(bytes.subarray(1, 200_000));
    writer.write(bytes.subarray(200_000));
    writer.write(new Uint8Array(0));
    writer.sync();
    writer.close();
    equal(port.exists(path), true);
    const found = port.readFile(path);
    equal(found.length, 299_999);
    holds(
      found.every((byte, i) => byte === (i + 1) % 251),
      'the bytes are the same',
    );
    equal(port.readFile(path, 1000).length, 1000);
    const mode = port.run(['stat', '-c', '%a', path], { limitSeconds: 5 });
    equal(mode, { how: 'exited', code: 0, output: '600\n' });
    save(port, path, 'short');
    equal(load(port, path), 'short');
  },

  'proc files are read though their size is 0'(port) {
    holds(port.readFile('/proc/self/status').length > 200, '/proc/self/status has text');
    equal(port.readFile('/proc/self/status', 5), utf8Bytes('Name:'));
    holds(port.readFile('/proc/kallsyms', 300_000).length === 300_000, 'it is read up to the limit');
    fails('EISDIR', () => port.readFile('/proc'));
  },

  'an open file is read anywhere within its bounds'(port, { folder, sparse }) {
    save(port, `${folder}/open`, 'abcdefgh');
    const file = port.open(`${folder}/open`);
    equal(file.size, 8);
    equal(utf8Text(file.read(2, 3)), 'cde');
    equal(utf8Text(file.read(0, 8)), 'abcdefgh');
    equal(file.read(8, 0).length, 0);
    const place = utf8Bytes('........');
    readInto(file, 2, place.subarray(4, 7));
    equal(utf8Text(place), '....cde.');
    refuses('three bytes into a place at 6', () => readInto(file, 6, place.subarray(4, 7)));
    equal(utf8Text(place), '....cde.');
    for (const [offset, length] of [
      [7, 2],
      [9, 0],
      [-1, 1],
      [0, -1],
      [2 ** 52, 2 ** 52],
    ] as const)
      refuses(`${length} bytes at ${offset}`, () => file.read(offset, length));
    file.close();
    const large = port.open(sparse);
    equal(large.size, SPARSE_OFFSET + SPARSE_TEXT.length);
    equal(utf8Text(large.read(SPARSE_OFFSET, SPARSE_TEXT.length)), SPARSE_TEXT);
    equal(large.read(2 ** 32 - 1, 3), new Uint8Array(3));
    large.close();
  },

  'a large file is written anywhere, and whole after sync'(port, { folder }) {
    const path = `${folder}/large`;
    const piece = new Uint8Array(1 << 20);
    const writer = port.create(path, 0o600);
    for (const n of [5, 0, 3, 1, 4]) writer.writeAt(n * piece.length, piece.fill(n + 1));
    writer.sync();
    writer.close();
    const file = port.open(path);
    const told = [0, 1, 2, 3, 4, 5].map((n) => [...file.read((n + 1) * piece.length - 1, 1)][0]);
    equal(told, [1, 2, 0, 4, 5, 6]);
    equal(file.size, 6 * piece.length);
    file.close();
    // Given up in the middle, with a flush under way.
    const other = port.create(path, 0o600);
    for (const n of [0, 1, 2]) other.writeAt(n * piece.length, piece);
    other.close();
    equal(port.status(path).sizeBytes, 3 * piece.length);
    port.unlink(path);
  },

  'a file that shrinks while it is open is a DumpError'(port, { folder }) {
    save(port, `${folder}/shrinks`, 'abcdefgh');
    const file = port.open(`${folder}/shrinks`);
    save(port, `${folder}/shrinks`, 'ab');
    try {
      file.read(0, 8);
    } catch (error) {
      holds(error instanceof DumpError && error.code === 'io', `an io error, not ${error}`);
      return;
    } finally {
      file.close();
    }
    throw new Error('no error');
  },

  'rename replaces, unlink removes files alone'(port, { folder }) {
    save(port, `${folder}/new`, 'new');
    save(port, `${folder}/old`, 'old');
    port.rename(`${folder}/new`, `${folder}/old`);
    equal([port.exists(`${folder}/new`), load(port, `${folder}/old`)], [false, 'new']);
    port.unlink(`${folder}/old`);
    equal(port.exists(`${folder}/old`), false);
    port.makeDirectory(`${folder}/kept`, 0o755);
    fails('EISDIR', () => port.unlink(`${folder}/kept`));
    holds(port.exists(`${folder}/kept`), 'the folder is still there');
  },

  'folders are made with their parents and listed'(port, { folder }) {
    const deep = `${folder}/a/b/c`;
    port.makeDirectory(deep, 0o755);
    port.makeDirectory(deep, 0o755);
    save(port, `${deep}/ä €`, '');
    save(port, `${deep}/.hidden`, '');
    equal(port.list(deep).sort(), ['.hidden', 'ä €']);
    fails('EEXIST', () => port.makeDirectory(`${deep}/.hidden`, 0o755));
    fails('ENOTDIR', () => port.makeDirectory(`${deep}/.hidden/x`, 0o755));
    fails('ENOTDIR', () => port.list(`${deep}/.hidden`));
  },

  'status tells kind, size, room and time'(port, { folder, sparse }) {
    save(port, `${folder}/status`, 'x'.repeat(10_000));
    const status = port.status(`${folder}/status`);
    equal([status.kind, status.sizeBytes], ['file', 10_000]);
    holds(status.allocatedBytes >= 10_000, `${status.allocatedBytes} bytes are enough for the file`);
    holds(port.status(sparse).allocatedBytes < 1 << 20, 'holes take no room');
    equal(port.status(sparse).sizeBytes, SPARSE_OFFSET + SPARSE_TEXT.length);
    equal([port.status(folder).kind, port.status('/dev/null').kind], ['directory', 'other']);
    holds(Math.abs(status.modifiedSeconds - port.clock().unixSeconds) < 5, 'it was written just now');
    port.setModified(`${folder}/status`, 1_700_000_000);
    equal(port.status(`${folder}/status`).modifiedSeconds, 1_700_000_000);
  },

  'files, folders and file systems are synced'(port, { folder }) {
    save(port, `${folder}/synced`, 'x');
    for (const path of [`${folder}/synced`, folder]) {
      port.sync(path);
      port.syncFileSystem(path);
    }
    port.syncAll();
  },

  'a full file system is ENOSPC, and its room is told'(port, { small }) {
    const before = port.fileSystem(`${small}/sub`);
    holds(before.freeBytes > 0 && before.freeBytes <= before.totalBytes, 'there is some room');
    equal(before.readOnly, false);
    const writer = port.create(`${small}/sub/fills`, 0o600);
    fails('ENOSPC', () => {
      for (let written = 0; written <= before.totalBytes; written += 10_000) {
        writer.write(new Uint8Array(10_000));
        writer.sync();
      }
    });
    writer.close();
    holds(port.fileSystem(small).freeBytes < 10_000, 'no room is left');
    port.unlink(`${small}/sub/fills`);
    holds(port.fileSystem(small).freeBytes >= before.freeBytes - 10_000, 'removing made room');
  },

  'writeOnce writes without truncating'(port, { folder }) {
    save(port, `${folder}/once`, 'abcdef');
    port.writeOnce(`${folder}/once`, utf8Bytes('XY'));
    equal(load(port, `${folder}/once`), 'XYcdef');
    port.writeOnce('/dev/null', utf8Bytes('x'));
    fails('ENOSPC', () => port.writeOnce('/dev/full', utf8Bytes('x')));
  },
};

/** A read outside of a file's bounds. */
function refuses(what: string, read: () => unknown): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof DumpError)) throw error;
    equal(error.code, 'out-of-bounds');
    return;
  }
  throw new Error(`no error for ${what}`);
}
