/** Bytes to strings without TextDecoder, which neither the core's library nor QuickJS has. */

// `fromCharCode` takes its bytes as arguments: engines limit how many.
const CHUNK = 1024;

/** Every byte as the character of the same number (Latin-1); for bytes known to be ASCII. */
export function asciiText(bytes: Uint8Array): string {
  if (bytes.length <= CHUNK) return String.fromCharCode.apply(null, bytes as unknown as number[]);
  let text = '';
  for (let at = 0; at < bytes.length; at += CHUNK) {
    text += String.fromCharCode.apply(null, bytes.subarray(at, at + CHUNK) as unknown as number[]);
  }
  return text;
}

/** The bytes before the first NUL, or all of them; a view. */
export function untilNul(bytes: Uint8Array): Uint8Array {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
}

/** The NUL-terminated text at the start of a fixed field (`char name[N]`), as UTF-8. */
export function fieldText(field: Uint8Array): string {
  return utf8Text(untilNul(field));
}

/** UTF-8 to a string. A byte that is no part of a valid sequence becomes U+FFFD, as TextDecoder has it. */
export function utf8Text(bytes: Uint8Array): string {
  let plain = true;
  for (let at = 0; at < bytes.length && plain; at++) plain = (bytes[at] as number) < 0x80;
  if (plain) return asciiText(bytes);
  let text = '';
  let at = 0;
  while (at < bytes.length) {
    const length = sequenceLength(bytes, at);
    text += length === 0 ? '\ufffd' : String.fromCodePoint(codePoint(bytes, at, length));
    at += Math.max(length, 1);
  }
  return text;
}

/** A string to UTF-8. Lone surrogates become U+FFFD. */
export function utf8Bytes(text: string): Uint8Array {
  const out: number[] = [];
  for (const character of text) {
    let code = character.codePointAt(0) as number;
    if (code >= 0xd800 && code < 0xe000) code = 0xfffd;
    if (code < 0x80) out.push(code);
    else if (code < 0x800) out.push(0xc0 | (code >> 6), 0x80 | (code & 63));
    else if (code < 0x10000) out.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
    else {
      out.push(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 63));
      out.push(0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
    }
  }
  return Uint8Array.from(out);
}

/** Length in bytes of the valid UTF-8 sequence at `at`, or 0 where there is none. */
export function sequenceLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at] ?? 0xff;
  if (lead < 0x80) return 1;
  const length = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
  for (let n = 1; n < length; n++) {
    if (((bytes[at + n] ?? 0) & 0xc0) !== 0x80) return 0;
  }
  if (length < 3) return length;
  // Overlong forms, surrogates and what lies past U+10FFFF are not UTF-8.
  const point = codePoint(bytes, at, length);
  if (length === 3) return point < 0x800 || (point >= 0xd800 && point < 0xe000) ? 0 : 3;
  return point < 0x10000 || point > 0x10ffff ? 0 : 4;
}

function codePoint(bytes: Uint8Array, at: number, length: number): number {
  const lead = bytes[at] as number;
  if (length === 1) return lead;
  let point = lead & (0x7f >> length);
  for (let n = 1; n < length; n++) point = (point << 6) | ((bytes[at + n] as number) & 63);
  return point;
}
