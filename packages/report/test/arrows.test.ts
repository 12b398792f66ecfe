import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

/** What each package may know: viewer, cli, agent → report → vmcore. */
const MAY_KNOW: Readonly<Record<string, readonly string[]>> = {
  vmcore: [],
  report: ['vmcore'],
  agent: ['report', 'vmcore'],
  cli: ['report', 'vmcore'],
  viewer: ['report', 'vmcore'],
};
const PACKAGES = fileURLToPath(new URL('../..', import.meta.url));
const IMPORT = /(?:\bfrom|\bimport|\bimport\s*\()\s*['"]([^'"]+)['"]/g;

/** Sources of a package, without its tests: those may borrow each other's writers. */
function sources(name: string): string[] {
  const folder = join(PACKAGES, name, 'src');
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.tsx?$/.test(path) && !/\.test\.ts$/.test(path))
    .map((path) => join(folder, path));
}

/** The package that an import leads to; undefined for one that stays where it is, and for others' packages. */
function target(file: string, specifier: string): string | undefined {
  const named = /^@kcrash\/([^/]+)/.exec(specifier)?.[1];
  if (named !== undefined) return named;
  if (!specifier.startsWith('.')) return undefined;
  return relative(PACKAGES, join(file, '..', specifier)).split(sep)[0];
}

function known(name: string): Set<string> {
  const found = new Set<string>();
  for (const file of sources(name)) {
    for (const [, specifier = ''] of readFileSync(file, 'utf8').matchAll(IMPORT)) {
      const other = target(file, specifier);
      if (other !== undefined && other !== name) found.add(other);
    }
  }
  return found;
}

describe('arrows between packages point one way', () => {
  it('of every package that there is', () => {
    expect(readdirSync(PACKAGES).sort()).toEqual(Object.keys(MAY_KNOW).sort());
  });

  for (const [name, others] of Object.entries(MAY_KNOW)) {
    it(`${name} → ${others.join(', ') || 'nothing'}`, () => {
      expect([...known(name)].sort()).toEqual(others);
      const { dependencies = {} } = JSON.parse(
        readFileSync(join(PACKAGES, name, 'package.json'), 'utf8'),
      ) as {
        dependencies?: Record<string, string>;
      };
      const ours = Object.keys(dependencies).flatMap((key) => /^@kcrash\/(.*)/.exec(key)?.[1] ?? []);
      expect(ours.sort()).toEqual(others);
    });
  }
});
