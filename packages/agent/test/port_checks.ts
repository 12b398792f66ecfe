import { utf8Bytes, utf8Text } from '@kcrash/vmcore/bytes/text';
import { type Ended, type Port, PortError } from '../src/port.ts';

/** Where checks of a port may write. */
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

/** Throws unless both are the same as JSON. */
export function equal(found: unknown, wanted: unknown, what = ''): void {
  const [a, b] = [JSON.stringify(found), JSON.stringify(wanted)];
  if (a !== b) throw new Error(`${what} found ${a}, wanted ${b}`);
}

/** Throws unless it is so. */
export function holds(condition: boolean, what: string): void {
  if (!condition) throw new Error(`not so: ${what}`);
}

/** Throws unless the work fails with that code. */
export function fails(code: string, work: () => unknown): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof PortError)) throw error;
    equal(error.code, code, error.message);
    return;
  }
  throw new Error(`no error; wanted ${code} of ${work}`);
}

/** Writes a whole file. */
export function save(port: Port, path: string, text: string, mode = 0o644): void {
  const writer = port.create(path, mode);
  writer.write(utf8Bytes(text));
  writer.sync();
  writer.close();
}

/** A file as text. */
export const load = (port: Port, path: string) => utf8Text(port.readFile(path));

/** Runs a script of the shell. */
export function shell(port: Port, script: string, limitSeconds = 10, outputLimitBytes = 16_384): Ended {
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

/** Waits two seconds at most until no such process is alive. */
export function goneSoon(port: Port, words: readonly string[]): void {
  for (let tries = 0; tries < 100 && alive(port, words); tries++) port.sleep(0.02);
  holds(!alive(port, words), `${words.join(' ')} is gone`);
}
