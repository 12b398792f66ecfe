import { classAt, classIndex, type Owner, type PageClass } from '@kcrash/vmcore/pages/page_class';
import type { PagePicture } from '@kcrash/vmcore/pages/page_picture';
import { bytesText } from '../units.ts';
import { each, type Markup, markup } from './markup.ts';

/** Cells in a row of the picture, and the side of one. */
const COLUMNS = 128;
const SIDE = 6;

/** Colours that differ in brightness too; what one owner has is of one hue. */
const COLOURS: Partial<Record<PageClass, string>> = {
  slab: '#7b4fb3',
  'task slab': '#7b4fb3',
  vmalloc: '#3f8fd2',
  module: '#3f8fd2',
  'kernel stack': '#0d3b66',
  'page table': '#0d3b66',
  'page cache': '#3c9d5d',
  'page cache, private': '#2a7544',
  'shared memory': '#8bc34a',
  anonymous: '#e08a1e',
  'huge anonymous': '#b8620b',
  hugetlb: '#8c3b0a',
  unidentified: '#c62828',
};
const BY_OWNER: Readonly<Record<Owner, string>> = {
  kernel: '#1f5fa8',
  user: '#e6b422',
  stale: '#b9c0c8',
  unknown: '#c62828',
};

function colour(name: PageClass): string {
  return COLOURS[name] ?? BY_OWNER[classAt(classIndex(name)).owner];
}

/** A map of memory, and what each class has of it and a minimal dump keeps: an SVG without script or style. */
export function pageMapMarkup(picture: PagePicture): Markup {
  const { classes, framesPerCell, pageSize } = picture;
  const cellBytes = framesPerCell * pageSize;
  const bars = picture.runs.flatMap((run) => barsOf(run.firstFrame / framesPerCell, run.cells, run.class));
  const rows = bars.reduce((most, { row }) => Math.max(most, row + 1), 0);
  const first = bars.reduce((least, { row }) => Math.min(least, row), rows);
  const sum = (of: (count: PagePicture['classes'][number]) => number) =>
    bytesText(classes.reduce((total, count) => total + of(count), 0) * pageSize);
  return markup`<h2>Pages</h2>
<details><summary>${sum(({ pages }) => pages)} described, ${sum(({ kept }) => kept)} kept by a minimal dump</summary>
<svg viewBox="0 0 ${COLUMNS * SIDE} ${(rows - first) * SIDE}" width="100%" role="img" aria-label="Map of memory: ${bytesText(cellBytes)} a square">
${each(
  bars,
  ({ row, column, cells, name }) =>
    markup`<rect x="${column * SIDE}" y="${(row - first) * SIDE}" width="${cells * SIDE}" height="${SIDE - 1}" fill="${colour(name)}"><title>${name}, from 0x${((row * COLUMNS + column) * cellBytes).toString(16)}</title></rect>\n`,
)}</svg>
<p class="soft">${bytesText(cellBytes)} a square, in the colour of the class that most of it is; ${bytesText(cellBytes * COLUMNS)} a row</p>
<table class="list"><tr><th></th><th>Class</th><th>Size</th><th>Kept</th><th>Recognised by</th></tr>
${each(classes, ({ class: name, pages, kept }) => {
  const { reason } = classAt(classIndex(name));
  return markup`<tr><td><svg width="12" height="12"><rect width="12" height="12" fill="${colour(name)}"/></svg></td><td>${name}</td><td class="number">${bytesText(pages * pageSize)}</td><td class="number">${kept === 0 ? '' : bytesText(kept * pageSize)}</td><td class="soft">${reason}</td></tr>\n`;
})}</table></details>`;
}

interface Bar {
  readonly row: number;
  readonly column: number;
  readonly cells: number;
  readonly name: PageClass;
}

/** A run of cells as pieces of rows. */
function barsOf(first: number, cells: number, name: PageClass): Bar[] {
  const bars: Bar[] = [];
  for (let at = first; at < first + cells; ) {
    const column = at % COLUMNS;
    const part = Math.min(COLUMNS - column, first + cells - at);
    bars.push({ row: (at - column) / COLUMNS, column, cells: part, name });
    at += part;
  }
  return bars;
}
