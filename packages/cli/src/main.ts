#!/usr/bin/env node
import { Output } from './output.ts';
import { run } from './run.ts';

// Not awaited: the build makes this a CommonJS file, which knows no await at its top.
void run(process.argv.slice(2), { out: new Output(1), err: new Output(2), status: 0 }).then((status) => {
  process.exitCode = status;
});
