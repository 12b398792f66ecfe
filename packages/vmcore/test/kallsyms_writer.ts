import type { KallsymsAddresses } from '../src/describe/kallsyms_tables.ts';
import { type Piece, PiecewiseMemory } from './piecewise_memory.ts';

/** A symbol to write; `offset` from the image's start, or an absolute per-CPU one. */
export interface WrittenSymbol {
  name: string;
  type: string;
  offset: number;
  perCpu?: boolean;
}

export interface KallsymsOptions {
  image: bigint;
  symbols: WrittenSymbol[];
  encoding: 'percpu-absolute' | 'base' | 'place';
  /** Where the tables stand, from the image's start. */
  tablesAt: number;
  /** What stands between the names and the token table. */
  between?: 'markers' | 'markers-and-seqs' | 'nothing';
}

const TOKENS = ['init', 'task', '_', 'sched', 'kernel'];

/** Lays out the tables of kallsyms as scripts/kallsyms.c does; symbols must be sorted. */
export function writeKallsyms(options: KallsymsOptions): { at: KallsymsAddresses; memory: PiecewiseMemory } {
  const { symbols, image, encoding, between = 'markers' } = options;
  const start = image + BigInt(options.tablesAt);
  const pieces: Piece[] = [];
  let end = start;
  const place = (bytes: number[] | Uint8Array): bigint => {
    const address = (end + 7n) & ~7n;
    pieces.push({ address, bytes: Uint8Array.from(bytes) });
    end = address + BigInt(bytes.length);
    return address;
  };
  const numSyms = place(words([symbols.length]));
  const { stream, marks } = names(symbols);
  const namesAt = place(stream);
  if (between !== 'nothing') place(words(marks));
  if (between === 'markers-and-seqs') place(new Uint8Array(symbols.length * 3));
  const { table, index } = tokens();
  const tokenTable = place(table);
  const tokenIndex = place(index);
  const offsetsAt = (end + 7n) & ~7n;
  place(words(symbols.map((symbol, n) => offset(symbol, n, encoding, image, offsetsAt))));
  const relativeBase = place(words([Number(image & 0xffff_ffffn), Number(image >> 32n)]));
  const at = {
    names: namesAt,
    numSyms,
    tokenTable,
    tokenIndex,
    offsets: offsetsAt,
    relativeBase: encoding === 'place' ? undefined : relativeBase,
  } as Record<string, bigint | undefined> as unknown as KallsymsAddresses;
  return { at, memory: new PiecewiseMemory(pieces) };
}

function offset(
  symbol: WrittenSymbol,
  n: number,
  encoding: KallsymsOptions['encoding'],
  image: bigint,
  offsetsAt: bigint,
): number {
  if (symbol.perCpu) return symbol.offset;
  if (encoding === 'percpu-absolute') return -1 - symbol.offset;
  if (encoding === 'base') return symbol.offset;
  return Number(image + BigInt(symbol.offset) - (offsetsAt + BigInt(4 * n)));
}

function names(symbols: WrittenSymbol[]): { stream: number[]; marks: number[] } {
  const stream: number[] = [];
  const marks: number[] = [];
  symbols.forEach(({ type, name }, n) => {
    if (n % 256 === 0) marks.push(stream.length);
    const codes = compress(type + name);
    if (codes.length < 0x80) stream.push(codes.length);
    else stream.push((codes.length & 0x7f) | 0x80, codes.length >> 7);
    stream.push(...codes);
  });
  return { stream, marks };
}

function compress(text: string): number[] {
  const codes: number[] = [];
  for (let at = 0; at < text.length; ) {
    const token = TOKENS.findIndex((candidate) => candidate.length > 1 && text.startsWith(candidate, at));
    codes.push(token >= 0 ? 0x80 + token : text.charCodeAt(at));
    at += token >= 0 ? (TOKENS[token] as string).length : 1;
  }
  return codes;
}

function tokens(): { table: number[]; index: number[] } {
  const table: number[] = [];
  const index: number[] = [];
  for (let n = 0; n < 256; n++) {
    index.push(table.length & 0xff, table.length >> 8);
    const text = n >= 0x80 ? (TOKENS[n - 0x80] ?? '') : n === 0 ? '' : String.fromCharCode(n);
    for (const character of text) table.push(character.charCodeAt(0));
    table.push(0);
  }
  return { table, index };
}

function words(values: number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  values.forEach((value, n) => {
    view.setUint32(n * 4, value >>> 0, true);
  });
  return bytes;
}
