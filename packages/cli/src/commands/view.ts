import { spawn } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { FileSource } from '@kcrash/vmcore/bytes/file_source.node';
import { type Command, InvalidArgumentError } from 'commander';
import { Failure } from '../failure.ts';
import type { Io } from '../output.ts';
import { serveView, type ViewServer } from '../view_server.ts';

interface Options {
  readonly with?: readonly string[];
  readonly port: number;
  readonly open: boolean;
}

/** `kcrash view DUMP`: the page with the dump, on this machine alone, until Ctrl-C. */
export function addViewCommand(program: Command, { out }: Io): void {
  program
    .command('view')
    .description('look at a dump in a browser; it is served to this machine alone, until Ctrl-C')
    .argument('<dump>', 'a vmcore, a kdump file, or a memory dump of a virtual machine')
    .option('--with <file>', 'a further file of a split dump; may be repeated', append)
    .option('--port <number>', 'the port to listen on; any free one when not given', portNumber, 0)
    .option('--no-open', 'print the address and start no browser')
    .action(async (file: string, { with: further = [], port, open }: Options) => {
      const files = [file, ...further].map((path) => ({
        name: basename(path),
        source: new FileSource(path),
      }));
      const server = await start(files, port);
      out.line(`${server.url}`);
      out.flush();
      if (open) startBrowser(server.ticketUrl);
      await new Promise<void>((stopped) => process.once('SIGINT', () => stopped()));
      await server.close();
    });
}

async function start(files: Parameters<typeof serveView>[1], port: number): Promise<ViewServer> {
  try {
    return await serveView(pageFolder(), files, port);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    throw new Failure(`Port ${port} is in use`, 'Leave out --port, or give another one.');
  }
}

/** The page lies beside the program: dist/viewer, for dist/cli/kcrash.cjs as for the sources. */
function pageFolder(): string {
  const program = dirname(realpathSync(process.argv[1] ?? '.'));
  const places = [join(program, '../viewer'), join(program, '../../../dist/viewer')];
  const found = places.find((place) => existsSync(join(place, 'index.html')));
  if (found !== undefined) return found;
  throw new Failure(`The page is not at ${places[0]}`, 'npm run build makes it; keep it beside the program.');
}

/** Starts the desktop's browser, where there is a desktop. The address is on the terminal in any case. */
function startBrowser(url: string): void {
  if (process.env.DISPLAY === undefined && process.env.WAYLAND_DISPLAY === undefined) return;
  const browser = spawn('xdg-open', [url], { stdio: 'ignore', detached: true });
  browser.on('error', () => {});
  browser.unref();
}

function append(file: string, files: readonly string[] = []): string[] {
  return [...files, file];
}

function portNumber(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 0 && number < 65_536) return number;
  throw new InvalidArgumentError('wanted a port, 1 to 65535');
}
