import { frameOf } from './frame.ts';
import { textOf } from './log_line.ts';

/** As many frames as ABRT hashes of a kernel oops. */
const FRAMES = 6;

/**
 * The hash by which ABRT and its servers tell one kernel oops from another: SHA-1, in hex, of the first six
 * functions of the stack, innermost first, a line each. Names stay as printed (`foo.isra.0`); frames marked
 * `?` don't count. Null without functions, as ABRT then has none. (abrt, src/lib/kernel.c: abrt_koops_hash_str;
 * satyr, lib/generic_thread.c: sr_thread_get_duphash with SR_DUPHASH_KOOPS_COMPAT and SR_DUPHASH_NONORMALIZE.)
 */
export function abrtHash(functions: readonly string[]): string | null {
  if (functions.length === 0) return null;
  const text = functions
    .slice(0, FRAMES)
    .map((name) => `${name}\n`)
    .join('');
  return sha1(Uint8Array.from(text, (letter) => letter.charCodeAt(0) & 0xff));
}

/** x86 before Linux 4.10 printed the address twice; only then do ABRT's readers take the line for a frame. */
const OLD_COUNTER = /^RIP: \S+ {1,4}(?=\[<[0-9a-f]+>\] )/;

/** The functions that ABRT would hash of an oops's lines in a log. */
export function abrtFunctions(lines: readonly string[]): string[] {
  const functions: string[] = [];
  let counter: string | null = null;
  for (const line of lines) {
    const text = textOf(line);
    if (counter === null && OLD_COUNTER.test(text)) {
      counter = frameOf(text.replace(OLD_COUNTER, ''))?.symbol ?? null;
      continue;
    }
    const frame = frameOf(text);
    if (frame?.reliable) functions.push(frame.symbol);
    if (functions.length === FRAMES && counter !== null) break;
  }
  return (counter === null ? functions : [counter, ...functions]).slice(0, FRAMES);
}

/** SHA-1 (FIPS 180-4) of bytes, in lower-case hex. It names things; it protects nothing. */
export function sha1(bytes: Uint8Array): string {
  const blocks = Math.floor((bytes.length + 8) / 64) + 1;
  const padded = new Uint8Array(blocks * 64);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 8, Math.floor(bytes.length / 0x20000000));
  view.setUint32(padded.length - 4, (bytes.length << 3) >>> 0);
  const state = Uint32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0);
  for (let at = 0; at < padded.length; at += 64) digestBlock(view, at, state);
  return Array.from(state, (word) => word.toString(16).padStart(8, '0')).join('');
}

function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

function digestBlock(view: DataView, at: number, state: Uint32Array): void {
  const words = new Uint32Array(80);
  for (let t = 0; t < 16; t++) words[t] = view.getUint32(at + t * 4);
  for (let t = 16; t < 80; t++)
    words[t] = rotateLeft(word(t - 3) ^ word(t - 8) ^ word(t - 14) ^ word(t - 16), 1);
  let [a = 0, b = 0, c = 0, d = 0, e = 0] = state;
  for (let t = 0; t < 80; t++) {
    const next = rotateLeft(a, 5) + mix(t, b, c, d) + e + (CONSTANTS[Math.floor(t / 20)] ?? 0) + word(t);
    [e, d, c, b, a] = [d, c, rotateLeft(b, 30), a, next | 0];
  }
  for (const [index, value] of [a, b, c, d, e].entries()) state[index] = (state[index] ?? 0) + value;

  function word(t: number): number {
    return words[t] ?? 0;
  }
}

const CONSTANTS = [0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6];

/** The function f_t of the standard: choose, parity, majority, parity. */
function mix(t: number, b: number, c: number, d: number): number {
  if (t < 20) return (b & c) | (~b & d);
  if (t >= 40 && t < 60) return (b & c) | (b & d) | (c & d);
  return b ^ c ^ d;
}
