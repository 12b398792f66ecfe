import { DumpError } from '@kcrash/vmcore/bytes/errors';
import { utf8Bytes, utf8Text } from '@kcrash/vmcore/bytes/text';
import { codecsWith } from '@kcrash/vmcore/codecs/codecs';
import { STORED_PAGE, ZERO_PAGE } from '@kcrash/vmcore/codecs/page_packer';
import { type Ended, type Port, PortError } from '../src/port.ts';

/**
 * What every `Port` must do, as checks that run on Node and on QuickJS alike: no test runner, no assertion
 * library. Processes and mounts of which Node knows nothing are in `forkChecks`.
 */
export interface Place {
  /** An empty folder. */
  readonly folder: string;
  /** A small file system of its own, to be filled; on it a folder `sub`. */
  readonly small: string;
  /** A sparse file with `far away` at `SPARSE_OFFSET`, its last bytes. */
  readonly sparse: string;
}

export const SPARSE_OFFSET = 5 * 2 ** 30 + 3;
export const SPARSE_TEXT = 'far away';

export type Checks = Readonly<Record<string, (port: Port, place: Place) => void>>;

function equal(found: unknown, wanted: unknown, what = ''): void {
  const [a, b] = [JSON.stringify(found), JSON.stringify(wanted)];
  if (a !== b) throw new Error(`${what} found ${a}, wanted ${b}`);
}

function holds(condition: boolean, what: string): void {
  if (!condition) throw new Error(`not so: ${what}`);
}

function fails(code: string, work: () => unknown): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof PortError)) throw error;
    equal(error.code, code, error.message);
    return;
  }
  throw new Error(`no error; wanted ${code} of ${work}`);
}

function save(port: Port, path: string, text: string, mode = 0o644): void {
  const writer = port.create(path, mode);
  writer.write(utf8Bytes(text));
  writer.sync();
  writer.close();
}

const load = (port: Port, path: string) => utf8Text(port.readFile(path));

function shell(port: Port, script: string, limitSeconds = 10, outputLimitBytes = 16_384): Ended {
  return port.run(['/bin/sh', '-c', script], { limitSeconds, outputLimitBytes });
}

/** Whether a process with these words, NUL after each, is alive. A zombie has none. */
function alive(port: Port, words: readonly string[]): boolean {
  const wanted = words.map((word) => `${word}\0`).join('');
  return port.list('/proc').some((name) => {
    try {
      return /^\d+$/.test(name) && load(port, `/proc/${name}/cmdline`) === wanted;
    } catch {
      return false; // gone in the meantime
    }
  });
}

function goneSoon(port: Port, words: readonly string[]): void {
  for (let tries = 0; tries < 100 && alive(port, words); tries++) port.sleep(0.02);
  holds(!alive(port, words), `${words.join(' ')} is gone`);
}

