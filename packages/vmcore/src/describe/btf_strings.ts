import { DumpError } from '../bytes/errors.ts';
import { asciiText } from '../bytes/text.ts';
import type { BtfHeader } from './btf_format.ts';
import type { PagedBytes } from './paged_bytes.ts';

/** No identifier of a kernel is longer; a longer string is damage. */
const NAME_LIMIT = 1024;
/** Bytes made present at a time: most names are shorter. */
const NAME_STEP = 64;

/**
 * The string section of a BTF blob. A split blob numbers its strings on from the end of its base's, so that
 * one offset names a string of either.
 */
export class BtfStrings {
  /** One past the highest string offset, the base's included. */
  readonly end: number;
  readonly #data: PagedBytes;
  readonly #at: number;
  readonly #first: number;
  readonly #base: BtfStrings | undefined;

  constructor(data: PagedBytes, header: BtfHeader, base: BtfStrings | undefined) {
    this.#data = data;
    this.#at = header.stringsAt;
    this.#base = base;
    this.#first = base ? base.end : 0;
    this.end = this.#first + header.stringsLength;
  }

  /** The string at an offset, built anew at each call. */
  text(offset: number): string {
    if (offset < this.#first) return this.#ofBase(offset).text(offset);
    const start = this.#place(offset);
    const end = start + this.#lengthAt(start, offset);
    return asciiText(this.#data.bytes.subarray(start, end));
  }

  /** `hashOfName` of the string at an offset. */
  hash(offset: number): number {
    if (offset < this.#first) return this.#ofBase(offset).hash(offset);
    const start = this.#place(offset);
    const { bytes } = this.#data;
    const limit = this.#limit(start);
    let hash = 0;
    let at = start;
    while (at < limit) {
      const stop = Math.min(limit, at + NAME_STEP);
      this.#data.need(at, stop - at);
      for (; at < stop; at++) {
        const byte = bytes[at] as number;
        if (byte === 0) return hash;
        hash = (Math.imul(hash, 31) + byte) | 0;
      }
    }
    throw this.#endless(offset);
  }

  /** Whether the string at an offset is `name`. */
  is(offset: number, name: string): boolean {
    if (offset < this.#first) return this.#ofBase(offset).is(offset, name);
    const start = this.#place(offset);
    if (offset + name.length + 1 > this.end) return false;
    this.#data.need(start, name.length + 1);
    const { bytes } = this.#data;
    for (let n = 0; n < name.length; n++) {
      if (bytes[start + n] !== name.charCodeAt(n)) return false;
    }
    return bytes[start + name.length] === 0;
  }

  #lengthAt(start: number, offset: number): number {
    const limit = this.#limit(start);
    for (let at = start; at < limit; at += NAME_STEP) {
      const stop = Math.min(limit, at + NAME_STEP);
      this.#data.need(at, stop - at);
      const nul = this.#data.bytes.subarray(at, stop).indexOf(0);
      if (nul >= 0) return at + nul - start;
    }
    throw this.#endless(offset);
  }

  #limit(start: number): number {
    return Math.min(this.#at + this.end - this.#first, start + NAME_LIMIT);
  }

  #place(offset: number): number {
    if (offset >= this.end) {
      throw new DumpError('bad-format', `BTF: a name lies at ${offset}, but the strings end at ${this.end}`, {
        offset,
        end: this.end,
      });
    }
    return this.#at + offset - this.#first;
  }

  #endless(offset: number): DumpError {
    return new DumpError('bad-format', `BTF: the string at ${offset} has no end within ${NAME_LIMIT} bytes`, {
      offset,
    });
  }

  #ofBase(offset: number): BtfStrings {
    if (this.#base) return this.#base;
    throw new DumpError('bad-format', `BTF: no string lies at ${offset}`, { offset });
  }
}

/** Hash of a name's bytes; the one that `BtfStrings.hash` computes. */
export function hashOfName(name: string): number {
  let hash = 0;
  for (let n = 0; n < name.length; n++) hash = (Math.imul(hash, 31) + name.charCodeAt(n)) | 0;
  return hash;
}
