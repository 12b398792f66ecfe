import { MOST_OUTPUT } from './room';

/** What Deflate sends of a page (RFC 1951, 3.2.5): bytes as they are, and copies of what came before. */

/** Copies shorter than this, or from further away, are none; nor is one of three bytes from as far as this. */
export const LEAST_LENGTH: u32 = 3;
const MOST_LENGTH: u32 = 258;
const MOST_DISTANCE: usize = 1 << 15;
const FAR_FOR_THREE: usize = 1024;
/** A copy as long as this is long: it is taken without a look at the other places. */
const LONG_ENOUGH: u32 = 32;

/** Where the same four bytes came last: four places in a page, the latest lowest, 16 bits each. None is place 0. */
const PLACES_BITS: u32 = 11;
const PLACES: usize = memory.data(8 << PLACES_BITS, 16);
/** Where the same three bytes came last. */
const PLACES_OF_THREE_BITS: u32 = 10;
const PLACES_OF_THREE: usize = memory.data(2 << PLACES_OF_THREE_BITS, 16);
const SPREAD: u32 = 0x9e37_79b1;

/** What is sent, in turn: a byte, or the length (bits 31:16) and distance (15:0) of a copy. */
export const TOKENS: usize = memory.data(4 * MOST_OUTPUT, 8);
export const TOKEN_BYTES: usize = 4;
/** A copy is at least this: a length of three. */
export const COPY: u32 = LEAST_LENGTH << 16;

/** How often each symbol comes: bytes, the end, lengths; and distances. */
export const LITERALS: i32 = 286;
export const END_OF_BLOCK: i32 = 256;
export const DISTANCES: i32 = 30;
export const LITERAL_COUNTS: usize = memory.data(4 * LITERALS, 8);
export const DISTANCE_COUNTS: usize = memory.data(4 * DISTANCES, 8);

/** Finds what to send of a page of at least 4 bytes; returns where its tokens end. Looks at 7 bytes past it. */
export function findTokens(start: usize, end: usize): usize {
  memory.fill(PLACES, 0, 8 << PLACES_BITS);
  memory.fill(PLACES_OF_THREE, 0, 2 << PLACES_OF_THREE_BITS);
  memory.fill(LITERAL_COUNTS, 0, 4 * LITERALS);
  memory.fill(DISTANCE_COUNTS, 0, 4 * DISTANCES);
  store<u32>(LITERAL_COUNTS + 4 * END_OF_BLOCK, 1);
  const last = end - 4;
  // Nothing comes before the first byte, which need not be remembered: no place is its place.
  let token = literal(TOKENS, start);
  for (let at = start + 1; at < end; ) {
    const copy: u32 = at > last ? 0 : findCopy(start, at, end);
    if (copy === 0) {
      token = literal(token, at++);
      continue;
    }
    store<u32>(token, copy);
    token += TOKEN_BYTES;
    const length = copy >>> 16;
    count(LITERAL_COUNTS + 4 * (END_OF_BLOCK + 1 + lengthCode(length)));
    count(DISTANCE_COUNTS + 4 * distanceCode(copy & 0xffff));
    at += length;
    // Of what lies inside a copy, only the last of a long one is remembered, since a run may go on. To remember all takes
    // a fifth more time, and saves 2 % of the bytes.
    if (length >= LONG_ENOUGH && at <= last) remember(placesOf(load<u32>(at - 1)), at - 1 - start);
  }
  return token;
}

function literal(token: usize, at: usize): usize {
  const byte: u32 = load<u8>(at);
  store<u32>(token, byte);
  count(LITERAL_COUNTS + 4 * byte);
  return token + TOKEN_BYTES;
}

function count(at: usize): void {
  store<u32>(at, load<u32>(at) + 1);
}

function placesOf(bytes: u32): usize {
  return PLACES + 8 * <usize>((bytes * SPREAD) >>> (32 - PLACES_BITS));
}

function placeOfThree(bytes: u32): usize {
  return PLACES_OF_THREE + 2 * <usize>(((bytes << 8) * SPREAD) >>> (32 - PLACES_OF_THREE_BITS));
}

function remember(places: usize, place: usize): void {
  store<u64>(places, (load<u64>(places) << 16) | place);
}

/** The longest copy for the bytes at `at`, which are remembered; 0 where there is none. */
function findCopy(start: usize, at: usize, end: usize): u32 {
  const bytes = load<u32>(at);
  const places = placesOf(bytes);
  const placeThree = placeOfThree(bytes);
  const three = start + load<u16>(placeThree);
  let others = load<u64>(places);
  remember(places, at - start);
  store<u16>(placeThree, <u16>(at - start));
  const most = <u32>min<usize>(MOST_LENGTH, end - at);
  let length: u32 = LEAST_LENGTH;
  let distance: usize = 0;
  // The latest is looked at even if it is place 0.
  do {
    const from = start + (<usize>others & 0xffff);
    if (load<u32>(from) === bytes && load<u8>(from + length) === load<u8>(at + length)) {
      if (at - from > MOST_DISTANCE) break;
      const here = sameBytes(from, at, most);
      if (here > length) {
        length = here;
        distance = at - from;
        if (here >= LONG_ENOUGH) break;
      }
    }
    others >>>= 16;
  } while (others !== 0);
  if (distance !== 0) return (length << 16) | <u32>distance;
  if (((load<u32>(three) ^ bytes) & 0xff_ffff) !== 0 || at - three >= FAR_FOR_THREE) return 0;
  return COPY | <u32>(at - three);
}

/** How many bytes are the same, of `most`, where four are. */
function sameBytes(one: usize, other: usize, most: u32): u32 {
  for (let n: u32 = 4; n < most; n += 8) {
    const differ = load<u64>(one + n) ^ load<u64>(other + n);
    if (differ !== 0) return min(most, n + <u32>(ctz<u64>(differ) >>> 3));
  }
  return most;
}

/** The code of a length, from 0 on, and how many bits say which length of that code it is. */
export function lengthCode(length: u32): u32 {
  const value = length - LEAST_LENGTH;
  if (value < 4) return value;
  if (length === MOST_LENGTH) return 28;
  const top = 31 - clz<u32>(value);
  return 4 * top - 4 + ((value >>> (top - 2)) & 3);
}

export function lengthExtra(code: u32): u32 {
  return code < 8 || code === 28 ? 0 : (code >>> 2) - 1;
}

/** The same of a distance. */
export function distanceCode(distance: u32): u32 {
  const value = distance - 1;
  if (value < 2) return value;
  const top = 31 - clz<u32>(value);
  return 2 * top + ((value >>> (top - 1)) & 1);
}

export function distanceExtra(code: u32): u32 {
  return code < 4 ? 0 : (code >>> 1) - 1;
}
