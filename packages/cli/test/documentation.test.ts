import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { beforeAll, describe, expect, it } from 'vitest';
import { completionScript, SHELLS } from '../src/completion.ts';
import { EXIT_STATUS, manPage } from '../src/man_page.ts';
import { Output } from '../src/output.ts';
import { wholeProgram } from '../src/program.ts';

let program: Command;

beforeAll(async () => {
  program = await wholeProgram({ out: new Output(1), err: new Output(2), status: 0 });
});

function document(name: string): string {
  return readFileSync(new URL(`../../../docs/${name}`, import.meta.url), 'utf8');
}

function bash(script: string, ...words: string[]): string[] {
  const complete = `COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _kcrash`;
  const { stdout, stderr } = spawnSync(
    'bash',
    ['-c', `${script}\n${complete}\nprintf '%s\\n' "\${COMPREPLY[@]}"`],
    {
      encoding: 'utf8',
    },
  );
  // compopt speaks up outside of a completion.
  expect(stderr.replace(/.*compopt: not currently executing.*\n/, '')).toBe('');
  return stdout.split('\n').filter(Boolean);
}

describe('the man page', () => {
  it('is what the commands say: npm run man -w @kcrash/cli writes it', () => {
    expect(document('kcrash.1')).toBe(manPage(program));
  });

  it('has no line that roff takes for a request of its own', () => {
    const known = /^\.(\\"|TH|SH|SS|TP|PP|B|I|BR|br)( |$)/;
    for (const line of manPage(program)
      .split('\n')
      .filter((text) => /^[.']/.test(text)))
      expect(line).toMatch(known);
  });
});

describe('docs/cli.md', () => {
  it('tells of every command, option and exit status', () => {
    const text = document('cli.md');
    for (const command of program.commands) {
      const [, section = ''] = text.split(`\n### ${command.name()}\n`);
      expect(section, command.name()).not.toBe('');
      const own = section.split('\n### ')[0] ?? '';
      for (const { long } of command.options) {
        if (long !== '--with' && long !== '--json') expect(own, command.name()).toContain(long);
      }
      if (command.options.some(({ long }) => long === '--json'))
        expect(own, command.name()).toContain('JSON');
    }
    for (const [status] of EXIT_STATUS) expect(text).toContain(`| ${status}`);
  });
});

describe('completion', () => {
  it('in bash knows commands, options and shells', () => {
    const script = completionScript(program, 'bash');
    expect(bash(script, 'kcrash', 'b')).toEqual(['bt']);
    expect(bash(script, 'kcrash', 'bt', '--a')).toEqual(['--active']);
    expect(bash(script, 'kcrash', 'completion', '')).toEqual([...SHELLS]);
  });

  it.each(SHELLS)('in %s has every command and every option', (shell) => {
    const script = completionScript(program, shell);
    for (const command of program.commands) {
      expect(script).toContain(command.name());
      for (const { long = '' } of command.options) expect(script).toContain(long.replace(/^--/, ''));
    }
  });
});
