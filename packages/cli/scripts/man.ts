// `npm run man -w @kcrash/cli`: writes docs/kcrash.1 from the definition of the commands.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { manPage } from '../src/man_page.ts';
import { Output } from '../src/output.ts';
import { wholeProgram } from '../src/program.ts';

const program = await wholeProgram({ out: new Output(1), err: new Output(2), status: 0 });
writeFileSync(fileURLToPath(new URL('../../../docs/kcrash.1', import.meta.url)), manPage(program));
