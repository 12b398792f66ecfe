import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { basename } from 'node:path';
import { findings } from '@kcrash/report/findings';
import { groupProblems, stateCounts } from '@kcrash/report/groups';
import { lockText, placeText, repeatedFrames, taskText } from '@kcrash/report/phrases';
import type { Report, ReportFrame, ReportTask } from '@kcrash/report/report';
import { codeLines, machineText, whenText, whereText } from '@kcrash/report/summary';
import { bytesText } from '@kcrash/report/units';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { accountOf } from './accounted.ts';
import { go, openDump, visit } from './browser.ts';
import { labDump, PROGRAM, report } from './lab_dump.ts';
import { serving } from './serving.ts';

/** So many relatives of a task are named. */
const MOST_NAMES = 12;

const site = serving();
let dump: string;
let wanted: Report;

beforeAll(() => {
  dump = labDump();
  wanted = report(dump);
});

/** Texts of all rows of the table in view, from its start to its end, by their place. */
async function allRows(page: Page): Promise<string[][]> {
  return await page.evaluate(async () => {
    const list = document.querySelector('.table');
    if (list === null) throw new Error('no table');
    const rows = new Map<number, string[]>();
    const frame = () => new Promise((next) => requestAnimationFrame(() => setTimeout(next)));
    for (let top = 0; ; top += list.clientHeight / 2) {
      list.scrollTo(0, top);
      await frame();
      await frame();
      for (const row of list.querySelectorAll('.table-body .row')) {
        const cells = [...row.querySelectorAll('[role=cell]')].map((cell) => cell.textContent ?? '');
        rows.set(Number(row.getAttribute('aria-rowindex')), cells);
      }
      if (top + list.clientHeight >= list.scrollHeight) break;
    }
    return [...rows].sort(([a], [b]) => a - b).map(([, cells]) => cells);
  });
}

const seconds = (value: number) => value.toFixed(3);

/** Numbers of a task as the table has them. */
function numbersOf(task: ReportTask): string[] {
  const { pid, cpu, tgid, ppid, userSeconds, systemSeconds, lastRanSeconds } = task;
  const ran = lastRanSeconds === null ? '' : seconds(lastRanSeconds);
  return [
    ...[pid, cpu, tgid].map(String),
    ppid === null ? '?' : String(ppid),
    ...[seconds(userSeconds), seconds(systemSeconds), ran],
  ];
}

function framesText(frames: readonly ReportFrame[]): string[] {
  return repeatedFrames(frames).flatMap(({ frame, times }) => [
    frame.address,
    placeText(frame),
    times > 1 ? `(${times} times)` : '',
  ]);
}

/** All that the summary says of the report; the dump's form is what `kcrash info` says. */
function summaryWords(): string[] {
  const { panic, machine, taint, when } = wanted;
  const info = JSON.parse(
    execFileSync(process.execPath, [PROGRAM, 'info', '--json', dump], { encoding: 'utf8' }),
  ) as { dumpLevel: number | null };
  return [
    ...[wanted.title ?? '', ...panic.reason, ...findings(wanted)],
    `${wanted.tasks.length} tasks: ${stateCounts(wanted.tasks)}`,
    ...(panic.at === null ? [whereText(wanted)] : framesText([panic.at])),
    ...(panic.task === null ? [] : [taskText(panic.task)]),
    panic.cpu === null ? '' : `on CPU ${panic.cpu}`,
    ...[whenText(wanted), when.crash === null ? '' : whenText(wanted).slice(0, 10)],
    ...[`${wanted.release} ${machine.architecture}`, machine.version ?? '', machine.commandLine ?? ''],
    ...[machineText(wanted), wanted.hash ?? '', taint?.text ?? ''],
    ...[basename(dump), bytesText(statSync(dump).size)],
    info.dumpLevel === null ? '' : `dump level ${info.dumpLevel}`,
    ...framesText(panic.stack),
    panic.stackEnd?.detail ?? '',
    ...Object.entries(panic.registers ?? {}).flatMap(([name, value]) => [name, value.slice(2)]),
    ...(panic.code === null
      ? []
      : [panic.code.start, ...codeLines(panic.code, 16).map((line) => line.replace(/[<>]/g, ''))]),
    ...groupProblems(wanted.problems).map(({ reason, missing }) => `${reason}: ${missing.join(', ')}`),
  ];
}

