import { describe, expect, test } from 'vitest';
import { refereeSection, withSection } from './markdown.ts';

describe('the document of what the referees say', () => {
  test('a section has each row, what was compared, and what is behind it', () => {
    const rows = [
      {
        check: 'kcrash: ps',
        dump: 'd',
        tool: 'drgn 1',
        outcome: 'pass',
        differences: [],
        notes: ['compared: 3 tasks'],
      },
      {
        check: 'bt',
        dump: 'd',
        tool: 'crash 8',
        outcome: 'cannot',
        differences: ['a|b'],
        notes: ['known: old', 'at /a/b/c/vmlinux-6.1 in /proc/mounts'],
      },
    ] as const;
    const text = refereeSection({ args: ['/elsewhere/d', '--quick'], rows }, 'today');
    expect(text).toContain('`npm run lab -- referee d --quick`: today.');
    expect(text).toContain('| kcrash: ps | drgn 1 | pass | 3 tasks |');
    expect(text).toContain(
      '| bt | crash 8 | the tool fails |  |\n\n- bt, crash 8: **a\\|b**\n- bt, crash 8: known: old\n- bt, crash 8: at vmlinux-6.1 in /proc/mounts',
    );
  });

  test('it takes the place of the one before it, and nothing else changes', () => {
    const document = '# R\n\nwords\n\n## a\n\nold\n\n## b\n\nother\n';
    expect(withSection(document, 'a', 'new')).toBe('# R\n\nwords\n\n## a\n\nnew\n\n## b\n\nother\n');
    expect(withSection(document, 'b', 'new')).toBe('# R\n\nwords\n\n## a\n\nold\n\n## b\n\nnew\n');
    expect(withSection(document, 'c', 'new')).toBe(`${document}\n## c\n\nnew\n`);
  });
});
