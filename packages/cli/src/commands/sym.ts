import { QuestionError } from '@kcrash/report/explore/question_error';
import {
  allSymbols,
  type ListedSymbol,
  parseAddress,
  symbolAt,
  symbolsNamed,
} from '@kcrash/report/explore/symbol_table';
import { jsonLine } from '@kcrash/report/json_text';
import { hexAddress, virtualAddress } from '@kcrash/vmcore/bytes/address';
import type { Dump } from '@kcrash/vmcore/dump';
import type { Command } from 'commander';
import { advise } from '../advice.ts';
import { dumpCommand } from '../dump_command.ts';
import { Failure } from '../failure.ts';
import { type DumpOptions, openDumpFile } from '../open_dump.ts';
import type { Io } from '../output.ts';
import { symbolLine } from '../symbol_line.ts';

interface Options extends DumpOptions {
  readonly list?: true;
  readonly query?: string;
}

/** A symbol that was found, and how far behind its start the address lies that was asked for. */
interface Found {
  readonly asked: string;
  readonly symbol: ListedSymbol;
  readonly offset: number;
  /** Undefined for a symbol found by name. */
  readonly size: number | undefined;
}

/** `kcrash sym DUMP ADDRESS|NAME…`: translates symbols to addresses and back. */
export function addSymCommand(program: Command, io: Io): void {
  const { out, err } = io;
  dumpCommand(program, 'sym', 'translate a symbol to its address, or an address to its symbol')
    .argument('[symbols...]', 'names (module:name for one module’s), or hexadecimal addresses')
    .option('-l, --list', 'list all symbols')
    .option('-q, --query <text>', 'list the symbols whose names contain a text')
    .action((file: string, asked: string[], options: Options) => {
      const dump = openDumpFile(file, options);
      const wantsList = options.list === true || options.query !== undefined;
      if (asked.length === 0 && !wantsList) {
        throw new Failure('sym wants a symbol or an address', 'kcrash sym DUMP -l lists all.', 2);
      }
      const missing: string[] = [];
      const found = asked.flatMap((text) => findOr(dump, text, missing));
      const all = wantsList ? listed(dump, options.query ?? '') : [];
      if (options.json) out.write(jsonLine({ symbols: [...found, ...all].map(toJson) }));
      else {
        for (const { symbol, offset } of found) out.line(symbolLine(symbol, offset));
        for (const { symbol } of all) out.line(symbolLine(symbol));
      }
      if (found.length === 0 && wantsList && all.length === 0) {
        throw new Failure(`No symbol contains “${options.query}”`, 'kcrash sym DUMP -l lists all.');
      }
      if (missing.length === 0) return;
      for (const why of missing) err.line(`kcrash: ${why}`);
      io.status = 1;
    });
}

/** What one word cannot be found for costs the others nothing. */
function findOr(dump: Dump, text: string, missing: string[]): Found[] {
  try {
    return find(dump, text);
  } catch (error) {
    if (error instanceof Failure) missing.push(error.message);
    else if (error instanceof QuestionError) missing.push(advise(error));
    else throw error;
    return [];
  }
}

function find(dump: Dump, asked: string): Found[] {
  const named = symbolsNamed(dump, asked);
  if (named.length > 0 && !/^0x/i.test(asked)) {
    return named.map((symbol) => ({ asked, symbol, offset: 0, size: undefined }));
  }
  const address = parseAddress(dump, asked);
  const symbol = symbolAt(dump, address);
  if (symbol === undefined) {
    throw new Failure(
      `No symbol holds the address ${hexAddress(address)}`,
      'Symbols are those of the kernel and its modules; kcrash sym DUMP -l lists them.',
    );
  }
  return [{ asked, symbol, offset: symbol.offset, size: symbol.size }];
}

function listed(dump: Dump, query: string): Found[] {
  const found: Found[] = [];
  for (const symbol of allSymbols(dump)) {
    if (symbol.name.includes(query)) found.push({ asked: query, symbol, offset: 0, size: undefined });
  }
  return found;
}

function toJson({ asked, symbol, offset, size }: Found) {
  return {
    asked,
    name: symbol.name,
    address: hexAddress(virtualAddress(symbol.address)),
    offset,
    size,
    type: symbol.type,
    module: symbol.module,
    perCpu: symbol.perCpu,
  };
}
