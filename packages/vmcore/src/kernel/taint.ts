import { addTo } from '../bytes/address.ts';
import { DumpError } from '../bytes/errors.ts';
import { field } from '../describe/type_reader.ts';
import type { Dump } from '../dump.ts';

/** One reason for which a kernel may be tainted. */
export interface TaintFlag {
  /** Bit of `tainted_mask`. */
  readonly bit: number;
  /** As the kernel prints it when it is set. */
  readonly letter: string;
  /** As it prints it otherwise: a space, but `G` in the place of `P`. */
  readonly otherwise: string;
  /** Whether a module shows it as its own. */
  readonly ofModules: boolean;
}

/** `enum`-like numbers of include/linux/panic.h up to 6.12, for kernels that don't name their table. */
const LETTERS = 'PFSRMBUDAWCIOELKXTN';
/** Those that modules show. */
const OF_MODULES = 'PACOEKXTN';

/** More flags than any kernel has. */
const MOST_FLAGS = 63;

const FLAG = {
  letter: field.number('c_true'),
  otherwise: field.number('c_false'),
  ofModules: field.flag('module'),
};

/** What may taint this kernel, by its own table `taint_flags`; made once for a dump. */
export function taintFlags(dump: Dump): readonly TaintFlag[] {
  return dump.once(readFlags);
}

function readFlags(dump: Dump): TaintFlag[] {
  try {
    const own = readOwnFlags(dump);
    if (own.length > 0) return own;
  } catch (error) {
    if (!(error instanceof DumpError) || error.code === 'io') throw error;
  }
  return Array.from(LETTERS, (letter, bit) => ({
    bit,
    letter,
    otherwise: letter === 'P' ? 'G' : ' ',
    ofModules: OF_MODULES.includes(letter),
  }));
}

function readOwnFlags(dump: Dump): TaintFlag[] {
  const table = dump.findVariable('taint_flags');
  if (table === undefined) return [];
  const size = dump.types.sizeof('struct taint_flag');
  const read = dump.reader('taint_flag', FLAG);
  const flags: TaintFlag[] = [];
  // The table does not tell its length: a flag's letters do.
  for (let bit = 0; bit < MOST_FLAGS; bit++) {
    const { letter, otherwise, ofModules } = read(addTo(table, bit * size));
    if (!isLetter(letter) || !(otherwise === SPACE || isLetter(otherwise))) break;
    flags.push({
      bit,
      letter: String.fromCharCode(letter),
      otherwise: String.fromCharCode(otherwise),
      ofModules,
    });
  }
  return flags;
}

const SPACE = 0x20;

function isLetter(code: number): boolean {
  return code >= 0x41 && code <= 0x5a;
}

/** Why a kernel is tainted. */
export interface Taint {
  /** `tainted_mask`, as /proc/sys/kernel/tainted shows it. */
  readonly mask: bigint;
  /** Letters of the flags that are set. */
  readonly letters: string;
  /** As the kernel prints it in a crash: `Not tainted`, or `Tainted: G        W  O`. */
  readonly text: string;
}

/** The kernel's taint. Throws `not-described` where it does not name `tainted_mask`. */
export function readTaint(dump: Dump): Taint {
  const mask = dump.memory.u64Big(dump.variable('tainted_mask'));
  const isSet = ({ bit }: TaintFlag) => (mask & (1n << BigInt(bit))) !== 0n;
  const flags = taintFlags(dump);
  return {
    mask,
    letters: flags
      .filter(isSet)
      .map(({ letter }) => letter)
      .join(''),
    text:
      mask === 0n
        ? 'Not tainted'
        : `Tainted: ${flags.map((flag) => (isSet(flag) ? flag.letter : flag.otherwise)).join('')}`,
  };
}
