import { describe, expect, it } from 'vitest';
import { scenarios } from './index.ts';

describe('scenarios', () => {
  it('have names that are unique and good for a folder', () => {
    const names = scenarios.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
  });

  it('have a core that holds every group', () => {
    const groups = new Set(scenarios.map(({ group }) => group));
    const core = new Set(scenarios.filter((each) => each.core).map(({ group }) => group));
    expect([...core].sort()).toEqual([...groups].sort());
  });
});
