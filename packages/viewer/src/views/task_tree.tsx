import { useMemo, useRef } from 'preact/hooks';
import { taskHash } from '../parts/links.tsx';
import { useSight } from '../parts/virtual.ts';
import { visible } from '../parts/visible.ts';
import type { TaskRow } from '../protocol.ts';
import { shortState } from './task_columns.tsx';

const ROW_PIXELS = 24;

interface Branch {
  readonly row: TaskRow;
  readonly depth: number;
}

/** Processes under their parents, threads under their process. */
export function TaskTree({ rows, all }: { rows: readonly TaskRow[]; all: readonly TaskRow[] }) {
  const list = useRef<HTMLDivElement>(null);
  const branches = useMemo(() => tree(rows, all), [rows, all]);
  const { items, height } = useSight(list, branches.length, () => ROW_PIXELS, ROW_PIXELS);
  return (
    <div class="tree" role="list" aria-label="Tasks by parent" tabIndex={0} ref={list}>
      <div style={{ height: `${height}px` }} role="presentation">
        {items.map(({ index, start }) => {
          const branch = branches[index];
          if (branch === undefined) return null;
          const { row, depth } = branch;
          const thread = row.pid !== row.tgid;
          return (
            <div
              key={row.address}
              class="branch"
              role="listitem"
              style={{
                transform: `translateY(${start}px)`,
                paddingLeft: `${Math.min(depth, 24) * 1.4 + 0.5}rem`,
              }}
            >
              <a href={taskHash(row)} class={row.kernelThread ? 'kernel-thread' : ''}>
                {visible(row.comm)}
              </a>
              <span class="soft">
                PID {row.pid}, {thread && 'thread, '}
                {row.running ? 'running' : shortState(row.state)}, CPU {row.cpu}
              </span>
            </div>
          );
        })}
      </div>
    </div>
  );
}

/** The tasks wanted with all that they come from, each below its parent. */
function tree(rows: readonly TaskRow[], all: readonly TaskRow[]): Branch[] {
  const byPid = new Map(all.filter(({ pid }) => pid !== 0).map((row) => [row.pid, row]));
  const parentOf = (row: TaskRow) => {
    const parent = row.pid === row.tgid ? (row.ppid ?? 0) : row.tgid;
    return row.pid === 0 || parent === row.pid ? undefined : byPid.get(parent);
  };
  const wanted = new Set<TaskRow>();
  for (const row of rows) {
    for (let at: TaskRow | undefined = row; at !== undefined && !wanted.has(at); at = parentOf(at))
      wanted.add(at);
  }
  const children = new Map<TaskRow | undefined, TaskRow[]>();
  for (const row of all) {
    if (!wanted.has(row)) continue;
    const parent = parentOf(row);
    const siblings = children.get(parent);
    if (siblings === undefined) children.set(parent, [row]);
    else siblings.push(row);
  }
  const branches: Branch[] = [];
  const seen = new Set<TaskRow>();
  const grow = (from: readonly TaskRow[]) => {
    const open = from.map((row) => ({ row, depth: 0 })).reverse();
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      if (seen.has(at.row)) continue;
      seen.add(at.row);
      branches.push(at);
      const depth = at.depth + 1;
      for (const row of (children.get(at.row) ?? []).toReversed()) open.push({ row, depth });
    }
  };
  grow(children.get(undefined) ?? []);
  // In a damaged dump parents may run in a circle: no such task hangs on a root.
  grow([...wanted].filter((row) => !seen.has(row)));
  return branches;
}
