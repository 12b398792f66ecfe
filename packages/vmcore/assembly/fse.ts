import { bitsBefore } from './bits';

/**
 * A decoding table of Finite State Entropy codes (RFC 8878, 4.1): its accuracy, then for each state what its symbol means
 * (a word of `meanings`), and the next state: what to add (bits 15:0) to how many more bits (23:16).
 */
export const STATES: usize = 8;
const MOST_SYMBOLS: i32 = 64;

const SHARES: usize = memory.data(2 * 64, 8);
const COUNTS: usize = memory.data(2 * 64, 8);
const SPREAD: usize = memory.data(1 << 9, 8);

export function accuracyOf(table: usize): i32 {
  return load<i32>(table);
}

export function meaningOf(table: usize, state: u32): u32 {
  return load<u32>(table + STATES + ((<usize>state) << 3));
}

export function nextOf(table: usize, state: u32): u32 {
  return load<u32>(table + STATES + ((<usize>state) << 3), 4);
}

/** One symbol that takes no bits. */
export function setSingle(table: usize, meaning: u32): void {
  store<i32>(table, 0);
  store<u64>(table + STATES, meaning);
}

/** Builds a table from the symbols' shares of `2^accuracy`, 16 bits each; -1 is a share under one. */
export function build(table: usize, shares: usize, symbols: i32, accuracy: i32, meanings: usize): void {
  const size = 1 << accuracy;
  store<i32>(table, accuracy);
  let high = size - 1;
  for (let symbol = 0; symbol < symbols; symbol++) {
    const share: i32 = load<i16>(shares + 2 * symbol);
    store<u16>(COUNTS + 2 * symbol, share === -1 ? 1 : <u16>share);
    if (share === -1) store<u8>(SPREAD + high--, <u8>symbol);
  }
  const step = (size >> 1) + (size >> 3) + 3;
  let at = 0;
  for (let symbol = 0; symbol < symbols; symbol++) {
    for (let n: i32 = load<i16>(shares + 2 * symbol); n > 0; n--) {
      store<u8>(SPREAD + at, <u8>symbol);
      do at = (at + step) & (size - 1);
      while (at > high);
    }
  }
  let entry = table + STATES;
  for (let state = 0; state < size; state++) {
    const symbol: usize = load<u8>(SPREAD + state);
    const count: u32 = load<u16>(COUNTS + 2 * symbol);
    store<u16>(COUNTS + 2 * symbol, <u16>(count + 1));
    const bits = accuracy - (31 - clz<u32>(count));
    store<u32>(entry, load<u32>(meanings + 4 * symbol));
    store<u32>(entry, (bits << 16) | ((count << bits) - size), 4);
    entry += 8;
  }
}

/**
 * Reads a table's description in `[at, end)` and builds the table; returns where the description ends, 0 for damage.
 */
export function readTable(
  table: usize,
  at: usize,
  end: usize,
  mostAccuracy: i32,
  mostSymbols: i32,
  meanings: usize,
): usize {
  const most = min(mostSymbols, MOST_SYMBOLS);
  const endBit = <i32>(end - at) * 8;
  let bit: i32 = 4;
  const accuracy: i32 = (load<u8>(at) & 15) + 5;
  if (accuracy > mostAccuracy) return 0;
  let remaining = 1 << accuracy;
  let symbol = 0;
  while (remaining > 0 && symbol < most && bit <= endBit) {
    // A value in [0, remaining + 1], in as few bits as that takes; the smallest take one bit less.
    const width = 32 - clz<i32>(remaining + 1);
    const short = (1 << width) - 1 - (remaining + 1);
    const window: i32 = <i32>(load<u32>(at + (bit >>> 3)) >>> (bit & 7));
    let value = window & ((1 << (width - 1)) - 1);
    if (value < short) bit += width - 1;
    else {
      value = window & ((1 << width) - 1);
      bit += width;
      if (value >= 1 << (width - 1)) value -= short;
    }
    const share = value - 1;
    store<i16>(SHARES + 2 * symbol++, <i16>share);
    remaining -= abs(share);
    // After a share of none, two bits say how many more have none; 3 of them, and two more bits follow.
    for (let more = share === 0 ? 3 : 0; more === 3 && bit <= endBit; ) {
      more = <i32>(load<u32>(at + (bit >>> 3)) >>> (bit & 7)) & 3;
      bit += 2;
      for (let n = 0; n < more && symbol < most; n++) store<i16>(SHARES + 2 * symbol++, 0);
    }
  }
  const next = at + ((bit + 7) >>> 3);
  if (remaining !== 0 || next > end) return 0;
  build(table, SHARES, symbol, accuracy, meanings);
  return next;
}

/** Takes a table's first state from a stream of which `left` bits are left. */
export function firstState(table: usize, start: usize, left: i32): u32 {
  return bitsBefore(start, left, accuracyOf(table));
}
