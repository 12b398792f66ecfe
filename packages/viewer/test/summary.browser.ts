import { describe, expect, it } from 'vitest';
import { openDump, visit } from './browser.ts';
import { labDump, report } from './lab_dump.ts';
import { serving } from './serving.ts';

const site = serving();

describe('the summary of a real dump', () => {
  it('tells what the report tells', async () => {
    const dump = labDump();
    const wanted = report(dump);
    const { page, errors } = await visit(site.browser, site.server.url);
    await openDump(page, dump);
    expect(await page.textContent('h1')).toBe(wanted.title);
    const text = (await page.textContent('main')) ?? '';
    for (const line of wanted.panic.reason) expect(text).toContain(line);
    for (const { address, symbol } of wanted.panic.stack) {
      expect(text).toContain(address);
      if (symbol !== null) expect(text).toContain(symbol);
    }
    for (const value of Object.values(wanted.panic.registers ?? {})) expect(text).toContain(value.slice(2));
    expect(text).toContain(wanted.machine.commandLine ?? '');
    expect(text).toContain(`${wanted.tasks.length} tasks`);
    expect(errors).toEqual([]);
  });
});
