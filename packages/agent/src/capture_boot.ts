import { parameterValue } from './kernel_command_line.ts';
import type { Port } from './port.ts';
import { readWord } from './proc.ts';

export const VMCORE = '/proc/vmcore';

/**
 * Whether this boot is the capture kernel's. `elfcorehdr=` alone is enough: where the kernel could not set up
 * `/proc/vmcore` the crash is still to be told, and a normal boot must not go on in the reservation.
 */
export function isCaptureBoot(port: Port): boolean {
  if (port.exists(VMCORE)) return true;
  return parameterValue(readWord(port, '/proc/cmdline') ?? '', 'elfcorehdr') !== null;
}
