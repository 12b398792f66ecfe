import { jsonText } from '@kcrash/report/json_text';

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
