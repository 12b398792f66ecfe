import type { ReportTask } from '@kcrash/report/report';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { openDump, visit } from './browser.ts';
import { labDump, report } from './lab_dump.ts';
import { serving } from './serving.ts';

const site = serving();

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

/** Numbers of a task as the table has them. */
function numbersOf({
  pid,
  cpu,
  tgid,
  ppid,
  userSeconds,
  systemSeconds,
  lastRanSeconds,
}: ReportTask): string[] {
  return [
    String(pid),
    String(cpu),
    String(tgid),
    ppid === null ? '?' : String(ppid),
    userSeconds.toFixed(3),
    systemSeconds.toFixed(3),
    lastRanSeconds === null ? '' : lastRanSeconds.toFixed(3),
  ];
}

describe('every number', () => {
  it('of the table of tasks is that of kcrash report --json', async () => {
    const dump = labDump();
    const wanted = report(dump).tasks;
    const { page, errors } = await visit(site.browser, `${site.server.url}#tasks`);
    await openDump(page, dump);
    await page.waitForSelector('.table .row a');
    const rows = await allRows(page);
    const shown = rows.map(([pid, , , cpu, tgid, ppid, user, system, ran]) => [
      pid,
      cpu,
      tgid,
      ppid,
      user,
      system,
      ran,
    ]);
    expect(shown).toEqual(wanted.map(numbersOf));
    expect(errors).toEqual([]);
    await page.context().close();
  });

  it('of a task is that of kcrash report --json', async () => {
    const dump = labDump();
    const { tasks } = report(dump);
    const { page } = await visit(site.browser, site.server.url);
    await openDump(page, dump);
    const some = tasks.filter(
      ({ pid }, n) => pid !== 0 && (pid === 1 || n % Math.ceil(tasks.length / 12) === 0),
    );
    for (const task of some) {
      await page.evaluate((pid) => {
        location.hash = `task=${pid}`;
      }, task.pid);
      await page.waitForFunction(
        (name) => document.querySelector('#view h1')?.textContent?.includes(name),
        `(${task.pid})`,
      );
      const text = (await page.textContent('#view')) ?? '';
      expect(text).toContain(
        `${task.userSeconds.toFixed(3)} s user, ${task.systemSeconds.toFixed(3)} s system`,
      );
      expect(text).toContain(`${task.startSeconds.toFixed(3)} s after boot`);
      expect(text).toContain(task.address);
      for (const { address, symbol, offset, size } of task.stack) {
        expect(text).toContain(address);
        if (symbol !== null) {
          expect(text).toContain(`${symbol}+0x${(offset ?? 0).toString(16)}/0x${(size ?? 0).toString(16)}`);
        }
      }
      for (const { address } of task.waits) expect(text).toContain(address);
    }
    await page.context().close();
  });
});