/** All that a task's page says of the report. */
function taskWords(task: ReportTask, same: number): string[] {
  const { tasks, when } = wanted;
  const parent = tasks.find(({ pid }) => pid !== 0 && pid === task.ppid);
  const named = (some: readonly ReportTask[]) => [
    ...some.slice(0, MOST_NAMES).map(taskText),
    some.length > MOST_NAMES ? `and ${some.length - MOST_NAMES} more` : '',
  ];
  const before =
    when.uptimeSeconds === null
      ? ''
      : `${seconds(Math.max(0, when.uptimeSeconds - task.startSeconds))} s before the crash`;
  return [
    taskText(task),
    ...task.waits.flatMap(({ holder, ...wait }) => [
      lockText({ ...wait, holder }),
      wait.address,
      holder.kind === 'task' ? taskText(holder.task) : '',
      holder.kind === 'readers' && holder.last !== null ? taskText(holder.last) : '',
      holder.kind === 'readers' && holder.count > 1 ? `held by ${holder.count} readers` : '',
      holder.kind === 'unknown' ? holder.why : '',
    ]),
    ...framesText(task.stack),
    task.stackEnd.detail ?? '',
    same === 0 ? '' : `${same} other ${same === 1 ? 'task has' : 'tasks have'} this stack`,
    `CPU ${task.cpu}`,
    task.kernelThread || task.pid === task.tgid ? '' : `thread of process ${task.tgid}`,
    `Parent ${parent === undefined ? (task.ppid ?? 'unknown') : taskText(parent)}`,
    `${seconds(task.startSeconds)} s after boot`,
    before,
    `${seconds(task.userSeconds)} s user, ${seconds(task.systemSeconds)} s system`,
    task.lastRanSeconds === null ? '' : `at ${seconds(task.lastRanSeconds)} s`,
    task.address,
    ...named(tasks.filter((other) => other.tgid === task.tgid && other !== task && task.pid !== 0)),
    ...named(tasks.filter(({ ppid, pid, tgid }) => ppid === task.pid && pid === tgid && pid !== 0)),
  ];
}

/** Tasks whose stacks are equal, and end for the same reason. */
function stackKey({ stack, stackEnd }: ReportTask): string {
  return JSON.stringify([
    stack.map(({ address, stack: on, certainty }) => [address, on, certainty]),
    stackEnd,
  ]);
}

/** Texts of the pages of all tasks, without what is not in the report: open files and resources. */
async function taskPages(page: Page): Promise<string[]> {
  return await page.evaluate(
    async (tasks) => {
      const texts: string[] = [];
      for (const { hash, name } of tasks) {
        location.hash = hash;
        const parts = () => [
          ...document.querySelectorAll<HTMLElement>('#view > h1, #view > .next, #view > h1 ~ .columns'),
        ];
        for (let n = 0; n < 500; n++) {
          await new Promise((next) => setTimeout(next, 2));
          const [address] = document.querySelectorAll('#view .facts .address');
          if (address?.textContent === name) break;
        }
        const [first, ...rest] = parts();
        const own = rest.filter((part) => part.querySelector('.files') === null);
        // biome-ignore lint/performance/useDomNodeTextContent: what stands apart on the page must stand apart here
        texts.push([first, ...own].map((part) => part?.innerText ?? '').join('\n'));
      }
      return texts;
    },
    wanted.tasks.map(({ pid, address }) => ({ hash: `task=${pid === 0 ? address : pid}`, name: address })),
  );
}

describe('every number', () => {
  it('of the table of tasks is that of kcrash report --json', async () => {
    const { page, errors } = await visit(site.browser, `${site.server.url}#tasks`);
    await openDump(page, dump);
    await page.waitForSelector('.table .row a');
    const rows = await allRows(page);
    const shown = rows.map(([pid, , , cpu, tgid, ppid, user, system, ran]) => [
      ...[pid, cpu, tgid, ppid, user, system, ran],
    ]);
    expect(shown).toEqual(wanted.tasks.map(numbersOf));
    for (const [n, row] of rows.entries()) {
      const task = wanted.tasks[n];
      // The last column names a function of the task's stack, and what the task is called may have digits.
      const places = task?.stack.map(placeText) ?? [];
      expect([...places, ''].map((place) => place.replace(/\s+/g, ' '))).toContain(row[9]);
    }
    expect(errors).toEqual([]);
    await page.context().close();
  });

  it('of the summary is that of kcrash report --json, and no other is there', async () => {
    const { page } = await visit(site.browser, site.server.url);
    await openDump(page, dump);
    await go(page, 'summary');
    const [text = ''] = await page.locator('#view').allInnerTexts();
    expect(accountOf(text, summaryWords())).toEqual({ missing: [], besides: [] });
    await page.context().close();
  });

  it('of every task is that of kcrash report --json, and no other is there', async () => {
    const { page } = await visit(site.browser, site.server.url);
    await openDump(page, dump);
    await go(page, 'tasks');
    const counts = new Map<string, number>();
    for (const task of wanted.tasks) counts.set(stackKey(task), (counts.get(stackKey(task)) ?? 0) + 1);
    const texts = await taskPages(page);
    const wrong = wanted.tasks.flatMap((task, n) => {
      const account = accountOf(texts[n] ?? '', taskWords(task, (counts.get(stackKey(task)) ?? 1) - 1));
      return account.missing.length + account.besides.length === 0 ? [] : { pid: task.pid, ...account };
    });
    expect(wrong).toEqual([]);
    await page.context().close();
  });
});
