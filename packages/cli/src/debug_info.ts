import { spawnSync } from 'node:child_process';
import { closeSync, lstatSync, mkdtempSync, openSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { Failure } from './failure.ts';
import { identifyVmlinux, type VmlinuxIdentity } from './vmlinux.ts';

/** A vmlinux that fits a dump, on disk. */
export interface DebugInfo {
  readonly path: string;
  /** Removes what was unpacked to get at it. */
  readonly dispose: () => void;
}

/** The kernel that a dump is of. */
export interface WantedKernel {
  readonly release: string;
  readonly buildId: string | null;
}

/** A folder of debug info is a few levels deep: usr/lib/debug/lib/modules/RELEASE/vmlinux. */
const DEEPEST = 8;

/**
 * Finds the vmlinux of a dump in what the user points at: a vmlinux, a folder that holds one, or a tar file
 * such as EVE's kernel-debug.tar, which may be compressed. Kernels are told apart by what they say they are,
 * never by the name of their file. Throws `Failure` where none is the dump's.
 */
export function findDebugInfo(place: string, wanted: WantedKernel): DebugInfo {
  let isFolder: boolean;
  try {
    isFolder = statSync(place).isDirectory();
  } catch {
    throw new Failure(`${place} is not there`, 'Give a vmlinux, a folder, or a kernel-debug.tar.', 2);
  }
  if (isFolder) return inFolder(place, wanted);
  const identity = identifyVmlinux(place);
  if (identity !== null) return choose(place, [{ path: place, identity }], wanted, () => {});
  return inTar(place, wanted);
}

interface Candidate {
  readonly path: string;
  readonly identity: VmlinuxIdentity;
}

function choose(
  place: string,
  candidates: readonly Candidate[],
  wanted: WantedKernel,
  dispose: () => void,
): DebugInfo {
  const found = candidates.find(({ identity }) => mismatch(identity, wanted) === null);
  if (found !== undefined) return { path: found.path, dispose };
  dispose();
  const reasons = [...new Set(candidates.map(({ identity }) => mismatch(identity, wanted)))];
  throw new Failure(
    reasons.length === 0
      ? `${place} holds no vmlinux with a kernel's symbols`
      : `${place} is of another kernel: ${reasons.join('; ')}`,
    `The dump is of ${wanted.release}: give the debug info of that build.`,
  );
}

/** Why a vmlinux is not the dump's; null where it is. EVE's kernels have no build-id: then the release decides. */
function mismatch(identity: VmlinuxIdentity, wanted: WantedKernel): string | null {
  if (identity.release !== wanted.release) return `it has ${identity.release}`;
  if (identity.buildId !== null && wanted.buildId !== null && identity.buildId !== wanted.buildId) {
    return `it has ${identity.release} of another build (build-id ${identity.buildId}, the dump's is ${wanted.buildId})`;
  }
  return null;
}

function inFolder(folder: string, wanted: WantedKernel): DebugInfo {
  const candidates: Candidate[] = [];
  const look = (path: string, depth: number): void => {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      const inside = join(path, entry.name);
      if (entry.isDirectory() && depth < DEEPEST) look(inside, depth + 1);
      if (!entry.name.startsWith('vmlinux') || !isFile(inside)) continue;
      const identity = identifyVmlinux(inside);
      if (identity !== null) candidates.push({ path: inside, identity });
    }
  };
  look(folder, 0);
  return choose(folder, candidates, wanted, () => {});
}

/** A file, or a link to one: distributions link vmlinux-RELEASE to where it lies. */
function isFile(path: string): boolean {
  return lstatSync(path).isFile() || (statSync(path, { throwIfNoEntry: false })?.isFile() ?? false);
}

/** tar reads every compression that the machine knows; a kernel's debug info is unpacked one member at a time. */
function inTar(file: string, wanted: WantedKernel): DebugInfo {
  const listed = spawnSync('tar', ['-tf', file], { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (listed.status !== 0) {
    throw new Failure(
      `${file} is neither a vmlinux nor a tar file`,
      'Give a vmlinux, a folder, or a kernel-debug.tar.',
      2,
    );
  }
  const members = listed.stdout.split('\n').filter((name) => basename(name).startsWith('vmlinux'));
  // The folder's name usually carries the release: the likely one first.
  members.sort((a, b) => Number(b.includes(wanted.release)) - Number(a.includes(wanted.release)));
  const folder = mkdtempSync(join(tmpdir(), 'kcrash-debug-'));
  const dispose = () => rmSync(folder, { recursive: true, force: true });
  const candidates: Candidate[] = [];
  try {
    for (const [index, member] of members.entries()) {
      const path = join(folder, `vmlinux-${index}`);
      extract(file, member, path);
      const identity = identifyVmlinux(path);
      if (identity !== null) candidates.push({ path, identity });
      if (identity !== null && mismatch(identity, wanted) === null) break;
      rmSync(path);
    }
    return choose(file, candidates, wanted, dispose);
  } catch (error) {
    dispose();
    throw error;
  }
}

function extract(file: string, member: string, path: string): void {
  const out = openSync(path, 'w', 0o600);
  try {
    const { status, stderr } = spawnSync('tar', ['-xOf', file, '--', member], {
      stdio: ['ignore', out, 'pipe'],
    });
    if (status !== 0) {
      throw new Failure(
        `${member} cannot be unpacked from ${file}: ${stderr.toString().trim()}`,
        `It needs room in ${tmpdir()}; TMPDIR moves that.`,
      );
    }
  } finally {
    closeSync(out);
  }
}
