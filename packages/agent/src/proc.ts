import { type Port, PortError } from './port.ts';
import { latin1 } from './text.ts';

/** The trimmed text of a small file such as those in `/proc` and `/sys`; null where it cannot be read. */
export function readWord(port: Port, path: string): string | null {
  try {
    return latin1(port.readFile(path, 65_536)).trim();
  } catch (error) {
    if (error instanceof PortError) return null;
    throw error;
  }
}

/** A file that holds one whole number; null where it cannot be read or holds something else. */
export function readNumber(port: Port, path: string): number | null {
  const word = readWord(port, path);
  return word !== null && /^-?\d+$/.test(word) ? Number(word) : null;
}
