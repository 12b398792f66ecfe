import type { Layout, Region } from './layout.ts';
import type { Overlay } from './overlay.ts';
import type { Random } from './random.ts';
import { limitValue, littleEndian } from './values.ts';

/** Damages a dump file in one way; says which. */
export type FileDamage = (file: Overlay, layout: Layout, random: Random) => string;

/** Damage to the file as such, whatever it holds. */
export const FILE_DAMAGE: readonly FileDamage[] = [
  truncated,
  damagedField,
  damagedField,
  damagedField,
  flippedBits,
  flippedBits,
  spliced,
  noise,
  damagedText,
  damagedText,
];

/** The file ends early: anywhere, or at an edge of one of its parts. */
function truncated(file: Overlay, layout: Layout, random: Random): string {
  const region = random.pick(layout.regions);
  const size = random.pick([
    region.start,
    region.end - 1,
    region.start + 1,
    random.below(file.size),
    within(region, random),
  ]);
  file.truncate(size);
  return `cut off at ${size}`;
}

/** A field of a header at a limit of what it can hold. */
function damagedField(file: Overlay, layout: Layout, random: Random): string {
  const region = random.pick(layout.regions.filter(({ kind }) => kind === 'fields'));
  const size = random.pick([4, 4, 8, 8, 2, 1]);
  const at = within(region, random);
  const aligned = Math.max(region.start, at - ((at - region.start) % size));
  const old = bytesAt(file, aligned, size);
  const value = limitValue(random, old, file.size);
  put(file, aligned, littleEndian(value, size));
  return `${region.name} at ${aligned}: ${size} bytes 0x${value.toString(16)}`;
}

function flippedBits(file: Overlay, layout: Layout, random: Random): string {
  const region = random.pick(layout.regions);
  const count = random.few(64);
  for (let n = 0; n < count; n++) {
    const at = within(region, random);
    const old = bytesAt(file, at, 1)[0] ?? 0;
    put(file, at, Uint8Array.of(old ^ (1 << random.below(8))));
  }
  return `${region.name}: ${count} bits flipped`;
}

/** A piece of the file in place of another. */
function spliced(file: Overlay, layout: Layout, random: Random): string {
  const from = random.pick(layout.regions);
  const to = random.chance(50) ? from : random.pick(layout.regions);
  const length = random.pick([8, 24, 64, 512, 4096]);
  put(file, within(to, random), bytesAt(file, within(from, random), length));
  return `${length} bytes of ${from.name} in ${to.name}`;
}

function noise(file: Overlay, layout: Layout, random: Random): string {
  const region = random.pick(layout.regions);
  const length = random.pick([4, 16, 256, 4096]);
  const same = random.pick([undefined, 0, 0xff]);
  const bytes = same === undefined ? random.bytes(length) : new Uint8Array(length).fill(same);
  put(file, within(region, random), bytes);
  return `${region.name}: ${length} bytes of ${same === undefined ? 'noise' : same}`;
}

/** VMCOREINFO with a line changed, doubled or gone; its length stays. */
function damagedText(file: Overlay, layout: Layout, random: Random): string {
  const region = layout.regions.find(({ kind }) => kind === 'text');
  if (region === undefined) return noise(file, layout, random);
  const old = bytesAt(file, region.start, region.end - region.start);
  const lines = latin1(old).split('\n');
  const count = random.few(8);
  const said: string[] = [];
  for (let n = 0; n < count; n++) {
    const at = random.below(lines.length);
    const line = lines[at] ?? '';
    const key = line.slice(0, line.indexOf('=') + 1);
    const changed = random.pick([
      ...VALUES.map((value) => key + value),
      `${line}\n${line}`,
      `${random.pick(lines).split('=')[0] ?? ''}=${line.split('=')[1] ?? ''}`,
      '',
      line.replace('=', ''),
    ]);
    lines[at] = changed;
    said.push(changed.slice(0, 60));
  }
  const text = lines.join('\n').slice(0, old.length).padEnd(old.length, '\n');
  put(
    file,
    region.start,
    Uint8Array.from(text, (character) => character.charCodeAt(0)),
  );
  return `VMCOREINFO: ${said.join(' | ')}`;
}

const VALUES = [
  '0',
  '1',
  '-1',
  '4095',
  '65536',
  '2147483647',
  '4294967295',
  '9007199254740993',
  '-9223372036854775808',
  '18446744073709551616',
  'ffffffffffffffff',
  'ffffffff80000000',
  'ffff888000000000',
  '8000000000000000',
  '0x',
  'x',
  '9'.repeat(400),
  '1e9',
];

function latin1(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

function within({ start, end }: Region, random: Random): number {
  // Half of them near the start, where headers, first descriptors and low memory are.
  const length = random.chance(50) ? Math.min(end - start, 4096) : end - start;
  return start + random.below(length);
}

/** Bytes of the file; less at its end. */
function bytesAt(file: Overlay, at: number, length: number): Uint8Array {
  const held = Math.max(0, Math.min(length, file.size - at));
  return held === 0 ? new Uint8Array(0) : new Uint8Array(file.read(at, held));
}

/** Damage does not make a file longer, unless it means to. */
function put(file: Overlay, at: number, bytes: Uint8Array): void {
  const room = Math.max(0, Math.min(bytes.length, file.size - at));
  if (room > 0) file.write(at, bytes.subarray(0, room));
}
