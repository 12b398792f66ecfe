import type { PackCodec } from '@kcrash/vmcore/codecs/page_packer';
import { PAGE_CLASSES, type PageClass } from '@kcrash/vmcore/pages/page_class';

/** What `kcrash dump` is asked for. */
export interface DumpWish {
  /** The file to write. */
  out: string;
  /** Undefined: as large as it becomes. */
  budgetBytes: number | undefined;
  /** Undefined: the best that the platform has. */
  codec: PackCodec | undefined;
  readonly keep: PageClass[];
  readonly drop: PageClass[];
  scrub: boolean;
}

const CODECS: readonly PackCodec[] = ['zstd', 'zlib', 'none'];
const MIB = 1_048_576;

/** A dump of all that is kept by itself. */
export function defaultWish(): DumpWish {
  return { out: '', budgetBytes: undefined, codec: undefined, keep: [], drop: [], scrub: true };
}

/** Takes a flag of `dump` with its value, or returns false for one that it has not. */
export function takeDumpFlag(wish: DumpWish, flag: string, value: string, problems: string[]): boolean {
  switch (flag) {
    case '--budget-mib':
      if (/^[1-9]\d{0,8}$/.test(value)) wish.budgetBytes = Number(value) * MIB;
      else problems.push(`--budget-mib ${value}: wanted a number of MiB, 1 or more`);
      return true;
    case '--codec':
      wish.codec = CODECS.find((name) => name === value);
      if (wish.codec === undefined) problems.push(`--codec ${value}: wanted ${CODECS.join(', ')}`);
      return true;
    case '--keep':
    case '--drop': {
      const known = PAGE_CLASSES.find(({ name }) => name === value);
      if (known !== undefined) wish[flag === '--keep' ? 'keep' : 'drop'].push(known.name);
      else problems.push(`${flag} ${value}: wanted ${PAGE_CLASSES.map(({ name }) => name).join(', ')}`);
      return true;
    }
  }
  return false;
}

/** For `kcrash --help`. */
export const dumpUsage = `kcrash dump SOURCE OUT [--budget-mib N] [--codec ${CODECS.join('|')}] [--keep CLASS] [--drop CLASS] [--no-scrub]
                             a minimal dump of a whole one; exit 3 where N has no room for any`;
