import { bytesText, count } from '@kcrash/report/units';
import { useMemo } from 'preact/hooks';
import { useAsked } from '../parts/asked.ts';
import { matcherOf } from '../parts/matcher.ts';
import { SearchBox } from '../parts/search_box.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { visible } from '../parts/visible.ts';
import type { SlabRow } from '../protocol.ts';
import { route, routeHash } from '../route.ts';
import type { WorkerClient } from '../worker_client.ts';

const COLUMNS: readonly Column<SlabRow>[] = [
  {
    name: 'Cache',
    width: 'minmax(16ch, 1fr)',
    order: ({ name }) => name,
    cell: ({ name, address }) => (
      <a href={routeHash('value', `*(struct kmem_cache *)${address}`)}>{visible(name)}</a>
    ),
  },
  {
    name: 'Memory',
    width: '12ch',
    numeric: true,
    order: ({ bytes }) => bytes ?? -1,
    cell: ({ bytes }) => (bytes === null ? '?' : bytesText(bytes)),
  },
  {
    name: 'Objects',
    width: '11ch',
    numeric: true,
    wide: true,
    order: ({ objects }) => objects ?? -1,
    cell: ({ objects }) => objects ?? '?',
  },
  {
    name: 'In use',
    width: '11ch',
    numeric: true,
    order: ({ inUse }) => inUse ?? -1,
    cell: ({ inUse }) => inUse ?? '?',
  },
  {
    name: 'Object size',
    width: '12ch',
    numeric: true,
    wide: true,
    order: ({ objectBytes }) => objectBytes,
    cell: ({ objectBytes }) => objectBytes,
  },
];

/** Slab caches, the largest first. */
export function SlabView({ worker }: { worker: WorkerClient }) {
  const { q = '' } = route.value.options;
  const asked = useAsked(worker, 'slabs', []);
  const rows = useMemo(() => {
    const matcher = matcherOf(q);
    const all = asked.kind === 'answer' ? asked.value.caches : [];
    const found = matcher === undefined ? all : all.filter(({ name }) => matcher(name));
    return found.toSorted((a, b) => (b.bytes ?? 0) - (a.bytes ?? 0));
  }, [asked, q]);
  const total = rows.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0);
  return (
    <section class="fill">
      <div class="tools">
        <h1>Slab caches</h1>
        <SearchBox label="Search caches" />
        {asked.kind === 'answer' && (
          <span class="soft">
            {count(rows.length, 'cache')}, {bytesText(total)}
          </span>
        )}
      </div>
      {asked.kind === 'waiting' && <p class="soft">Reading slab caches…</p>}
      {asked.kind === 'refused' && <p class="soft">{visible(asked.message)}</p>}
      {asked.kind === 'answer' && (
        <>
          {asked.value.problems.map((text) => (
            <p key={text} class="soft">
              {visible(text)}
            </p>
          ))}
          <Table
            label="Slab caches"
            columns={COLUMNS}
            rows={rows}
            rowKey={({ address }) => address}
            none="No cache was read."
          />
        </>
      )}
    </section>
  );
}
