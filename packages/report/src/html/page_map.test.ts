import { expect, test } from 'vitest';
import { pageMapMarkup } from './page_map.ts';

test('a map of memory begins with the first row that has memory, and breaks runs at the ends of rows', () => {
  const { html } = pageMapMarkup({
    pageSize: 4096,
    framesPerCell: 16,
    runs: [{ firstFrame: 16 * (128 + 126), cells: 4, class: 'slab' }],
    classes: [
      { class: 'slab', pages: 64, kept: 64 },
      { class: 'free', pages: 16, kept: 0 },
    ],
  });
  expect(html).toContain('viewBox="0 0 768 12"');
  const bars = [...html.matchAll(/<rect x="(\d+)" y="(\d+)" width="(\d+)"/g)].map(([, ...bar]) =>
    bar.map(Number),
  );
  expect(bars).toEqual([
    [756, 0, 12],
    [0, 6, 12],
  ]);
  expect(html).toContain('<title>slab, from 0xfe0000</title>');
  expect(html).toContain('320.0 KiB described, 256.0 KiB kept');
});
