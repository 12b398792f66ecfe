/** Hues of the classes by whose the bytes are: the kernel's cool, users' warm, free grey, unknown red. */
const HUES: Readonly<Record<string, readonly [first: number, step: number, saturation: number]>> = {
  kernel: [170, 31, 55],
  user: [18, 13, 80],
  stale: [220, 0, 8],
  unknown: [345, 0, 85],
};

/** Colour of a class on the map; `index` is its place among the classes, 0 for no memory. */
export function classColour(index: number, owner: string): string {
  if (index === 0) return 'transparent';
  const [first, step, saturation] = HUES[owner] ?? [345, 0, 85];
  const hue = owner === 'kernel' ? first + ((index * step) % 120) : first + ((index * step) % 52);
  const light = owner === 'stale' ? 72 : 42 + ((index * 7) % 22);
  return `hsl(${hue} ${saturation}% ${light}%)`;
}
