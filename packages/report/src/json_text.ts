/**
 * A value as JSON on one line that a terminal takes for nothing but text: what JSON lets stand of control characters
 * (DEL, C1) and the marks that turn the direction of text around are escaped too. `replacer` is `JSON.stringify`'s.
 */
export function jsonText(value: unknown, replacer?: (key: string, item: unknown) => unknown): string {
  return JSON.stringify(value, replacer).replace(
    HIDDEN,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

const HIDDEN = /[\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/**
 * A value as one line of JSON. Addresses and numbers beyond 2^53 must be strings by now; what is undefined
 * becomes null, so that every field of a shape is there.
 */
export function jsonLine(value: unknown): string {
  return `${jsonText(value, (_key, item) => (item === undefined ? null : item))}\n`;
}

/** A whole number of any size: a number where it is exact, else a decimal string. */
export function jsonInteger(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value.toString();
}
