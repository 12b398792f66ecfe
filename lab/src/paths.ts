import { join } from 'node:path';

/** The root of the checkout. */
export const repository = join(import.meta.dirname, '..', '..');

/** The device binary under test. */
export const deviceBinary = join(repository, 'dist', 'device', 'kcrash');

/** The `kcrash` for a workstation. */
export const workstationProgram = join(repository, 'dist', 'cli', 'kcrash.cjs');

/** Consoles, kept files and verdicts of runs go below here, a folder per scenario. */
export const outFolder = join(repository, 'out', 'lab');

export const guestFolder = join(repository, 'lab', 'guest');
export const moduleFolder = join(repository, 'lab', 'module');
