import { zstdError } from './bits.ts';

/** A decoding table of Finite State Entropy codes (RFC 8878, 4.1): what each state means and leads to. */
export class FseTable {
  /** Bits of a state. */
  accuracy = 0;
  /**
   * For each state its symbol (bits 31:24), how many bits to read for the next state (23:16), and what to add
   * to those (15:0): in one word, since the table is what decoding waits for.
   */
  readonly states: Uint32Array;
  readonly #shares = new Int16Array(64);
  readonly #counts = new Int16Array(64);
  readonly #symbols: Uint8Array;

  constructor(mostAccuracy: number) {
    this.states = new Uint32Array(1 << mostAccuracy);
    this.#symbols = new Uint8Array(1 << mostAccuracy);
  }

  /** One symbol that takes no bits. */
  setSingle(symbol: number): void {
    this.accuracy = 0;
    this.states[0] = symbol << 24;
  }

  /** Builds the table from the symbols' shares of `2^accuracy`; -1 is a share under one. */
  build(shares: ArrayLike<number>, symbols: number, accuracy: number): void {
    const size = 1 << accuracy;
    const next = this.#counts;
    this.accuracy = accuracy;
    let high = size - 1;
    for (let symbol = 0; symbol < symbols; symbol++) {
      const share = shares[symbol] as number;
      next[symbol] = share === -1 ? 1 : share;
      if (share === -1) this.#symbols[high--] = symbol;
    }
    const step = (size >> 1) + (size >> 3) + 3;
    let at = 0;
    for (let symbol = 0; symbol < symbols; symbol++) {
      for (let n = shares[symbol] as number; n > 0; n--) {
        this.#symbols[at] = symbol;
        do at = (at + step) & (size - 1);
        while (at > high);
      }
    }
    for (let state = 0; state < size; state++) {
      const symbol = this.#symbols[state] as number;
      const count = next[symbol] as number;
      next[symbol] = count + 1;
      const bits = accuracy - (31 - Math.clz32(count));
      this.states[state] = (symbol << 24) | (bits << 16) | ((count << bits) - size);
    }
  }

  /**
   * Reads the table's description in bytes `[at, end)` of `view`, which has padding after them, and builds the
   * table; returns where the description ends.
   */
  read(view: DataView, at: number, end: number, mostAccuracy: number, mostSymbols: number): number {
    const shares = this.#shares;
    let bit = at * 8;
    const peek = (count: number) => (view.getUint32(bit >>> 3, true) >>> (bit & 7)) & ((1 << count) - 1);
    const accuracy = peek(4) + 5;
    bit += 4;
    if (accuracy > mostAccuracy)
      throw zstdError(`a table of 2^${accuracy} states, at most 2^${mostAccuracy} may be`);
    let remaining = 1 << accuracy;
    let symbol = 0;
    while (remaining > 0 && symbol < mostSymbols && bit <= end * 8) {
      // A value in [0, remaining + 1], in as few bits as that takes; the smallest take one bit less.
      const width = 32 - Math.clz32(remaining + 1);
      const short = (1 << width) - 1 - (remaining + 1);
      let value = peek(width - 1);
      if (value < short) bit += width - 1;
      else {
        value = peek(width);
        bit += width;
        if (value >= 1 << (width - 1)) value -= short;
      }
      const share = value - 1;
      shares[symbol++] = share;
      remaining -= Math.abs(share);
      // After a share of none, two bits say how many more have none; 3 of them, and two more bits follow.
      for (let more = share === 0 ? 3 : 0; more === 3 && bit <= end * 8; ) {
        more = peek(2);
        bit += 2;
        for (let n = 0; n < more && symbol < mostSymbols; n++) shares[symbol++] = 0;
      }
    }
    const next = (bit + 7) >>> 3;
    if (remaining !== 0 || next > end) throw zstdError('a table whose shares do not add up');
    this.build(shares, symbol, accuracy);
    return next;
  }
}
