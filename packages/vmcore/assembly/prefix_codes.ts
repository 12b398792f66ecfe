/** Makes prefix codes from how often their symbols come, as Deflate has them (RFC 1951, 3.2.2). */

/** What a code has of symbols at most, and of bits. */
const MOST_SYMBOLS: i32 = 288;
const MOST_BITS: i32 = 15;

/** Symbols in the order of their frequencies: frequency (bits 31:9) and symbol (8:0). */
const SORTED: usize = memory.data(4 * MOST_SYMBOLS, 8);
const SYMBOL: u32 = 511;
/** The tree: the sorted symbols, then what joins two, each later than what it joins. Weights, then depths; parents. */
const NODES: usize = memory.data(4 * 2 * MOST_SYMBOLS, 8);
const PARENTS: usize = memory.data(4 * 2 * MOST_SYMBOLS, 8);
/** How many symbols have each length. */
const COUNTS: usize = memory.data(4 * (MOST_SYMBOLS + 1), 8);
/** Where symbols of each frequency go; those that come as often as the last or more share it. */
const PLACES: usize = memory.data(4 * 64, 8);
const LAST_PLACE: u32 = 63;
const NEXT: usize = memory.data(4 * (MOST_BITS + 1), 8);

/**
 * Writes the length of each symbol's code, a byte each, 0 for symbols that never come; none is longer than `limit`.
 * Returns how many bits all of the symbols take.
 */
export function codeLengths(frequencies: usize, count: i32, limit: i32, lengths: usize): u32 {
  memory.fill(lengths, 0, count);
  const used = sortSymbols(frequencies, count);
  if (used === 0) return 0;
  memory.fill(COUNTS, 0, 4 * (limit + 1));
  // A symbol that has no other beside it has a bit all the same.
  if (used === 1) add(COUNTS + 4, 1);
  else {
    joinNodes(used);
    countLengths(used, limit);
  }
  let bits: u32 = 0;
  let at = SORTED;
  for (let length = limit; length > 0; length--) {
    for (let n = load<u32>(COUNTS + 4 * length); n > 0; n--) {
      const symbol = load<u32>(at);
      store<u8>(lengths + (symbol & SYMBOL), <u8>length);
      bits += (symbol >>> 9) * length;
      at += 4;
    }
  }
  return bits;
}

function add(at: usize, value: i32): void {
  store<u32>(at, load<u32>(at) + value);
}

/** Fills `SORTED` with the symbols that come; returns how many they are. */
function sortSymbols(frequencies: usize, count: i32): u32 {
  memory.fill(PLACES, 0, 4 * (LAST_PLACE + 1));
  for (let symbol = 0; symbol < count; symbol++) {
    add(PLACES + 4 * min<u32>(load<u32>(frequencies + 4 * symbol), LAST_PLACE), 1);
  }
  let used: u32 = 0;
  for (let place: u32 = 1; place <= LAST_PLACE; place++) {
    const here = load<u32>(PLACES + 4 * place);
    store<u32>(PLACES + 4 * place, used);
    used += here;
  }
  const often = load<u32>(PLACES + 4 * LAST_PLACE);
  for (let symbol = 0; symbol < count; symbol++) {
    const frequency = load<u32>(frequencies + 4 * symbol);
    if (frequency === 0) continue;
    const place = PLACES + 4 * min<u32>(frequency, LAST_PLACE);
    store<u32>(SORTED + 4 * load<u32>(place), (frequency << 9) | symbol);
    add(place, 1);
  }
  // Few symbols of a page come so often.
  for (let n = often + 1; n < used; n++) {
    const symbol = load<u32>(SORTED + 4 * n);
    let at = SORTED + 4 * n;
    for (; at > SORTED + 4 * often && load<u32>(at - 4) > symbol; at -= 4) store<u32>(at, load<u32>(at - 4));
    store<u32>(at, symbol);
  }
  return used;
}

/** Joins the two lightest nodes until one is left: Huffman's method. Joined nodes are made in the order of weights. */
function joinNodes(used: u32): void {
  for (let n: u32 = 0; n < used; n++) store<u32>(NODES + 4 * n, load<u32>(SORTED + 4 * n) >>> 9);
  let symbol: u32 = 0;
  let joined = used;
  for (let node = used; node < 2 * used - 1; node++) {
    let weight: u32 = 0;
    for (let n = 0; n < 2; n++) {
      const isSymbol =
        joined === node || (symbol < used && load<u32>(NODES + 4 * symbol) <= load<u32>(NODES + 4 * joined));
      const lightest = isSymbol ? symbol++ : joined++;
      weight += load<u32>(NODES + 4 * lightest);
      store<u32>(PARENTS + 4 * lightest, node);
    }
    store<u32>(NODES + 4 * node, weight);
  }
}

/** Counts symbols by the depth of their nodes, with those that are too deep moved up to the limit. */
function countLengths(used: u32, limit: i32): void {
  const full: u32 = 1 << limit;
  /** The code space that is taken, in codes of `limit` bits. */
  let taken: u32 = 0;
  store<u32>(NODES + 4 * (2 * used - 2), 0);
  for (let node: i32 = 2 * used - 3; node >= 0; node--) {
    const depth = load<u32>(NODES + 4 * load<u32>(PARENTS + 4 * node)) + 1;
    store<u32>(NODES + 4 * node, depth);
    if (<u32>node >= used) continue;
    const length = min<u32>(depth, limit);
    add(COUNTS + 4 * length, 1);
    taken += full >>> length;
  }
  // One of the longest goes beside a shorter one, which gets a bit more for that.
  for (; taken > full; taken--) {
    let shorter = limit - 1;
    while (load<u32>(COUNTS + 4 * shorter) === 0) shorter--;
    add(COUNTS + 4 * shorter, -1);
    add(COUNTS + 4 * (shorter + 1), 2);
    add(COUNTS + 4 * limit, -1);
  }
}

/** Writes the codes that have these lengths: the bits, in the order in which they are sent, and the length (bits 3:0). */
export function codesOf(lengths: usize, count: i32, codes: usize): void {
  memory.fill(NEXT, 0, 4 * (MOST_BITS + 1));
  for (let symbol = 0; symbol < count; symbol++) add(NEXT + 4 * <usize>load<u8>(lengths + symbol), 1);
  let code: u32 = 0;
  for (let length = 1; length <= MOST_BITS; length++) {
    const next = NEXT + 4 * length;
    const here = load<u32>(next);
    store<u32>(next, code);
    code = (code + here) << 1;
  }
  for (let symbol = 0; symbol < count; symbol++) {
    const length: u32 = load<u8>(lengths + symbol);
    if (length === 0) continue;
    const next = NEXT + 4 * length;
    store<u32>(codes + 4 * symbol, ((reversed(load<u32>(next)) >>> (16 - length)) << 4) | length);
    add(next, 1);
  }
}

/** Sixteen bits in the opposite order. */
function reversed(bits: u32): u32 {
  let value = ((bits & 0x5555) << 1) | ((bits >>> 1) & 0x5555);
  value = ((value & 0x3333) << 2) | ((value >>> 2) & 0x3333);
  value = ((value & 0x0f0f) << 4) | ((value >>> 4) & 0x0f0f);
  return ((value & 0xff) << 8) | (value >>> 8);
}
