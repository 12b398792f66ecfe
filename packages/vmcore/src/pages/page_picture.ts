import type { Frame } from '../bytes/address.ts';
import type { ClassMap } from './class_map.ts';
import { classAt, type PageClass } from './page_class.ts';
import type { PagePlan } from './page_plan.ts';

/** Equal pieces of memory in a row, each called by the class that most of its frames have. */
export interface PictureRun {
  readonly firstFrame: Frame;
  readonly cells: number;
  readonly class: PageClass;
}

/** Memory in pieces of one size, for a picture of it; pieces that the memory map does not describe are left out. */
export interface PagePicture {
  readonly pageSize: number;
  readonly framesPerCell: number;
  readonly runs: readonly PictureRun[];
  /** Frames of each class that there is, and of those the frames that a minimal dump keeps. */
  readonly classes: PagePlan['classes'];
}

/** Cells that a picture has at most. */
const MOST_CELLS = 8192;

/** A picture of the classes of all frames. */
export function pagePicture(classes: ClassMap, plan: PagePlan, pageSize: number): PagePicture {
  let framesPerCell = 16;
  while (plan.frameLimit / framesPerCell > MOST_CELLS) framesPerCell *= 2;
  const runs: PictureRun[] = [];
  const counts = new Uint32Array(256);
  for (let first = 0; first < plan.frameLimit; first += framesPerCell) {
    counts.fill(0);
    for (let frame = first; frame < first + framesPerCell; frame++) {
      (counts[classes.get(frame)] as number)++;
    }
    const value = counts.indexOf(Math.max(...counts));
    if (value === 0) continue;
    const name = classAt(value).name;
    const last = runs.at(-1);
    if (last?.class === name && last.firstFrame + last.cells * framesPerCell === first) {
      runs[runs.length - 1] = { ...last, cells: last.cells + 1 };
    } else runs.push({ firstFrame: first, cells: 1, class: name });
  }
  return { pageSize, framesPerCell, runs, classes: plan.classes.filter(({ pages }) => pages > 0) };
}
