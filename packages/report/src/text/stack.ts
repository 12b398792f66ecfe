import { placeText, repeatedFrames } from '../phrases.ts';
import type { ReportFrame, StackEnd } from '../report.ts';
import type { Page } from './page.ts';

/** Prints a stack, innermost first; a note where it goes on on another stack, and where it could not be followed. */
export function printStack(page: Page, frames: readonly ReportFrame[], end: StackEnd | null): void {
  let stack = 'task';
  for (const [n, { frame, times }] of repeatedFrames(frames).entries()) {
    const on = frame.stack ?? stack;
    if (on !== stack) page.line(['dim', `    <${on.toUpperCase()}>`]);
    stack = on;
    // The kernel marks so what no frame led to.
    const doubt = frame.certainty === 'guess' ? '? ' : '';
    const place = placeText(frame);
    const name = frame.symbol ?? place;
    const interrupted = n > 0 && frame.interrupted ? '  <- interrupted' : '';
    const repeated = times === 1 ? '' : `  (${times} times)`;
    page.line('    ', doubt, ['name', name], place.slice(name.length), ['dim', interrupted + repeated]);
  }
  if (end !== null && end.detail !== null) page.paragraph('    ', `(${endText(frames, end)})`, 'dim');
}

function endText(frames: readonly ReportFrame[], { reason, detail }: StackEnd): string {
  if (frames.length === 0) return `no stack: ${detail}`;
  return `the stack could not be followed further: ${detail}, ${reason}`;
}
