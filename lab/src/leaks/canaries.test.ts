import { describe, expect, it } from 'vitest';
import { CANARY_CLASSES, canariesIn, canary, parsePlanted } from './canaries.ts';

describe('canaries', () => {
  it('have one length and are told apart', () => {
    const all = CANARY_CLASSES.map(({ name }) => canary(name));
    expect(new Set(all).size).toBe(CANARY_CLASSES.length);
    for (const each of all) expect(each).toMatch(/^Lab's canary is [a-z0-9-]+\.+$/);
    for (const each of all) expect(each).toHaveLength(32);
  });

  it('are found in a page, each once, wherever they stand', () => {
    const page = Buffer.alloc(4096);
    page.write(canary('pipe'), 5);
    page.write(canary('pipe'), 37);
    page.write(canary('udp-large'), 4064);
    expect([...canariesIn(page)]).toEqual(['pipe', 'udp-large']);
  });

  it('are not found where one is cut off', () => {
    const page = Buffer.alloc(4096);
    page.write(canary('pipe'), 4080);
    expect([...canariesIn(page)]).toEqual([]);
  });

  it('are told of by the guest', () => {
    expect([...parsePlanted('secret file of memory: Function not implemented\nudp bind: x\n')]).toEqual([
      ['secret', 'file of memory: Function not implemented'],
      ['udp', 'bind: x'],
    ]);
  });
});
