import { count } from '@kcrash/report/units';
import { useMemo } from 'preact/hooks';
import { useAsked } from '../parts/asked.ts';
import { Address } from '../parts/links.tsx';
import { SearchBox } from '../parts/search_box.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { visible } from '../parts/visible.ts';
import type { FoundSymbol } from '../protocol.ts';
import { route, routeHash } from '../route.ts';
import type { WorkerClient } from '../worker_client.ts';

const COLUMNS: readonly Column<FoundSymbol>[] = [
  {
    name: 'Address',
    width: '21ch',
    order: ({ address }) => address,
    cell: ({ address }) => <Address at={address} />,
  },
  { name: 'Kind', width: '6ch', wide: true, order: ({ letter }) => letter, cell: ({ letter }) => letter },
  {
    name: 'Name',
    width: 'minmax(20ch, 1fr)',
    order: ({ name }) => name,
    cell: ({ name, letter }) =>
      /[dDbBrRvV]/.test(letter) ? <a href={routeHash('value', name)}>{visible(name)}</a> : visible(name),
  },
  {
    name: 'Module',
    width: '20ch',
    wide: true,
    order: ({ module }) => module ?? '',
    cell: ({ module }) => visible(module ?? ''),
  },
];

/** Search among all functions and variables of the kernel and its modules. */
export function SymbolsView({ worker }: { worker: WorkerClient }) {
  const { q = '' } = route.value.options;
  const asked = useAsked(worker, 'symbols', q.trim() === '' ? undefined : [q]);
  const rows = useMemo(() => (asked.kind === 'answer' ? asked.value.items : []), [asked]);
  return (
    <section class="fill">
      <div class="tools">
        <h1>Symbols</h1>
        <SearchBox label="Search symbols" hint="schedule, init_task, …" />
        {asked.kind === 'answer' && (
          <span class="soft" aria-live="polite">
            {count(rows.length + asked.value.left, 'symbol')}
            {asked.value.left > 0 && `, the first ${rows.length} shown`}
          </span>
        )}
      </div>
      {q.trim() === '' ? (
        <p class="soft">Type a part of a function’s or a variable’s name.</p>
      ) : asked.kind === 'refused' ? (
        <p class="soft">{visible(asked.message)}</p>
      ) : (
        <Table
          label="Symbols"
          columns={COLUMNS}
          rows={rows}
          rowKey={({ address, name, module }) => `${address}${name}${module}`}
          none={asked.kind === 'waiting' ? 'Searching…' : 'No symbol is called that.'}
        />
      )}
    </section>
  );
}
