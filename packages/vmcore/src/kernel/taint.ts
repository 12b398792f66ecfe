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
  /** What it stands for, such as `OOT_MODULE`; kernels have words for it since 6.10. */
  readonly name: string | undefined;
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
  name: field.optional(field.pointer('desc')),
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
    name: undefined,
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
    const { letter, otherwise, ofModules, name } = read(addTo(table, bit * size));
    if (!isLetter(letter) || !(otherwise === SPACE || isLetter(otherwise))) break;
    flags.push({
      bit,
      letter: String.fromCharCode(letter),
      otherwise: String.fromCharCode(otherwise),
      ofModules,
      name: name === undefined || name === 0n ? undefined : dump.memory.cString(name, 64),
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
  /** The words that newer kernels print behind: `[O]=OOT_MODULE, [E]=UNSIGNED_MODULE`; empty for older ones. */
  readonly words: string;
}

/** The kernel's taint. Throws `not-described` where it does not name `tainted_mask`. */
export function readTaint(dump: Dump): Taint {
  const mask = dump.memory.u64Big(dump.variable('tainted_mask'));
  const isSet = ({ bit }: TaintFlag) => (mask & (1n << BigInt(bit))) !== 0n;
  const flags = taintFlags(dump);
  const set = flags.filter(isSet);
  return {
    mask,
    letters: set.map(({ letter }) => letter).join(''),
    text:
      mask === 0n
        ? 'Not tainted'
        : `Tainted: ${flags.map((flag) => (isSet(flag) ? flag.letter : flag.otherwise)).join('')}`,
    words: set.flatMap(({ letter, name }) => (name === undefined ? [] : [`[${letter}]=${name}`])).join(', '),
  };
}
