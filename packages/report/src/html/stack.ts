import { holderText, lockText, placeText, repeatedFrames, STATES, taskText } from '../phrases.ts';
import type { ReportFrame, ReportTask, ReportWait, StackEnd } from '../report.ts';
import { count } from '../units.ts';
import { each, type Markup, markup, NOTHING } from './markup.ts';

/** A stack, innermost first. */
export function stackMarkup(frames: readonly ReportFrame[], end: StackEnd | null): Markup {
  let stack = 'task';
  const lines = repeatedFrames(frames).map(({ frame, times }) => {
    const on = frame.stack ?? stack;
    const turn = on === stack ? NOTHING : markup`<span class="soft">&lt;${on.toUpperCase()}&gt;</span>\n`;
    stack = on;
    const repeated = times === 1 ? '' : `  (${times} times)`;
    return markup`${turn}${frameMarkup(frame)}${repeated}\n`;
  });
  const detail =
    end === null || end.detail === null ? NOTHING : markup`<span class="soft">(${end.detail})</span>\n`;
  return markup`<pre>${lines}${detail}</pre>`;
}

function frameMarkup(frame: ReportFrame): Markup {
  const name = frame.symbol ?? placeText(frame);
  const rest = placeText(frame).slice(name.length);
  const doubt = frame.certainty === 'guess' ? '? ' : '';
  return markup`<span class="soft">${frame.address}</span> ${doubt}<span class="name">${name}</span>${rest}`;
}

/** What a task waits for and who has it. */
export function waitMarkup(wait: ReportWait): Markup {
  return markup`${lockText(wait)}, ${holderText(wait)}`;
}

/** Tasks with one stack, folded. */
export function groupMarkup(tasks: readonly ReportTask[]): Markup {
  const [first] = tasks;
  if (first === undefined) return NOTHING;
  const names = tasks.slice(0, MOST_NAMES).map(taskText).join(', ');
  const more = tasks.length > MOST_NAMES ? ` and ${tasks.length - MOST_NAMES} more` : '';
  const where = first.stack.find(({ symbol }) => symbol !== null && !SCHEDULER.test(symbol));
  const place = where === undefined ? (first.stackEnd.detail ?? 'no stack') : placeText(where);
  return markup`<details><summary>${count(tasks.length, 'task')} in <span class="name">${place}</span>: ${names}${more}</summary>
${stackMarkup(first.stack, first.stackEnd)}
<table class="list"><tr><th>PID</th><th>Process</th><th>Parent</th><th>Name</th><th>State</th><th>CPU</th><th>Waits for</th></tr>
${each(tasks, taskRow)}</table></details>`;
}

const MOST_NAMES = 12;
/** What every sleeping task is in. */
const SCHEDULER =
  /^(?:__schedule|schedule(?:_timeout|_preempt_disabled)?|io_schedule(?:_timeout)?|context_switch)$/;

function taskRow({ pid, tgid, ppid, comm, state, cpu, waits }: ReportTask): Markup {
  return markup`<tr><td>${pid}</td><td>${tgid}</td><td>${ppid ?? 'unknown'}</td><td>${comm}</td><td>${STATES[state] ?? state}</td><td>${cpu}</td><td>${each(waits, (wait) => markup`${waitMarkup(wait)}<br>`)}</td></tr>\n`;
}
