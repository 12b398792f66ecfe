import { orNotDescribed, parseAddress, placeOf } from '@kcrash/report/explore/symbol_table';
import { jsonLine } from '@kcrash/report/json_text';
import { hexAddress } from '@kcrash/vmcore/bytes/address';
import type { Dump } from '@kcrash/vmcore/dump';
import type { Command } from 'commander';
import { dumpCommand } from '../dump_command.ts';
import { Failure } from '../failure.ts';
import { type DumpOptions, openDumpFile } from '../open_dump.ts';
import type { Io } from '../output.ts';
import { directMapping, type Hit, type Progress, searchMemory } from '../search_memory.ts';
import { bareAddress } from '../symbol_line.ts';

interface Options extends DumpOptions {
  readonly hex?: true;
  readonly pointer?: true;
  readonly most: number;
}

/** How a search ended. */
type End = 'complete' | 'most' | 'interrupted';

/** Exit status after Ctrl-C: 128 and the number of SIGINT. */
const INTERRUPTED = 130;
const MOST_HITS = 10_000;

/** `kcrash find DUMP PATTERN`: looks for a text or bytes in all memory that the dump holds. */
export function addFindCommand(program: Command, io: Io): void {
  dumpCommand(program, 'find', 'search all memory of the dump for a text or for bytes')
    .argument('<pattern>', 'a text')
    .option('-x, --hex', 'the pattern is bytes in hexadecimal: "de ad be ef" or deadbeef')
    .option('-p, --pointer', 'the pattern is an address or a symbol: find pointers to it')
    .option('-n, --most <number>', 'stop after so many', parseMost, MOST_HITS)
    .action(async (file: string, text: string, options: Options) => {
      if (options.hex && options.pointer) throw new Failure('-x and -p exclude each other', 'Choose one.', 2);
      const dump = openDumpFile(file, options);
      await search(dump, patternOf(dump, text, options), options, io);
    });
}

function parseMost(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new Failure(`${text} is no number of hits`, 'Give 1 or more.', 2);
}

function patternOf(dump: Dump, text: string, { hex, pointer }: Options): Uint8Array {
  if (pointer) {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(parseAddress(dump, text));
    return bytes;
  }
  const digits = text.replace(/\s+/g, '');
  const pattern = hex ? Buffer.from(digits, 'hex') : Buffer.from(text);
  const isHex = /^([\da-f]{2})+$/i.test(digits);
  if (pattern.length > 0 && pattern.length <= dump.physical.pageSize && (!hex || isHex)) return pattern;
  throw new Failure(
    hex && !isHex
      ? `“${text}” is no bytes in hexadecimal`
      : `A pattern of ${pattern.length} bytes cannot be searched`,
    `Give 1 to ${dump.physical.pageSize} bytes: "de ad be ef".`,
    2,
  );
}

async function search(dump: Dump, pattern: Uint8Array, options: Options, io: Io): Promise<void> {
  const { out, err } = io;
  const virtualOf = orNotDescribed(() => directMapping(dump)) ?? (() => undefined);
  const describe = (hit: Hit) => ({ ...hit, virtual: virtualOf(hit.physical) });
  const hits: ReturnType<typeof describe>[] = [];
  const meter = new Meter(err);
  let count = 0;
  const end = await run(searchMemory(dump.physical, pattern), options.most, meter, (found) => {
    count += 1;
    const hit = describe(found);
    if (options.json) hits.push(hit);
    else {
      meter.clear();
      out.line(hitText(dump, hit));
      // Seen at once, and not lost when the search is stopped.
      out.flush();
    }
  });
  meter.clear();
  if (options.json) out.write(jsonLine({ hits: hits.map(hitJson), end }));
  else if (end === 'most') err.line(`kcrash: stopped after ${count} hits; -n ${count * 10} finds more`);
  if (end === 'interrupted') {
    err.line(`kcrash: stopped by Ctrl-C after ${count} hits, ${meter.percent} % of the dump was searched`);
    io.status = INTERRUPTED;
  } else if (count === 0) {
    io.status = 1;
    if (!options.json) err.line('kcrash: not found in the memory that the dump holds');
  }
}

/** Runs a search in steps, so that signals are seen between them. */
async function run(
  steps: Generator<Hit | Progress>,
  most: number,
  meter: Meter,
  take: (hit: Hit) => void,
): Promise<End> {
  let stopped = false;
  const stop = () => {
    stopped = true;
  };
  process.on('SIGINT', stop);
  try {
    let count = 0;
    for (const step of steps) {
      if ('physical' in step) {
        take(step);
        count += 1;
        if (count === most) return 'most';
        continue;
      }
      meter.show(step);
      await new Promise(setImmediate);
      if (stopped) return 'interrupted';
    }
    return 'complete';
  } finally {
    process.off('SIGINT', stop);
  }
}

/** How far the search has come, on a terminal. */
class Meter {
  percent = 0;
  readonly #err: Io['err'];
  #shown = -1;

  constructor(err: Io['err']) {
    this.#err = err;
  }

  show({ frame, frameLimit, pages }: Progress): void {
    this.percent = Math.floor((frame * 100) / frameLimit);
    if (this.percent === this.#shown || !this.#err.isTerminal) return;
    this.#shown = this.percent;
    this.#err.write(`\r${String(this.percent).padStart(3)} % searched, ${pages} pages; Ctrl-C stops`);
    this.#err.flush();
  }

  clear(): void {
    if (this.#shown < 0) return;
    this.#shown = -1;
    this.#err.write('\r\x1b[K');
    this.#err.flush();
  }
}

type Described = Hit & { readonly virtual: bigint | undefined };

function hitText(dump: Dump, { physical, virtual, context, before }: Described): string {
  const place = virtual === undefined ? undefined : placeOf(dump, virtual);
  const text = Array.from(context, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.'));
  const address = virtual === undefined ? 'not in the direct map' : bareAddress(virtual);
  const shown = `${text.slice(0, before).join('')}«${text.slice(before).join('')}`;
  return `${address}  physical ${physical.toString(16).padStart(12)}  ${shown}${place === undefined ? '' : `  ${place}`}`;
}

function hitJson({ physical, virtual, context, before }: Described) {
  return {
    physical: hexAddress(BigInt(physical)),
    virtual: virtual === undefined ? null : hexAddress(virtual),
    before: Buffer.from(context.subarray(0, before)).toString('hex'),
    found: Buffer.from(context.subarray(before)).toString('hex'),
  };
}
