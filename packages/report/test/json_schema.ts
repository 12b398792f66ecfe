/** A JSON Schema, as far as docs/report.schema.json uses the language. */
export interface Schema {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly pattern?: string;
  readonly items?: Schema;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
}

/** Words of the schema language that say nothing of what is valid. */
const NOTES = ['$schema', '$defs', 'title', 'description'];
const KNOWN = [
  ...NOTES,
  '$ref',
  'type',
  'const',
  'enum',
  'anyOf',
  'pattern',
  'items',
  'required',
  'properties',
  'additionalProperties',
];

/**
 * What of a value breaks a schema, a line each with the place. Stricter than the language where an object has its
 * properties listed: others are errors too, so that nothing goes undescribed.
 */
export function schemaErrors(root: Schema, value: unknown): string[] {
  return errorsOf(root, root, value, '');
}

function errorsOf(root: Schema, schema: Schema, value: unknown, at: string): string[] {
  const unknown = Object.keys(schema).filter((word) => !KNOWN.includes(word));
  if (unknown.length > 0) throw new Error(`This validator does not know ${unknown}`);
  if (schema.$ref !== undefined) {
    const target = root.$defs?.[schema.$ref.replace('#/$defs/', '')];
    return target === undefined ? [`${at}: no ${schema.$ref}`] : errorsOf(root, target, value, at);
  }
  if (schema.anyOf !== undefined) {
    const tries = schema.anyOf.map((each) => errorsOf(root, each, value, at));
    return tries.some((errors) => errors.length === 0) ? [] : tries.flat();
  }
  const errors: string[] = [];
  const types = schema.type === undefined ? [] : [schema.type].flat();
  if (types.length > 0 && !types.some((type) => isA(type, value)))
    errors.push(`${at}: ${show(value)} is no ${types}`);
  if ('const' in schema && schema.const !== value)
    errors.push(`${at}: ${show(value)} is not ${show(schema.const)}`);
  if (schema.enum !== undefined && !schema.enum.includes(value))
    errors.push(`${at}: ${show(value)} is none of them`);
  if (schema.pattern !== undefined && typeof value === 'string' && !new RegExp(schema.pattern).test(value))
    errors.push(`${at}: ${show(value)} does not match ${schema.pattern}`);
  if (Array.isArray(value) && schema.items !== undefined) {
    const { items } = schema;
    errors.push(...value.flatMap((item, n) => errorsOf(root, items, item, `${at}/${n}`)));
  }
  if (isA('object', value)) errors.push(...memberErrors(root, schema, value as Record<string, unknown>, at));
  return errors;
}

function memberErrors(root: Schema, schema: Schema, value: Record<string, unknown>, at: string): string[] {
  const { required = [], properties = {}, additionalProperties } = schema;
  const missing = required.filter((name) => !(name in value)).map((name) => `${at}: ${name} is missing`);
  const wrong = Object.entries(value).flatMap(([name, member]) => {
    const of = properties[name] ?? additionalProperties;
    return of === undefined
      ? [`${at}: ${name} is not described`]
      : errorsOf(root, of, member, `${at}/${name}`);
  });
  return [...missing, ...wrong];
}

function isA(type: string, value: unknown): boolean {
  switch (type) {
    case 'null':
      return value === null;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    case 'integer':
      return Number.isInteger(value);
    default:
      return typeof value === type && !(type === 'number' && !Number.isFinite(value));
  }
}

function show(value: unknown): string {
  return JSON.stringify(value)?.slice(0, 80) ?? 'undefined';
}
