import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Schema, schemaErrors } from '../test/json_schema.ts';
import { emptyReport, sampleReport, WAIT } from '../test/sample_report.ts';

const schema = JSON.parse(
  readFileSync(new URL('../../../docs/report.schema.json', import.meta.url), 'utf8'),
) as Schema;

/** What JSON makes of it. */
const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('docs/report.schema.json', () => {
  it('describes a report, and every field of it', () => {
    expect(schemaErrors(schema, asJson(sampleReport()))).toEqual([]);
    expect(schemaErrors(schema, asJson(emptyReport()))).toEqual([]);
  });

  it('refuses what is none', () => {
    expect(schemaErrors(schema, asJson({ ...sampleReport(), schema: 'kcrash-report/2' }))).toHaveLength(1);
    expect(schemaErrors(schema, asJson({ ...sampleReport(), surprise: 1 }))).toEqual([
      ': surprise is not described',
    ]);
    expect(schemaErrors(schema, asJson({ ...sampleReport(), panic: undefined }))).toEqual([
      ': panic is missing',
    ]);
    const { task = expect.fail() } = WAIT.holder as { task?: unknown };
    expect(
      schemaErrors(
        schema,
        asJson({ ...sampleReport(), deadlocks: [[{ ...(task as object), address: '0x1' }]] }),
      ),
    ).toEqual(['/deadlocks/0/0/address: "0x1" does not match ^0x[0-9a-f]{16}$']);
  });

  it('is told in prose too, field by field', () => {
    const prose = readFileSync(new URL('../../../docs/report-schema.md', import.meta.url), 'utf8');
    for (const name of Object.keys(schema.properties ?? {})) expect(prose).toContain(`\`${name}\``);
  });
});
