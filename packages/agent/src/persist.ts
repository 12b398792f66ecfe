import type { Port } from './port.ts';
import { readWord } from './proc.ts';

/** The mount that a path lies on, from `/proc/self/mountinfo` (proc_pid_mountinfo(5)). */
export interface Mount {
  readonly mountPoint: string;
  readonly type: string;
  readonly readOnly: boolean;
}

/** The mount a path lies on; null where mountinfo cannot be read. */
export function mountOf(port: Port, path: string): Mount | null {
  let best: Mount | null = null;
  for (const line of (readWord(port, '/proc/self/mountinfo') ?? '').split('\n')) {
    const fields = line.split(' ');
    const dash = fields.indexOf('-');
    const mountPoint = unescapeOctal(fields[4] ?? '');
    const type = fields[dash + 1];
    if (dash < 6 || type === undefined) continue;
    const covers = mountPoint === '/' || path === mountPoint || path.startsWith(`${mountPoint}/`);
    if (!covers || (best !== null && mountPoint.length < best.mountPoint.length)) continue;
    const options = `${fields[5] ?? ''},${fields[dash + 3] ?? ''}`.split(',');
    best = { mountPoint, type, readOnly: options.includes('ro') };
  }
  return best;
}

/** mountinfo writes blanks and backslashes in octal. */
function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/** Memory dressed as a file system: what is written there is gone with the reboot, and takes the reservation. */
const VOLATILE = ['tmpfs', 'ramfs', 'rootfs', 'devtmpfs', 'overlay'];

/** Why nothing written below `path` would outlive a reboot; null where it would. */
export function whyVolatile(port: Port, path: string): string | null {
  if (!port.exists(path)) return `${path} is not there`;
  const mount = mountOf(port, path);
  if (mount === null || !VOLATILE.includes(mount.type)) return null;
  return `${path} is not mounted: it lies on ${mount.mountPoint} (${mount.type})`;
}
