/** The same bytes as little-endian words, which the machines are that this library reads and runs on. */
export function wordsOf(bytes: Uint8Array): Uint32Array {
  const length = bytes.byteLength >>> 2;
  if (bytes.byteOffset % 4 === 0) return new Uint32Array(bytes.buffer, bytes.byteOffset, length);
  return new Uint32Array(bytes.slice().buffer, 0, length);
}
