/** Copies in whole words: up to 7 bytes more than asked for, which need not be those of the source. */
export function copyWords(to: usize, from: usize, length: usize): void {
  for (let n: usize = 0; n < length; n += 8) store<u64>(to + n, load<u64>(from + n));
}

/**
 * Copies `length` bytes from `distance`, less than 8, before `to` to there, each byte after the one before it: what was
 * copied is copied again. Writes up to 8 bytes more. Longer distances are copied in whole words where they occur: most
 * copies are short, and a call takes as long.
 */
export function copyNear(to: usize, distance: usize, length: usize): void {
  for (let n: usize = 0; n < 8; n++) store<u8>(to + n, load<u8>(to + n - distance));
  if (length <= 8) return;
  // Eight bytes on, whole periods of at least a word lie before.
  copyWords(to + 8, to + 8 - distance * ((7 + distance) / distance), length - 8);
}
