// Type-checks every tsconfig of the workspace. TypeScript's build mode would want emitted declarations,
// which nothing here needs.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';

const projects = readdirSync('.', { recursive: true, encoding: 'utf8' })
  .filter((path) => /(^|\/)tsconfig(\.test)?\.json$/.test(path) && !path.includes('node_modules'))
  .sort();
let failed = 0;
for (const project of projects) {
  const { status } = spawnSync('node_modules/.bin/tsc', ['-p', project], { stdio: 'inherit' });
  if (status !== 0) failed += 1;
}
console.log(`types: ${projects.length} projects, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
