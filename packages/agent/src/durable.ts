import { type Port, PortError, type Writer } from './port.ts';

/** Ends the name of every file that is not whole yet. */
export const PART_SUFFIX = '.part';

/** The folder of an absolute path. */
export function folderOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash <= 0 ? '/' : path.slice(0, slash);
}

/**
 * The temporary name of a file: hidden, in the same folder, so that a rename can make it final. A name that is
 * temporary already is its own.
 */
export function partOf(path: string): string {
  if (path.endsWith(PART_SUFFIX)) return path;
  return `${folderOf(path)}/.${path.slice(path.lastIndexOf('/') + 1)}${PART_SUFFIX}`;
}

/** True where a file system has no room left, by quota or by blocks. */
export function isNoRoom(error: unknown): boolean {
  return error instanceof PortError && ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(error.code);
}

/** Gives a file that lies whole under its temporary name its final one. */
export function publish(port: Port, path: string): void {
  const part = partOf(path);
  port.sync(part);
  if (part !== path) port.rename(part, path);
  port.sync(folderOf(path));
}

export interface WriteWholeOptions {
  readonly mode: number;
  /** Set as the file's modification time, in seconds since 1970. */
  readonly modifiedSeconds?: number | undefined;
}

/**
 * Writes a file so that its final name never holds half of it, whatever ends the machine: temporary name,
 * fsync, rename, fsync of the folder. `fill` is handed the writer. On failure nothing new is left behind.
 */
export function writeWhole(
  port: Port,
  path: string,
  options: WriteWholeOptions,
  fill: (writer: Writer) => void,
): void {
  const part = partOf(path);
  try {
    const writer = port.create(part, options.mode);
    try {
      fill(writer);
      writer.sync();
    } finally {
      writer.close();
    }
    if (options.modifiedSeconds !== undefined) port.setModified(part, options.modifiedSeconds);
    publish(port, path);
  } catch (error) {
    removeIfThere(port, part);
    throw error;
  }
}

/**
 * The last resort of a full disk: overwrites a file where it stands, so that its own blocks are used again.
 * A power cut in the middle leaves less than a whole file, which beats nothing about this crash.
 */
export function overwriteInPlace(
  port: Port,
  path: string,
  options: WriteWholeOptions,
  bytes: Uint8Array,
): void {
  const writer = port.create(path, options.mode);
  try {
    writer.write(bytes);
    writer.sync();
  } finally {
    writer.close();
  }
  if (options.modifiedSeconds !== undefined) port.setModified(path, options.modifiedSeconds);
}

/** Removes a file; a file that is not there is fine. */
export function removeIfThere(port: Port, path: string): void {
  try {
    port.unlink(path);
  } catch (error) {
    if (!(error instanceof PortError)) throw error;
  }
}