const files: Checks = {
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
    for (const [offset, length] of [
      [7, 2],
      [9, 0],
      [-1, 1],
      [0, -1],
      [2 ** 52, 2 ** 52],
    ] as const) {
      try {
        file.read(offset, length);
      } catch (error) {
        if (!(error instanceof DumpError)) throw error;
        equal(error.code, 'out-of-bounds');
        continue;
      }
      throw new Error(`no error for ${length} bytes at ${offset}`);
    }
    file.close();
    const large = port.open(sparse);
    equal(large.size, SPARSE_OFFSET + SPARSE_TEXT.length);
    equal(utf8Text(large.read(SPARSE_OFFSET, SPARSE_TEXT.length)), SPARSE_TEXT);
    equal(large.read(2 ** 32 - 1, 3), new Uint8Array(3));
    large.close();
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

const programs: Checks = {
  'a program ends with its code and both streams in order'(port) {
    equal(shell(port, 'echo one; echo two >&2; echo drei ä; exit 7'), {
      how: 'exited',
      code: 7,
      output: 'one\ntwo\ndrei ä\n',
    });
    equal(port.run(['true'], { limitSeconds: 5 }), { how: 'exited', code: 0, output: '' });
  },

  'words reach the program as they are, standard input is empty'(port) {
    const words = ['a b', '', '$HOME', "'", 'ä'];
    equal(port.run(['printf', '[%s]', ...words], { limitSeconds: 5 }), {
      how: 'exited',
      code: 0,
      output: "[a b][][$HOME]['][ä]",
    });
    equal(port.run(['cat'], { limitSeconds: 5 }), { how: 'exited', code: 0, output: '' });
  },

  'a program that can not be started says why'(port, { folder }) {
    save(port, `${folder}/text`, 'no program', 0o644);
    for (const [program, why] of [
      ['/no/such/program', 'ENOENT'],
      ['no-such-program-anywhere', 'ENOENT'],
      [`${folder}/text`, 'EACCES'],
      [folder, 'EACCES'],
    ] as const) {
      equal(port.run([program, 'x'], { limitSeconds: 5 }), { how: 'not-started', why });
    }
  },

  'a program killed by a signal says which'(port) {
    equal(shell(port, 'echo before; kill -SEGV $$'), { how: 'killed', signal: 11, output: 'before\n' });
  },

  'the time limit ends the whole process group'(port) {
    const start = port.monotonicSeconds();
    const ended = shell(port, 'echo began; sleep 97.31 & sleep 97.32 & wait', 0.4);
    equal(ended, { how: 'timed-out', output: 'began\n' });
    const took = port.monotonicSeconds() - start;
    holds(took >= 0.39 && took < 2, `it took ${took} s`);
    goneSoon(port, ['sleep', '97.31']);
    goneSoon(port, ['sleep', '97.32']);
  },

  'a program that ignores signals is ended too'(port) {
    const ended = shell(port, 'trap "" TERM INT HUP; while :; do sleep 0.05; done', 0.3);
    equal(ended.how, 'timed-out');
  },

  'what a program leaves behind keeps nobody waiting and is ended'(port) {
    const start = port.monotonicSeconds();
    equal(shell(port, 'sleep 97.33 & echo left'), { how: 'exited', code: 0, output: 'left\n' });
    holds(port.monotonicSeconds() - start < 2, 'it did not wait for the child');
    goneSoon(port, ['sleep', '97.33']);
  },

  'a program that closes its output is waited for'(port) {
    const start = port.monotonicSeconds();
    equal(shell(port, 'exec >&- 2>&-; sleep 0.3; exit 3'), { how: 'exited', code: 3, output: '' });
    holds(port.monotonicSeconds() - start >= 0.3, 'it slept');
  },

  'the first bytes of much output are kept'(port) {
    const ended = shell(port, 'head -c 3000000 /dev/zero | tr "\\0" x; echo end >&2', 20, 1000);
    equal(ended, { how: 'exited', code: 0, output: 'x'.repeat(1000) });
    const all = port.run(['sh', '-c', 'head -c 30000 /dev/zero | tr "\\0" y'], { limitSeconds: 20 });
    equal(all, { how: 'exited', code: 0, output: 'y'.repeat(16_384) });
  },

  'the caller is called twice a second'(port) {
    let calls = 0;
    const whileRunning = () => {
      calls += 1;
    };
    port.run(['sleep', '1.3'], { limitSeconds: 5, whileRunning });
    equal(calls, 2);
  },
};

const rest: Checks = {
  'time passes and has a zone'(port) {
    const { unixSeconds, offsetMinutes } = port.clock();
    holds(unixSeconds > 1_700_000_000 && Number.isInteger(unixSeconds), `${unixSeconds} is a time`);
    const date = port.run(['date', '+%s %z'], { limitSeconds: 5 });
    const [, seconds, sign, hours, minutes] =
      /^(\d+) ([+-])(\d\d)(\d\d)/.exec(date.how === 'exited' ? date.output : '') ?? [];
    holds(Math.abs(Number(seconds) - unixSeconds) <= 1, 'date says the same');
    equal(offsetMinutes, Number(`${sign}1`) * (Number(hours) * 60 + Number(minutes)) + 0, 'offset');
    const start = port.monotonicSeconds();
    port.sleep(0.1);
    const slept = port.monotonicSeconds() - start;
    holds(slept >= 0.099 && slept < 1, `it slept ${slept} s`);
  },

  'memory is counted in bytes'(port) {
    const { totalBytes, freeBytes } = port.memory();
    const kib = Number(/MemTotal: +(\d+) kB/.exec(load(port, '/proc/meminfo'))?.[1]);
    equal(totalBytes, kib * 1024);
    holds(freeBytes > 0 && freeBytes < totalBytes, `${freeBytes} of them are free`);
  },

  'isolated work gives its value as JSON, or why not'(port) {
    const value = { text: 'ä\u0000"\ud83d\ude00', list: [1, null, 2.5], nested: { yes: true } };
    equal(
      port.isolate(5, () => value),
      { ok: true, value },
    );
    equal(
      port.isolate(5, () => {}),
      { ok: true },
    );
    const outcome = port.isolate(5, () => {
      throw new PortError('ENOSPC', 'write', '/x');
    });
    equal(outcome, { ok: false, why: 'write /x: ENOSPC' });
    equal(
      port.isolate(5, () => 'y'.repeat(500_000)),
      { ok: true, value: 'y'.repeat(500_000) },
    );
  },
};

/** What only a port that really forks, mounts and unmounts can do. */
export const forkChecks: Checks = {
  'isolated work can not touch its caller'(port) {
    let touched = false;
    equal(
      port.isolate(5, () => {
        touched = true;
        return touched;
      }),
      { ok: true, value: true },
    );
    equal(touched, false);
  },

  'isolated work that hangs is ended, with what it started'(port) {
    const start = port.monotonicSeconds();
    const spins = port.isolate(0.2, () => {
      for (;;);
    });
    equal(spins, { ok: false, why: 'not done within 0.2 s' });
    const waits = port.isolate(0.3, () => port.run(['sleep', '97.34'], { limitSeconds: 60 }));
    equal(waits, { ok: false, why: 'not done within 0.3 s' });
    holds(port.monotonicSeconds() - start < 3, 'in time');
    goneSoon(port, ['sleep', '97.34']);
  },

  'isolated work that is killed or ends early says so'(port) {
    const killed = port.isolate(5, () => shell(port, 'kill -KILL $PPID; sleep 5'));
    equal(killed, { ok: false, why: 'killed by signal 9' });
    const overflows = port.isolate(5, () => {
      const deeper = (n: number): number => deeper(n + 1) + 1;
      return deeper(0);
    });
    equal(overflows, { ok: false, why: 'stack overflow' });
    const large = port.isolate(20, () => 'z'.repeat(1 << 20));
    equal(large, { ok: false, why: 'its result has more than 1048576 bytes' });
  },

  'isolated work and programs are the first to be killed when memory ends'(port) {
    const read = () => load(port, '/proc/self/oom_score_adj').trim();
    const own = read();
    equal(port.isolate(5, read), { ok: true, value: '1000' });
    equal(port.run(['cat', '/proc/self/oom_score_adj'], { limitSeconds: 5 }), {
      how: 'exited',
      code: 0,
      output: '1000\n',
    });
    equal(read(), own);
  },

  'nothing is inherited but the three standard files'(port, { folder }) {
    save(port, `${folder}/open`, 'x');
    const file = port.open(`${folder}/open`);
    const listed = port.run(['ls', '/proc/self/fd'], { limitSeconds: 5 });
    file.close();
    equal(listed, { how: 'exited', code: 0, output: '0\n1\n2\n3\n' }); // 3: ls itself reads the folder
  },

  'no file stays open and no child stays a zombie'(port) {
    const open = () => port.list('/proc/self/fd').length;
    const before = open();
    for (let i = 0; i < 5; i++) {
      port.run(['true'], { limitSeconds: 5 });
      port.run(['/no/such/program'], { limitSeconds: 5 });
      port.run(['sleep', '9'], { limitSeconds: 0.02 });
      port.isolate(5, () => 1);
      fails('ENOENT', () => port.open('/no/such/file'));
      port.readFile('/proc/self/status');
    }
    equal(open(), before);
    const own = /^Pid:\s*(\d+)/m.exec(load(port, '/proc/self/status'))?.[1];
    equal(load(port, `/proc/self/task/${own}/children`), '');
  },

  'a file system goes read-only, writable, and away'(port, { small }) {
    equal(port.run(['mount', '-o', 'remount,ro,noexec', small], { limitSeconds: 5 }).how, 'exited');
    equal(port.fileSystem(small).readOnly, true);
    fails('EROFS', () => port.create(`${small}/x`, 0o600));
    port.remount(small, false);
    equal(port.fileSystem(small).readOnly, false);
    port.remount(small, true);
    equal(port.fileSystem(small).readOnly, true);
    port.remount(small, false);
    holds(mountOf(port, small).includes('noexec'), 'its other flags stay');
    port.mountMemory(small, 1 << 20);
    equal(port.list(small), []);
    equal(port.fileSystem(small).totalBytes, 1 << 20);
    port.unmount(small);
    const file = port.open(`${small}/kept`);
    fails('EBUSY', () => port.unmount(small));
    file.close();
    port.unmount(small);
    equal(port.list(small), []);
    fails('EINVAL', () => port.unmount(small));
  },
};

function mountOf(port: Port, path: string): string {
  return (
    load(port, '/proc/mounts')
      .split('\n')
      .find((line) => line.split(' ')[1] === path) ?? ''
  );
}

/** Pages of text, of zeros, and of noise, from which nothing can be taken away. */
function samplePages(pageSize: number): Uint8Array {
  const pages = new Uint8Array(3 * pageSize);
  pages.set(utf8Bytes('a page of text '.repeat(200)));
  let noise = 1;
  for (let n = 2 * pageSize; n < pages.length; n++) {
    noise = (Math.imul(noise, 1_103_515_245) + 12_345) >>> 0;
    pages[n] = noise >>> 24;
  }
  return pages;
}

function same(found: Uint8Array, wanted: Uint8Array): boolean {
  return found.length === wanted.length && found.every((byte, n) => byte === wanted[n]);
}

const dumps: Checks = {
  'a file is written anywhere, with zeros between'(port, { folder }) {
    const writer = port.create(`${folder}/anywhere`, 0o600);
    writer.writeAt(6, utf8Bytes('cd'));
    writer.writeAt(1, utf8Bytes('_ab_').subarray(1, 3));
    writer.close();
    equal([...port.readFile(`${folder}/anywhere`)], [0, 97, 98, 0, 0, 0, 99, 100]);
  },

  'a full file system is ENOSPC at an offset too'(port, { small }) {
    const writer = port.create(`${small}/sub/large`, 0o600);
    fails('ENOSPC', () => writer.writeAt(1 << 19, new Uint8Array(1 << 20)));
    writer.close();
    port.unlink(`${small}/sub/large`);
  },

  'pages are packed, and are the same unpacked'(port) {
    const size = 4096;
    const pages = samplePages(size);
    for (const codec of port.packCodecs) {
      const packer = port.packer(codec, size);
      for (const batch of packer.batches) {
        batch.pages.set(pages);
        packer.start(batch, 3);
        const filled = packer.finish(batch);
        const [text = 0, zeros, noise] = batch.sizes;
        equal([zeros, noise], [ZERO_PAGE, STORED_PAGE], codec);
        const textBytes = text === STORED_PAGE ? size : text;
        equal(filled, textBytes + size, codec);
        holds(codec === 'none' || text < 200, `${codec} makes ${text} bytes of the text`);
        holds(same(batch.packed.subarray(textBytes, filled), pages.subarray(2 * size)), `${codec}: noise`);
        const page = new Uint8Array(size);
        if (codec === 'none') page.set(batch.packed.subarray(0, size));
        else equal(codecsWith(port.codecs)[codec](batch.packed.subarray(0, text), page), size, codec);
        holds(same(page, pages.subarray(0, size)), `${codec}: text`);
      }
      packer.close();
    }
  },

  'what cannot be unpacked is a damaged page'(port) {
    for (const [name, unpack] of Object.entries(port.codecs)) {
      try {
        unpack(new Uint8Array(100).fill(0x28), new Uint8Array(4096));
      } catch (error) {
        if (error instanceof DumpError && error.code === 'bad-format') continue;
        throw error;
      }
      throw new Error(`${name} takes anything`);
    }
  },
};

/** What any port does. */
export const checks: Checks = { ...files, ...programs, ...rest, ...dumps };
