import type { VirtualAddress } from '@kcrash/vmcore/bytes/address';
import { DumpError } from '@kcrash/vmcore/bytes/errors';
import type { TypeId } from '@kcrash/vmcore/describe/btf_type';
import { compileReader, type Field, field } from '@kcrash/vmcore/describe/type_reader';
import { byteArrayLength, numberLayout } from '@kcrash/vmcore/describe/type_value';
import type { Types } from '@kcrash/vmcore/describe/types';
import type { Dump } from '@kcrash/vmcore/dump';
import { stackOf, type TaskStack } from '@kcrash/vmcore/kernel/stacks';
import { readTasks, type Task } from '@kcrash/vmcore/kernel/tasks';
import type { SurveyedObject, SurveyedValues } from './survey.ts';

/** A task by the product's word. */
export interface OurTask {
  readonly task: Task;
  readonly stack: TaskStack;
  /** In the order of the objects that are compared. */
  readonly objects: readonly SurveyedValues[];
}

/** What a task has, by the members that point to it: all their scalar members are compared. */
const OBJECTS: readonly (readonly [pointer: string | null, type: string])[] = [
  [null, 'task_struct'],
  ['real_parent', 'task_struct'],
  ['real_cred', 'cred'],
  ['mm', 'mm_struct'],
  ['signal', 'signal_struct'],
  ['sighand', 'sighand_struct'],
  ['fs', 'fs_struct'],
  ['files', 'files_struct'],
  ['nsproxy', 'nsproxy'],
  ['thread_pid', 'pid'],
];

/** Arrays of scalars are compared up to this many elements; longer ones are tables and stores. */
const MOST_ELEMENTS = 8;

/** The objects that are compared, with every scalar member that this kernel's have. */
export function comparedObjects(types: Types): SurveyedObject[] {
  return OBJECTS.map(([pointer, type]) => ({
    name: pointer === null ? type : `${pointer}: ${type}`,
    pointer,
    type,
    paths: scalarPaths(types, types.id(`struct ${type}`)),
  }));
}

function scalarPaths(types: Types, id: TypeId, prefix = ''): string[] {
  return [...types.members(id)].flatMap(([name, place]) => {
    const path = `${prefix}${name}`;
    if (numberLayout(types.btf, place) || byteArrayLength(types.btf, place)) return [path];
    const type = types.resolve(place.type);
    if (type.kind === 'struct' || type.kind === 'union') return scalarPaths(types, place.type, `${path}.`);
    if (type.kind !== 'array' || type.length > MOST_ELEMENTS) return [];
    return Array.from({ length: type.length }, (_, n) => `${path}[${n}]`).filter((each) =>
      numberLayout(types.btf, types.place(id, each.slice(prefix.length))),
    );
  });
}

/** Every task of a dump with its stack and the values of its objects, read by the product's own readers. */
export function ourTasks(dump: Dump, objects: readonly SurveyedObject[]): OurTask[] {
  const readers = objects.map((object) => objectReader(dump, object));
  return readTasks(dump).tasks.map((task) => ({
    task,
    stack: stackOf(dump, task),
    objects: readers.map((read) => read(task.address)),
  }));
}

function objectReader(
  dump: Dump,
  { pointer, type, paths }: SurveyedObject,
): (task: VirtualAddress) => SurveyedValues {
  const { types, memory } = dump;
  const spec: Record<string, Field<bigint | string>> = {};
  for (const path of paths) {
    const isText = byteArrayLength(types.btf, types.place(type, path)) !== undefined;
    spec[path] = isText ? field.text(path) : field.big(path);
  }
  const read = compileReader(types, type, spec);
  const follow =
    pointer === null ? null : compileReader(types, 'task_struct', { at: field.pointer(pointer) });
  return (task) => {
    try {
      const at = follow === null ? task : follow(memory, task).at;
      if (at === 0n) return { values: null, failure: null };
      const found = read(memory, at);
      return { values: paths.map((path) => String(found[path])), failure: null };
    } catch (error) {
      if (error instanceof DumpError) return { values: null, failure: error.message };
      throw error;
    }
  };
}
