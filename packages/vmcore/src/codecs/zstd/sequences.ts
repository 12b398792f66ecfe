import { copyLiterals, copyMatch } from '../copy.ts';
import { type BackwardBits, bitsBefore, zstdError } from './bits.ts';
import { FseTable } from './fse.ts';

/** One of the three codes of a block's sequences, with what it is when a block names none (RFC 8878, 3.1.1.3.2). */
export interface SequenceCode {
  readonly mostAccuracy: number;
  readonly symbols: number;
  readonly predefined: FseTable;
  readonly own: FseTable;
  current: FseTable | undefined;
}

/** Baselines and extra bits of the codes of literal lengths and match lengths. */
interface Lengths {
  readonly base: Uint32Array;
  readonly bits: Uint8Array;
}

function lengths(first: number, plain: number, extra: readonly number[]): Lengths {
  const bits = Uint8Array.from([...new Array<number>(plain).fill(0), ...extra]);
  const base = new Uint32Array(bits.length);
  let next = first;
  bits.forEach((count, code) => {
    base[code] = next;
    next += 2 ** count;
  });
  return { base, bits };
}

const LITERAL_LENGTHS = lengths(0, 16, [1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
const MATCH_LENGTHS = lengths(3, 32, [1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);

const LITERAL_SHARES = [
  4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1,
  -1,
];
const MATCH_SHARES = [
  1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
  1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1,
];
const OFFSET_SHARES = [
  1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1,
];

function sequenceCode(
  mostAccuracy: number,
  symbols: number,
  shares: readonly number[],
  accuracy: number,
): SequenceCode {
  const predefined = new FseTable(accuracy);
  predefined.build(shares, shares.length, accuracy);
  return { mostAccuracy, symbols, predefined, own: new FseTable(mostAccuracy), current: undefined };
}

/** The codes of literal lengths, offsets and match lengths, in the order in which blocks describe them. */
export function sequenceCodes(): readonly [SequenceCode, SequenceCode, SequenceCode] {
  return [
    sequenceCode(9, 36, LITERAL_SHARES, 6),
    sequenceCode(8, 32, OFFSET_SHARES, 5),
    sequenceCode(9, 53, MATCH_SHARES, 6),
  ];
}

/** Sets a code's table as a block's mode says; returns where its description ends. */
export function readMode(code: SequenceCode, mode: number, view: DataView, at: number, end: number): number {
  if (mode === 0) code.current = code.predefined;
  else if (mode === 1) {
    const symbol = at < end ? view.getUint8(at) : 255;
    if (symbol >= code.symbols) throw zstdError(`a sequence code ${symbol}`);
    code.own.setSingle(symbol);
    code.current = code.own;
    return at + 1;
  } else if (mode === 2) {
    code.current = code.own;
    return code.own.read(view, at, end, code.mostAccuracy, code.symbols);
  } else if (code.current === undefined)
    throw zstdError('a block that repeats a table, and none came before');
  return at;
}

/** What sequences copy from and to. */
export interface SequenceTarget {
  readonly output: Uint8Array;
  /** Where the frame's output goes on. */
  done: number;
  readonly literals: Uint8Array;
  readonly literalCount: number;
  /** The last three offsets. */
  readonly repeats: Uint32Array;
}

type Tables = [FseTable, FseTable, FseTable];

/** Runs a block's sequences: literals, then a copy of earlier output, each; then the literals left over. */
export function runSequences(
  codes: readonly [SequenceCode, SequenceCode, SequenceCode],
  stream: BackwardBits,
  count: number,
  target: SequenceTarget,
): void {
  const [literalTable, offsetTable, matchTable] = codes.map(({ current }) => current) as FseTable[] as Tables;
  const { literals, literalCount, output, repeats } = target;
  const { view, start } = stream;
  let literalState = literalTable.states[stream.read(literalTable.accuracy)] as number;
  let offsetState = offsetTable.states[stream.read(offsetTable.accuracy)] as number;
  let matchState = matchTable.states[stream.read(matchTable.accuracy)] as number;
  let { left } = stream;
  let { done } = target;
  let literalAt = 0;
  for (let n = 0; n < count; n++) {
    const literalCode = literalState >>> 24;
    const matchCode = matchState >>> 24;
    const offsetCode = offsetState >>> 24;
    const offsetValue = ((1 << offsetCode) >>> 0) + longBefore(view, start, left, offsetCode);
    left -= offsetCode;
    // Short lengths, by far the most, take no bits.
    const matchExtra = MATCH_LENGTHS.bits[matchCode] as number;
    const matchLength = (MATCH_LENGTHS.base[matchCode] as number) + bitsBefore(view, start, left, matchExtra);
    left -= matchExtra;
    const literalExtra = LITERAL_LENGTHS.bits[literalCode] as number;
    const literalLength =
      (LITERAL_LENGTHS.base[literalCode] as number) + bitsBefore(view, start, left, literalExtra);
    left -= literalExtra;
    if (n + 1 < count) {
      // At most 9 bits each.
      const matchBits = (matchState >>> 16) & 0xff;
      const bothBits = ((literalState >>> 16) & 0xff) + matchBits;
      const both = bitsBefore(view, start, left, bothBits);
      left -= bothBits;
      literalState = literalTable.states[(literalState & 0xffff) + (both >>> matchBits)] as number;
      matchState = matchTable.states[(matchState & 0xffff) + (both & ((1 << matchBits) - 1))] as number;
      const offsetBits = (offsetState >>> 16) & 0xff;
      offsetState = offsetTable.states[
        (offsetState & 0xffff) + bitsBefore(view, start, left, offsetBits)
      ] as number;
      left -= offsetBits;
    }
    const end = done + literalLength;
    if (literalAt + literalLength > literalCount) throw tooManyLiterals();
    if (end + matchLength > output.length) throw noRoom(output);
    copyLiterals(literals, literalAt, output, done, literalLength);
    literalAt += literalLength;
    const offset = takeOffset(repeats, offsetValue, literalLength === 0);
    if (offset === 0 || offset > end) throw zstdError(`a copy from ${offset} bytes back at ${end}`);
    copyMatch(output, end, offset, matchLength);
    done = end + matchLength;
  }
  if (left !== 0) throw zstdError('sequences that do not end with their stream');
  const rest = literalCount - literalAt;
  if (done + rest > output.length) throw noRoom(output);
  copyLiterals(literals, literalAt, output, done, rest);
  target.done = done + rest;
}

/** As `bitsBefore`, but at most 31 bits. */
function longBefore(view: DataView, start: number, left: number, count: number): number {
  if (count <= 25) return bitsBefore(view, start, left, count);
  const high = bitsBefore(view, start, left, count - 16);
  return high * 65536 + bitsBefore(view, start, left - (count - 16), 16);
}

/** The offset that a sequence means, and how it changes the last three. */
function takeOffset(repeats: Uint32Array, value: number, noLiterals: boolean): number {
  const index = value > 3 ? 3 : value - 1 + (noLiterals ? 1 : 0);
  const first = repeats[0] as number;
  if (index === 0) return first;
  const offset = value > 3 ? value - 3 : index === 3 ? first - 1 : (repeats[index] as number);
  if (index >= 2) repeats[2] = repeats[1] as number;
  repeats[1] = first;
  repeats[0] = offset;
  return offset;
}

function tooManyLiterals(): Error {
  return zstdError('a sequence that takes more literals than there are');
}

function noRoom(output: Uint8Array): Error {
  return zstdError(`more than the ${output.length} bytes there is room for`);
}
