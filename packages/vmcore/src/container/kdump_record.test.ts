import { expect, it } from 'vitest';
import { TIERS } from '../pages/page_class.ts';
import { readRecord, recordNote, whatWasCut } from './kdump_record.ts';

it('tells of every tier that there is what was left out of it', () => {
  const tiers = TIERS.map((name) => ({ name, pages: 9, written: 2, missing: 0, cut: 7 }));
  const record = readRecord([recordNote({ writer: 'kcrash 1', budgetBytes: 1024, tiers, more: [] })]);
  expect(record?.tiers).toEqual(tiers);
  for (const name of TIERS) expect(record && whatWasCut(record)).toContain(`7 of 9 pages of tier ${name}`);
});
