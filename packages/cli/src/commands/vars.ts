import { type CType, evaluate, typeText, type Value, wholeOf } from '@kcrash/report/explore/evaluate';
import { parseExpression } from '@kcrash/report/explore/expression';
import { placeOf } from '@kcrash/report/explore/symbol_table';
import { jsonLine } from '@kcrash/report/json_text';
import { addTo, hexAddress } from '@kcrash/vmcore/bytes/address';
import { fieldText } from '@kcrash/vmcore/bytes/text';
import { formatPlace } from '@kcrash/vmcore/describe/type_format';
import { resolveType, sizeOfType } from '@kcrash/vmcore/describe/type_layout';
import type { Dump } from '@kcrash/vmcore/dump';
import type { Command } from 'commander';
import { dumpCommand } from '../dump_command.ts';
import { type DumpOptions, openDumpFile } from '../open_dump.ts';
import type { Io } from '../output.ts';
import { printableLines } from '../printable.ts';
import { valueJson } from '../value.ts';

const MOST_TEXT = 4096;
const MOST_ELEMENTS = 256;

/** `kcrash vars DUMP EXPRESSION…`: variables of the kernel, followed as in C. */
export function addVarsCommand(program: Command, { out }: Io): void {
  dumpCommand(program, 'vars', 'print variables of the kernel')
    .argument('<expressions...>', 'as in C: init_uts_ns.name.release, init_task.parent->comm, *init_task.mm')
    .action((file: string, expressions: string[], options: DumpOptions) => {
      const dump = openDumpFile(file, options);
      const answers = expressions.flatMap((text) =>
        evaluate(dump, parseExpression(text)).map((answer) => ({ text, ...answer })),
      );
      if (options.json) {
        out.write(
          jsonLine({
            values: answers.map(({ text, cpu, value }) => ({
              expression: text,
              cpu,
              ...toJson(dump, value),
            })),
          }),
        );
        return;
      }
      for (const { text, cpu, value } of answers) {
        out.line(
          `${cpu === undefined ? '' : `[CPU ${cpu}] `}${text} = ${printableLines(valueText(dump, value))}`,
        );
      }
    });
}

function valueText(dump: Dump, value: Value): string {
  if (value.kind === 'pointer') return pointerText(dump, value.value);
  const { type, address, place } = value;
  if (type.length !== undefined) return arrayText(dump, value);
  const symbol = (pointer: bigint) => placeOf(dump, pointer);
  const printed =
    type.stars > 0
      ? pointerText(dump, dump.memory.pointer(address))
      : formatPlace(dump.types, dump.memory, place, address, { symbol }).trimEnd();
  const text = textBehind(dump, value);
  return text === undefined ? printed : `${printed} ${JSON.stringify(text)}`;
}

function pointerText(dump: Dump, value: bigint): string {
  if (value === 0n) return 'NULL';
  const place = placeOf(dump, value);
  return place === undefined ? hexAddress(value) : `${hexAddress(value)} /* ${place} */`;
}

/** A pointer to `char` is a text, most often. */
function textBehind(dump: Dump, value: Value & { kind: 'object' }): string | undefined {
  const { btf } = dump.types;
  const { stars, id } = value.type;
  const { type } = resolveType(btf, id);
  const target = stars === 1 ? type : type.kind === 'ptr' ? resolveType(btf, type.type).type : undefined;
  if (stars > 1 || target?.kind !== 'int' || target.name !== 'char') return undefined;
  const pointer = dump.memory.pointer(addTo(value.address, value.place.bitOffset / 8));
  return pointer === 0n || dump.memory.tryRead(pointer, 1) === undefined
    ? undefined
    : dump.memory.cString(pointer, MOST_TEXT);
}

function isText(dump: Dump, { id, stars }: CType): boolean {
  const { type } = resolveType(dump.types.btf, id);
  return stars === 0 && type.kind === 'int' && type.name === 'char';
}

/** The elements of an array that BTF has no type for. */
function elements(dump: Dump, value: Value & { kind: 'object' }): Value[] {
  const type = { ...value.type, length: undefined };
  const size = type.stars > 0 ? 8 : sizeOfType(dump.types.btf, type.id);
  return Array.from({ length: Math.min(value.type.length ?? 0, MOST_ELEMENTS) }, (_, n) => ({
    kind: 'object',
    type,
    place: wholeOf(type.id),
    address: addTo(value.address, n * size),
  }));
}

function arrayText(dump: Dump, value: Value & { kind: 'object' }): string {
  if (isText(dump, value.type)) return JSON.stringify(charArray(dump, value));
  const lines = elements(dump, value).map((element, n) => `    [${n}] = ${valueText(dump, element)},`);
  return `{\n${lines.join('\n')}\n}`;
}

function charArray(dump: Dump, { address, type }: Value & { kind: 'object' }): string {
  return fieldText(dump.memory.read(address, Math.min(type.length ?? 0, MOST_TEXT)));
}

function toJson(dump: Dump, value: Value) {
  const type = typeText(dump, value.type);
  if (value.kind === 'pointer') return { address: null, type, value: hexAddress(value.value) };
  const address = hexAddress(addTo(value.address, Math.floor(value.place.bitOffset / 8)));
  return { address, type, value: objectJson(dump, value) };
}

function objectJson(dump: Dump, value: Value & { kind: 'object' }): unknown {
  if (value.type.length !== undefined) {
    if (isText(dump, value.type)) return charArray(dump, value);
    return elements(dump, value).map((element) =>
      element.kind === 'object' ? objectJson(dump, element) : null,
    );
  }
  if (value.type.stars > 0) return hexAddress(dump.memory.pointer(value.address));
  return valueJson(dump.types, dump.memory, value.place, value.address);
}
