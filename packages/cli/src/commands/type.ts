import { wholeOf } from '@kcrash/report/explore/evaluate';
import { orNotDescribed, parseAddress, placeOf } from '@kcrash/report/explore/symbol_table';
import { jsonLine } from '@kcrash/report/json_text';
import { hexAddress } from '@kcrash/vmcore/bytes/address';
import type { BtfType, TypeId } from '@kcrash/vmcore/describe/btf_type';
import { declare, layoutText } from '@kcrash/vmcore/describe/type_declaration';
import { formatPlace } from '@kcrash/vmcore/describe/type_format';
import { type Place, resolveType, sizeOfType } from '@kcrash/vmcore/describe/type_layout';
import type { Types } from '@kcrash/vmcore/describe/types';
import type { Dump } from '@kcrash/vmcore/dump';
import type { Command } from 'commander';
import { dumpCommand } from '../dump_command.ts';
import { Failure } from '../failure.ts';
import { type DumpOptions, openDumpFile } from '../open_dump.ts';
import type { Io } from '../output.ts';
import { printableLines } from '../printable.ts';
import { valueJson } from '../value.ts';

interface Options extends DumpOptions {
  readonly module?: string;
}

/** `kcrash type DUMP NAME [ADDRESS]`: a type's layout, or an object of the type. */
export function addTypeCommand(program: Command, { out }: Io): void {
  dumpCommand(program, 'type', 'print the layout of a type, or an object of that type')
    .argument('<name>', 'a type, or a member: task_struct, enum pageflags, pid_t, task_struct.se.vruntime')
    .argument('[address]', 'where an object of the type lies: an address or a symbol')
    .option('-m, --module <name>', 'look among the types of this module first')
    .action((file: string, name: string, address: string | undefined, options: Options) => {
      const dump = openDumpFile(file, options);
      const types = options.module === undefined ? dump.types : typesOfModule(dump, options.module);
      const { id, path } = findType(types, name);
      if (address !== undefined) {
        const at = parseAddress(dump, address);
        const place = path === '' ? wholeOf(id) : types.place(id, path);
        const value = options.json
          ? jsonLine({ name, address: hexAddress(at), value: valueJson(types, dump.memory, place, at) })
          : printableLines(
              formatPlace(types, dump.memory, place, at, { symbol: (pointer) => placeOf(dump, pointer) }),
            );
        out.write(value);
        return;
      }
      if (options.json) out.write(jsonLine(path === '' ? typeJson(types, id) : memberJson(types, id, path)));
      else if (path !== '') out.line(memberText(types, id, path));
      else {
        const others = sameName(types, id);
        for (const [n, other] of [id, ...others].entries()) {
          if (n > 0) out.line(`\n/* another type of this name, number ${other} of the kernel's BTF */`);
          out.write(layoutText(types.btf, other));
        }
      }
    });
}

function typesOfModule(dump: Dump, name: string): Types {
  const module = dump.loadedModules.modules.find((candidate) => candidate.name === name);
  if (module === undefined)
    throw new Failure(`No module ${name} was loaded`, 'kcrash mod lists those that were.');
  const types = dump.description.moduleTypes(module);
  if (types !== undefined) return types;
  throw new Failure(`The module ${name} brought no types that can be read`, 'Leave out --module.');
}

/** A type by its name, and the path of a member behind the first dot. Functions and variables have types too. */
function findType(types: Types, name: string): { id: TypeId; path: string } {
  const dot = name.search(/[.[]/);
  const plain = dot < 0 ? name : name.slice(0, dot);
  const path = dot < 0 ? '' : name.slice(dot).replace(/^\./, '');
  const id = types.findId(plain) ?? types.btf.find(['func', 'var', 'fwd'], plain);
  if (id !== undefined) return { id, path };
  throw new Failure(
    `The kernel's BTF has no type ${plain}`,
    'Types of modules need --module NAME; kcrash repl completes names.',
  );
}

/** A kernel may have several structs of one tag, each of a file of its own. */
function sameName(types: Types, id: TypeId): TypeId[] {
  const type = types.btf.type(id);
  if (type.kind !== 'struct' && type.kind !== 'union' && type.kind !== 'enum') return [];
  return types.btf.findAll(type.kind, type.name).filter((other) => other !== id);
}

function memberText(types: Types, id: TypeId, path: string): string {
  const { type, bitOffset, bitSize } = types.place(id, path);
  const text = declare(types.btf, type, path);
  const place =
    bitSize === 0
      ? `${bitOffset / 8} ${sizeOf(types, type) ?? '?'}`
      : `${Math.floor(bitOffset / 8)}:${bitOffset % 8} ${bitSize} bits`;
  return `${text}${bitSize === 0 ? '' : `:${bitSize}`};  /* ${types.nameOf(id)}: ${place} */`;
}

function sizeOf(types: Types, type: TypeId): number | undefined {
  return orNotDescribed(() => sizeOfType(types.btf, type));
}

function memberJson(types: Types, id: TypeId, path: string) {
  const place = types.place(id, path);
  return { of: types.nameOf(id), member: path, ...placeJson(types, place) };
}

function placeJson(types: Types, { type, bitOffset, bitSize }: Place) {
  return {
    type: declare(types.btf, type),
    offset: Math.floor(bitOffset / 8),
    size: sizeOf(types, type),
    bitOffset: bitSize === 0 ? null : bitOffset % 8,
    bitSize: bitSize === 0 ? null : bitSize,
  };
}

function typeJson(types: Types, id: TypeId) {
  const named = types.btf.type(id);
  const { type } = resolveType(types.btf, id);
  return {
    name: types.nameOf(id),
    kind: named.kind,
    declaration: declare(types.btf, named.kind === 'typedef' ? named.type : id),
    size: sizeOf(types, id),
    members: membersJson(types, type),
    enumerators:
      type.kind === 'enum' ? type.values.map(({ name, value }) => ({ name, value: value.toString() })) : null,
  };
}

/** The members as C declares them; anonymous ones have their own members inside. */
function membersJson(types: Types, type: BtfType, base = 0, depth = 0): unknown[] | null {
  if (type.kind !== 'struct' && type.kind !== 'union') return null;
  return type.members.map((member) => {
    const place = { type: member.type, bitOffset: base + member.bitOffset, bitSize: member.bitSize };
    const inner = resolveType(types.btf, member.type).type;
    const untagged = (inner.kind === 'struct' || inner.kind === 'union') && inner.name === '';
    return {
      name: member.name === '' ? null : member.name,
      ...placeJson(types, place),
      members: untagged && depth < MOST_DEPTH ? membersJson(types, inner, place.bitOffset, depth + 1) : null,
    };
  });
}

const MOST_DEPTH = 32;
