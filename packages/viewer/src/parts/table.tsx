import type { VirtualItem } from '@tanstack/virtual-core';
import type { ComponentChildren, VNode } from 'preact';
import { useMemo, useRef } from 'preact/hooks';
import { route, setOptions } from '../route.ts';
import { narrow } from './narrow.ts';
import { useSight } from './virtual.ts';

/** A column of a table. */
export interface Column<Row> {
  readonly name: string;
  /** Width as CSS grid has it: `6ch`, `minmax(10ch, 1fr)`. */
  readonly width: string;
  readonly cell: (row: Row) => ComponentChildren;
  /** What rows are sorted by; without it the column is not for sorting. */
  readonly order?: (row: Row) => number | string;
  readonly numeric?: boolean;
  /** Left out where the window is narrow. */
  readonly wide?: boolean;
}

interface Props<Row> {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row) => string;
  /** What stands there when there are no rows. */
  readonly none: ComponentChildren;
}

const ROW_PIXELS = 26;

/**
 * A table of any length; only the rows in sight are drawn. The column that it is sorted by stands in the address:
 * `sort=pid`, `sort=-pid` for descending.
 */
export function Table<Row>({ label, columns, rows, rowKey, none }: Props<Row>) {
  const list = useRef<HTMLDivElement>(null);
  const shown = columns.filter(({ wide }) => !(wide && narrow.value));
  const sort = route.value.options.sort ?? '';
  const sorted = useMemo(() => sortRows(rows, columns, sort), [rows, columns, sort]);
  const { items, height } = useSight(list, sorted.length, () => ROW_PIXELS, ROW_PIXELS);
  const grid = { gridTemplateColumns: shown.map(({ width }) => width).join(' ') };
  const layout = grid.gridTemplateColumns;
  const cache = useMemo(() => ({ drawn: new Map<number, VNode>() }), [sorted, columns, layout]);
  const there = items.filter(({ index }) => index < sorted.length);
  const drawn = there.map(
    (item) => cache.drawn.get(item.index) ?? drawRow(item, sorted, shown, rowKey, layout),
  );
  // What is drawn already is left as it is: a frame of scrolling makes only the rows that come into sight.
  cache.drawn = new Map(there.map(({ index }, n) => [index, drawn[n] as VNode]));
  if (rows.length === 0) return <p class="soft">{none}</p>;
  return (
    <div
      class="table"
      role="table"
      aria-label={label}
      aria-rowcount={rows.length + 1}
      tabIndex={0}
      ref={list}
    >
      <div class="table-head" role="rowgroup">
        <div class="row" role="row" style={grid}>
          {shown.map((column) => (
            <Head key={column.name} column={column} sort={sort} />
          ))}
        </div>
      </div>
      <div class="table-body" role="rowgroup" style={{ height: `${height}px` }}>
        {drawn}
      </div>
    </div>
  );
}

function drawRow<Row>(
  { index, start }: VirtualItem,
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  rowKey: (row: Row) => string,
  layout: string,
): VNode {
  const row = rows[index] as Row;
  return (
    <div
      class="row"
      role="row"
      key={rowKey(row)}
      aria-rowindex={index + 2}
      style={{ gridTemplateColumns: layout, transform: `translateY(${start}px)` }}
    >
      {columns.map(({ name, cell, numeric }) => (
        <div key={name} role="cell" class={numeric ? 'number' : ''}>
          {cell(row)}
        </div>
      ))}
    </div>
  );
}

function Head<Row>({ column, sort }: { column: Column<Row>; sort: string }) {
  const { name, order, numeric } = column;
  const key = sortKey(name);
  const direction = sort === key ? 'ascending' : sort === `-${key}` ? 'descending' : 'none';
  return (
    <div role="columnheader" class={numeric ? 'number' : ''} aria-sort={direction}>
      {order === undefined ? (
        name
      ) : (
        <button
          type="button"
          onClick={() => setOptions({ sort: direction === 'ascending' ? `-${key}` : key })}
        >
          {name}
          <span aria-hidden="true">
            {direction === 'ascending' ? ' ↑' : direction === 'descending' ? ' ↓' : ''}
          </span>
        </button>
      )}
    </div>
  );
}

function sortKey(name: string): string {
  return name.toLowerCase().replace(/\W+/g, '-');
}

function sortRows<Row>(rows: readonly Row[], columns: readonly Column<Row>[], sort: string): readonly Row[] {
  const order = columns.find(({ name }) => sortKey(name) === sort.replace(/^-/, ''))?.order;
  if (order === undefined) return rows;
  const sign = sort.startsWith('-') ? -1 : 1;
  const keyed = rows.map((row) => ({ row, key: order(row) }));
  keyed.sort((a, b) => sign * (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  return keyed.map(({ row }) => row);
}
