import { bytesText } from '@kcrash/report/units';
import { useEffect, useRef, useState } from 'preact/hooks';
import { useAsked } from '../parts/asked.ts';
import { narrow } from '../parts/narrow.ts';
import type { PageClasses, PageMap } from '../protocol.ts';
import { go, routeHash } from '../route.ts';
import type { WorkerClient } from '../worker_client.ts';
import { classColour } from './class_colour.ts';

const ROWS = 32;
const CELL_PIXELS = 8;
/** A click shows so much less memory. */
const ZOOM = 16;

interface Props {
  readonly classes: PageClasses;
  readonly worker: WorkerClient;
  /** Frames shown: `[from, to)`. */
  readonly from: number;
  readonly to: number;
}

/** Physical memory, a cell for some pages or for one; a click or Enter looks closer. */
export function PageMapView({ classes, worker, from, to }: Props) {
  const columns = narrow.value ? 44 : 128;
  const asked = useAsked(worker, 'pageMap', [from, to, columns * ROWS]);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [cursor, setCursor] = useState(0);
  const map = asked.kind === 'answer' ? asked.value : undefined;
  useEffect(() => setCursor(0), [from, to]);
  useEffect(() => {
    if (map !== undefined && canvas.current !== null) draw(canvas.current, map, classes, columns, cursor);
  }, [map, classes, columns, cursor]);
  const look = (cell: number) => {
    if (map !== undefined && cell < map.classes.length) lookCloser(map, cell, from, to, classes.pageSize);
  };
  const keys: Record<string, () => void> = {
    ArrowLeft: () => setCursor(Math.max(0, cursor - 1)),
    ArrowRight: () => setCursor(Math.min((map?.classes.length ?? 1) - 1, cursor + 1)),
    ArrowUp: () => setCursor(Math.max(0, cursor - columns)),
    ArrowDown: () => setCursor(Math.min((map?.classes.length ?? 1) - 1, cursor + columns)),
    Enter: () => look(cursor),
  };
  const whole = from === 0 && to === classes.frameLimit;
  return (
    <figure class="page-map">
      <figcaption>
        <span>
          Frames {from} to {to - 1}, {bytesText((map?.framesInCell ?? 1) * classes.pageSize)} a cell; pale
          cells are not in this dump.
        </span>
        {!whole && <a href={routeHash('memory')}>All of memory</a>}
      </figcaption>
      <div
        class="map"
        role="application"
        tabIndex={0}
        aria-label="Map of physical memory. Arrow keys move, Enter looks closer."
        aria-describedby="cell"
        onPointerMove={(event) => setCursor(cellAt(canvas.current, event, columns))}
        onClick={(event) => look(cellAt(canvas.current, event, columns))}
        onKeyDown={(event) => {
          const act = keys[event.key];
          if (act === undefined) return;
          event.preventDefault();
          act();
        }}
      >
        <canvas
          ref={canvas}
          width={columns * CELL_PIXELS}
          height={Math.ceil((map?.classes.length ?? columns * ROWS) / columns) * CELL_PIXELS}
        />
      </div>
      <p id="cell" aria-live="polite">
        {map === undefined ? 'Reading the map…' : cellText(map, cursor, from, to, classes)}
      </p>
    </figure>
  );
}

function cellAt(canvas: HTMLCanvasElement | null, event: MouseEvent, columns: number): number {
  if (canvas === null) return 0;
  const box = canvas.getBoundingClientRect();
  const x = Math.floor(((event.clientX - box.left) / box.width) * columns);
  const y = Math.floor(((event.clientY - box.top) / box.height) * (canvas.height / CELL_PIXELS));
  return Math.max(0, y * columns + Math.min(columns - 1, Math.max(0, x)));
}

function lookCloser(map: PageMap, cell: number, from: number, to: number, pageSize: number): void {
  const frame = from + cell * map.framesInCell;
  if (map.framesInCell === 1) {
    go('address', `physical:0x${(frame * pageSize).toString(16)}`);
    return;
  }
  const frames = Math.max(Math.ceil((to - from) / ZOOM), 512);
  const start = Math.max(from, Math.min(frame - Math.floor(frames / 2), to - frames));
  go('memory', '', { from: String(start), to: String(Math.min(start + frames, to)) });
}

function cellText(
  map: PageMap,
  cell: number,
  from: number,
  to: number,
  { classes, pageSize }: PageClasses,
): string {
  if (cell >= map.classes.length) return '';
  const first = from + cell * map.framesInCell;
  const last = Math.min(first + map.framesInCell, to) - 1;
  const address = `physical 0x${(first * pageSize).toString(16)}`;
  const name = classes[map.classes[cell] ?? 0]?.name ?? 'unidentified';
  const held = map.held[cell] ?? 0;
  const frames = first === last ? `Frame ${first}` : `Frames ${first} to ${last}`;
  if (name === 'none') return `${frames}, ${address}: no memory`;
  const share =
    first === last
      ? held > 0
        ? 'in the dump'
        : 'not in the dump'
      : `${Math.round((held / 255) * 100)} % in the dump`;
  return `${frames}, ${address}: ${first === last ? '' : 'mostly '}${name}, ${share}`;
}

function draw(
  canvas: HTMLCanvasElement,
  map: PageMap,
  { classes }: PageClasses,
  columns: number,
  cursor: number,
): void {
  const context = canvas.getContext('2d');
  if (context === null) return;
  context.clearRect(0, 0, canvas.width, canvas.height);
  const colours = classes.map(({ owner }, n) => classColour(n, owner));
  const place = (cell: number): [number, number] => [
    (cell % columns) * CELL_PIXELS,
    Math.floor(cell / columns) * CELL_PIXELS,
  ];
  for (let cell = 0; cell < map.classes.length; cell++) {
    const index = map.classes[cell] ?? 0;
    if (index === 0) continue;
    context.globalAlpha = 0.28 + 0.72 * ((map.held[cell] ?? 0) / 255);
    context.fillStyle = colours[index] ?? 'red';
    context.fillRect(...place(cell), CELL_PIXELS - 1, CELL_PIXELS - 1);
  }
  context.globalAlpha = 1;
  context.strokeStyle = getComputedStyle(canvas).color;
  const [x, y] = place(cursor);
  context.strokeRect(x - 0.5, y - 0.5, CELL_PIXELS, CELL_PIXELS);
}
