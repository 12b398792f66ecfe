import type { WaitGroup } from '@kcrash/report/groups';
import { lockText, taskText } from '@kcrash/report/phrases';
import type { TaskName } from '@kcrash/report/report';
import { taskHash } from '../parts/links.tsx';
import { visible } from '../parts/visible.ts';
import { holderOf } from './waits.tsx';

const BOX = { width: 190, height: 40, across: 290, down: 58 };
/** Boxes that still make a picture; a larger one nobody can read. */
const MOST_BOXES = 60;
/** Characters that fit in a box, and beside an arrow. */
const BOX_TEXT = 24;
const ARROW_TEXT = 15;

interface Box {
  readonly key: string;
  readonly task: TaskName | null;
  readonly text: string;
  readonly detail: string;
  column: number;
  row: number;
}

interface Arrow {
  readonly from: Box;
  readonly to: Box;
  readonly text: string;
}

/** Boxes for tasks, and arrows from those that wait to those that have what they wait for. */
export function WaitPicture({ groups }: { groups: readonly WaitGroup[] }) {
  const { boxes, arrows } = place(groups.slice(0, MOST_BOXES));
  const width = Math.max(...boxes.map(({ column }) => column)) * BOX.across + BOX.width + 4;
  const height = (Math.max(...boxes.map(({ row }) => row)) + 1) * BOX.down + 30;
  return (
    <div class="picture" tabIndex={0} role="region" aria-label="Picture of who waits for whom">
      <svg width={width} height={height} viewBox={`-2 -2 ${width} ${height}`}>
        <defs>
          <marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
            <path d="M0 0 8 4 0 8z" />
          </marker>
        </defs>
        {arrows.map((arrow) => (
          <ArrowShape key={`${arrow.from.key}>${arrow.to.key}${arrow.text}`} arrow={arrow} />
        ))}
        {boxes.map((box) => (
          <BoxShape key={box.key} box={box} />
        ))}
      </svg>
    </div>
  );
}

function BoxShape({ box }: { box: Box }) {
  const shape = (
    <g
      class={box.task === null ? 'box many' : 'box'}
      transform={`translate(${box.column * BOX.across} ${box.row * BOX.down})`}
    >
      <title>{visible(box.detail)}</title>
      <rect width={BOX.width} height={BOX.height} rx="5" />
      <text x={BOX.width / 2} y={BOX.height / 2 + 5} text-anchor="middle">
        {short(visible(box.text), BOX_TEXT)}
      </text>
    </g>
  );
  return box.task === null ? shape : <a href={taskHash(box.task)}>{shape}</a>;
}

function ArrowShape({ arrow: { from, to, text } }: { arrow: Arrow }) {
  const y1 = from.row * BOX.down + BOX.height / 2;
  const y2 = to.row * BOX.down + BOX.height / 2;
  // Columns count from those that hold and wait for nobody.
  const back = from.column <= to.column;
  const x1 = from.column * BOX.across + (back ? BOX.width / 2 : 0);
  const x2 = to.column * BOX.across + (back ? BOX.width / 2 : BOX.width);
  const low = Math.max(y1, y2) + BOX.down - 8;
  const middle = (x1 + x2) / 2;
  const path = back
    ? `M${x1} ${y1 + BOX.height / 2} C${x1 + 30} ${low} ${x2 - 30} ${low} ${x2} ${y2 + BOX.height / 2}`
    : `M${x1} ${y1} C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}`;
  return (
    <g class={back ? 'arrow circle' : 'arrow'}>
      <title>{visible(text)}</title>
      <path d={path} marker-end="url(#tip)" />
      <text x={back ? middle : x1 - 6} y={back ? low + 8 : y1 - 6} text-anchor={back ? 'middle' : 'end'}>
        {short(visible(text), ARROW_TEXT)}
      </text>
    </g>
  );
}

function short(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

/** Holders to the left, and to the right of each those that wait for it. */
function place(groups: readonly WaitGroup[]): { boxes: Box[]; arrows: Arrow[] } {
  const boxes = new Map<string, Box>();
  const arrows: Arrow[] = [];
  const holders = new Set(groups.flatMap(({ wait }) => holderOf(wait.holder)?.address ?? []));
  const boxOf = (key: string, task: TaskName | null, text: string, detail: string) => {
    const known = boxes.get(key);
    if (known !== undefined) return known;
    const box: Box = { key, task, text, detail, column: 0, row: 0 };
    boxes.set(key, box);
    return box;
  };
  const ofTask = (task: TaskName) => boxOf(task.address, task, taskText(task), taskText(task));
  for (const { wait, tasks } of groups) {
    const holder = holderOf(wait.holder);
    if (holder === null) continue;
    const to = ofTask(holder);
    const text = wait.symbol?.replace(/ \[.*$/, '') ?? wait.kind;
    // Tasks that nobody waits for need no box each.
    const alone = tasks.filter(({ address }) => !holders.has(address));
    for (const task of tasks) if (holders.has(task.address)) arrows.push({ from: ofTask(task), to, text });
    const [only] = alone;
    if (only === undefined) continue;
    const from =
      alone.length === 1
        ? ofTask(only)
        : boxOf(
            `${wait.kind}${wait.address}`,
            null,
            `${alone.length} tasks`,
            `${lockText(wait)}: ${alone.slice(0, 20).map(taskText).join(', ')}`,
          );
    arrows.push({ from, to, text });
  }
  setColumns([...boxes.values()], arrows);
  return { boxes: [...boxes.values()], arrows };
}

/** Each box one column to the right of what it waits for; in a circle the first that was met is leftmost. */
function setColumns(boxes: readonly Box[], arrows: readonly Arrow[]): void {
  const waitsFor = new Map<Box, Box>();
  for (const { from, to } of arrows) if (!waitsFor.has(from)) waitsFor.set(from, to);
  const rows: number[] = [];
  const placed = new Set<Box>();
  const put = (box: Box, column: number, least: number): void => {
    placed.add(box);
    box.column = column;
    box.row = Math.max(rows[column] ?? 0, least);
    rows[column] = box.row + 1;
    for (const { from, to } of arrows) if (to === box && !placed.has(from)) put(from, column + 1, box.row);
  };
  const roots = [...boxes].sort((a, b) => Number(waitsFor.has(a)) - Number(waitsFor.has(b)));
  for (const box of roots) if (!placed.has(box)) put(box, 0, Math.max(0, ...rows.map((row) => row ?? 0)));
}
