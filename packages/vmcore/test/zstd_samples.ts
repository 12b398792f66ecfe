/**
 * What the files of `fixtures/zstd` hold, by name. They were made from these bytes with `zstd --no-check` 1.5.4
 * at the level in their name.
 */

/** Numbers that look random and are the same everywhere (a linear congruential generator). */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function words(length: number, choice: number): Uint8Array {
  const next = numbers(1);
  const list = Array.from({ length: choice }, () =>
    Array.from({ length: 2 + next(9) }, () => String.fromCharCode(97 + next(26))).join(''),
  );
  let text = '';
  while (text.length < length) text += `${list[next(choice)]} `;
  return new TextEncoder().encode(text.slice(0, length));
}

/** Like a slab of objects: kernel pointers and small numbers. */
function pointers(length: number): Uint8Array {
  const next = numbers(2);
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at + 8 <= length; at += 8) {
    const value = at % 24 === 16 ? BigInt(next(100)) : 0xffff_8880_0000_0000n + BigInt(next(1 << 20) * 64);
    view.setBigUint64(at, value, true);
  }
  return bytes;
}

function noise(length: number): Uint8Array {
  const next = numbers(3);
  return Uint8Array.from({ length }, () => next(256));
}

function fewSymbols(length: number): Uint8Array {
  const next = numbers(4);
  return Uint8Array.from({ length }, () => Math.min(next(9), next(9), next(9)));
}

/** The name of each fixture without its ending, and what it decompresses to. */
export const ZSTD_SAMPLES: Readonly<Record<string, () => Uint8Array>> = {
  'empty-3': () => new Uint8Array(0),
  'one-byte-3': () => Uint8Array.of(0x61),
  'zero-page-3': () => new Uint8Array(4096),
  'noise-page-3': () => noise(4096),
  'words-page-1': () => words(4096, 200),
  'words-page-19': () => words(4096, 200),
  'pointers-page-1': () => pointers(4096),
  'pointers-page-3': () => pointers(4096),
  'few-symbols-page-3': () => fewSymbols(4096),
  'few-symbols-page-19': () => fewSymbols(4096),
  'short-3': () => words(90, 200),
  'blocks-3': () => words(300_000, 12),
  'blocks-19': () => words(300_000, 12),
};
