/** What a canary begins with; `guest/canary.c` writes it, and its image holds it veiled. */
const HEAD = "Lab's canary is ";
/** Bytes of a canary: its head, its class and dots. */
const LENGTH = 32;

/** A class of memory in which the guest plants canaries. */
export interface CanaryClass {
  readonly name: string;
  /**
   * What must become of it: `dropped`, no page of the dump holds it; `scrubbed`, it lies among the kernel's own
   * data and is overwritten.
   */
  readonly must: 'dropped' | 'scrubbed';
  /** Not every kernel has this kind of memory. */
  readonly optional?: boolean;
  /** Pages that the guest filled, where each must be found in its whole memory. */
  readonly pages?: number;
}

const dropped = (name: string): CanaryClass => ({ name, must: 'dropped' });
const scrubbed = (name: string): CanaryClass => ({ name, must: 'scrubbed' });

/** Every class that `canary` plants. */
export const CANARY_CLASSES: readonly CanaryClass[] = [
  ...['anonymous', 'huge', 'cache-clean', 'cache-dirty', 'tmpfs', 'shared', 'system-v'].map(dropped),
  ...['mapped-private', 'mapped-shared', 'memfd', 'hugetlbfs'].map(dropped),
  { name: 'secret', must: 'dropped', optional: true },
  // A virtual machine's 256 MB.
  { name: 'guest-private', must: 'dropped', pages: 32_768 },
  { name: 'guest-huge', must: 'dropped', pages: 16_384 },
  { name: 'guest-shared', must: 'dropped', pages: 16_384 },
  ...['freed', 'pipe', 'unix-stream', 'tcp'].map(dropped),
  ...['unix-small', 'udp', 'udp-large', 'key', 'key-large', 'pty-input', 'pty-output', 'console'].map(
    scrubbed,
  ),
  scrubbed('message'),
];

/** The canary of a class, as memory holds it. */
export function canary(name: string): string {
  return (HEAD + name).padEnd(LENGTH, '.');
}

/** The classes whose canaries a piece of memory holds, whole. */
export function canariesIn(bytes: Uint8Array): Set<string> {
  const found = new Set<string>();
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = buffer.indexOf(HEAD); at >= 0; at = buffer.indexOf(HEAD, at + LENGTH)) {
    const name = /^[a-z0-9-]+(?=\.+$)/.exec(buffer.toString('latin1', at + HEAD.length, at + LENGTH))?.[0];
    if (name !== undefined) found.add(name);
    // Most pages hold one canary again and again, which one comparison tells.
    if (buffer.compare(buffer, at, buffer.length - LENGTH, at + LENGTH, buffer.length) === 0) break;
  }
  return found;
}

/** What the guest said of its planting: why not, by class. */
export function parsePlanted(text: string): Map<string, string> {
  const lines = text.split('\n').filter((line) => line !== '');
  return new Map(lines.map((line) => [line.replace(/ .*/, ''), line.replace(/^\S* ?/, '')]));
}
