import { whyUnknown } from '@kcrash/report/phrases';
import type { ReportLogItem } from '@kcrash/report/report';
import { count } from '@kcrash/report/units';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { matcherOf } from '../parts/matcher.ts';
import { Choice, SearchBox } from '../parts/search_box.tsx';
import { useSight } from '../parts/virtual.ts';
import { visible } from '../parts/visible.ts';
import type { Overview } from '../protocol.ts';
import { route, routeHash } from '../route.ts';
import { log, needLog } from '../state.ts';
import type { WorkerClient } from '../worker_client.ts';

const LEVELS = ['emergency', 'alert', 'critical', 'error', 'warning', 'notice', 'info', 'debug'];
const LINE_PIXELS = 20;
/** Characters that stand before the text of a line: mark, time, caller. */
const HEAD = { relative: 15, absolute: 25 };

/** A line of the view: an item of the log, and its place there. */
interface Line {
  readonly index: number;
  readonly item: ReportLogItem;
  readonly text: string;
}

/** The whole log, the crash in view. */
export function LogView({ overview, worker }: { overview: Overview; worker: WorkerClient }) {
  useEffect(() => needLog(worker), [worker]);
  const items = log.value;
  if (items === undefined) return <p class="soft">Reading the log…</p>;
  if (items.length === 0) return <p class="soft">{visible(whyUnknown(overview.report, 'log'))}</p>;
  return <Log items={items} overview={overview} />;
}

function Log({ items, overview }: { items: readonly ReportLogItem[]; overview: Overview }) {
  const { argument, options } = route.value;
  const { q = '', level = '', time = '', all = '' } = options;
  const lines = useMemo(() => linesOf(items, level), [items, level]);
  const matcher = useMemo(() => matcherOf(q), [q]);
  const matches = useMemo(
    () => (matcher === undefined ? undefined : lines.filter((line) => matcher(searched(line)))),
    [lines, matcher],
  );
  const shown = matches === undefined || all !== '' ? lines : matches;
  const wanted = argument === '' ? overview.crashAt : Number(argument);
  const boot = overview.report.when.boot;
  return (
    <section class="fill">
      <div class="tools">
        <h1>Log</h1>
        <SearchBox label="Search the log" hint="Search, or /expression/" />
        <Choice
          name="level"
          label="Level"
          choices={[
            ['', 'all'],
            ...LEVELS.map((text, n) => [String(n), n === 0 ? text : `${text} and above`] as const),
          ]}
        />
        <Choice
          name="time"
          label="Time"
          choices={
            boot === null
              ? [['', 'since boot']]
              : [
                  ['', 'since boot'],
                  ['absolute', 'UTC'],
                ]
          }
        />
        {matches !== undefined && (
          <Choice
            name="all"
            label="Show"
            choices={[
              ['', 'matches only'],
              ['yes', 'all lines'],
            ]}
          />
        )}
        <span class="soft" aria-live="polite">
          {matches === undefined
            ? count(shown.length, 'record')
            : `${matches.length} of ${count(lines.length, 'record')}`}
        </span>
        {overview.crashAt !== null && (
          <a href={routeHash('log', String(overview.crashAt))}>Go to the crash</a>
        )}
      </div>
      <Lines
        lines={shown}
        wanted={wanted}
        crashAt={overview.crashAt}
        boot={time === 'absolute' && boot !== null ? Date.parse(boot) : null}
        matches={all === '' ? undefined : matches}
      />
    </section>
  );
}

function linesOf(items: readonly ReportLogItem[], level: string): Line[] {
  const most = level === '' ? 7 : Number(level);
  return items.flatMap((item, index) => {
    if (item.kind === 'record' && item.level > most) return [];
    const text =
      item.kind === 'record' ? item.text : `${count(item.records, 'record')} missing: ${item.reason}`;
    return { index, item, text: visible(text.replace(/\n+$/, '')) };
  });
}

function searched({ item, text }: Line): string {
  return item.kind === 'record' && item.caller !== null ? `${item.caller} ${text}` : text;
}

interface LinesProps {
  readonly lines: readonly Line[];
  readonly wanted: number | null;
  readonly crashAt: number | null;
  /** Milliseconds since 1970 of the boot, for absolute times. */
  readonly boot: number | null;
  /** Marked among all lines. */
  readonly matches: readonly Line[] | undefined;
}

function Lines({ lines, wanted, crashAt, boot, matches }: LinesProps) {
  const list = useRef<HTMLDivElement>(null);
  const caller = useMemo(
    () => Math.min(24, Math.max(0, ...lines.slice(-2000).map(({ item }) => callerOf(item).length))),
    [lines],
  );
  const columns =
    useColumns(list) - HEAD[boot === null ? 'relative' : 'absolute'] - (caller > 0 ? caller + 1 : 0);
  const heights = (index: number) => heightOf(lines[index]?.text ?? '', columns);
  const { items, height, show } = useSight(list, lines.length, heights, `${columns} ${lines.length}`);
  const marked = useMemo(() => new Set(matches?.map(({ index }) => index)), [matches]);
  // Where one has scrolled to since is left alone.
  useLayoutEffect(() => {
    const at = lines.findIndex(({ index }) => index >= (wanted ?? Number.MAX_SAFE_INTEGER));
    show(at < 0 ? lines.length - 1 : at);
  }, [wanted, lines, columns > 0]);
  return (
    <div class="log" role="log" aria-live="off" aria-label="Kernel log" tabIndex={0} ref={list}>
      <div style={{ height: `${height}px` }}>
        {items.map(({ index, start, size }) => {
          const line = lines[index];
          if (line === undefined) return null;
          const { item } = line;
          const at = item.kind === 'record' ? timeText(item.nanoseconds, boot) : '';
          return (
            <div
              key={line.index}
              class={lineClass(line, crashAt, wanted, marked)}
              style={{ transform: `translateY(${start}px)`, height: `${size}px` }}
              title={item.kind === 'record' ? detail(item) : undefined}
            >
              <a href={routeHash('log', String(line.index), route.value.options)}>{at}</a>
              {caller > 0 && <span class="caller">{callerOf(item).padEnd(caller)}</span>}
              <span class="text">{line.text}</span>
            </div>
          );
        })}
      </div>
    </div>
  );
}

function lineClass(
  { item, index }: Line,
  crashAt: number | null,
  wanted: number | null,
  marked: ReadonlySet<number>,
) {
  const level = item.kind === 'gap' ? 'gap' : `level-${Math.min(7, Math.max(0, item.level))}`;
  const crash = index === crashAt ? ' crash-line' : '';
  const chosen = index === wanted ? ' chosen' : '';
  return `line ${level}${crash}${chosen}${marked.has(index) ? ' match' : ''}`;
}

function callerOf(item: ReportLogItem): string {
  return item.kind === 'record' ? (item.caller ?? '') : '';
}

function timeText(nanoseconds: number, boot: number | null): string {
  if (boot === null) return `[${(nanoseconds / 1e9).toFixed(6).padStart(12)}]`;
  const time = new Date(boot + nanoseconds / 1e6);
  return Number.isNaN(time.getTime()) ? 'no time' : time.toISOString().replace('T', ' ').slice(0, 23);
}

function detail(item: ReportLogItem & { kind: 'record' }): string {
  const facts = [`level ${item.level} (${LEVELS[item.level] ?? 'unknown'})`, `facility ${item.facility}`];
  if (item.sequence !== null) facts.push(`record ${item.sequence}`);
  if (item.caller !== null) facts.push(`by ${item.caller}`);
  for (const [name, value] of Object.entries(item.dictionary ?? {})) facts.push(`${name}=${value}`);
  return visible(facts.join(', '));
}

/** Pixels of a record that is broken into lines of so many characters. */
function heightOf(text: string, columns: number): number {
  if (text.length <= columns && !text.includes('\n')) return LINE_PIXELS;
  const width = Math.max(10, columns);
  const lines = text.split('\n').reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / width)), 0);
  return lines * LINE_PIXELS;
}

/** How many characters of the log's type fit beside each other. */
function useColumns(list: { readonly current: HTMLElement | null }): number {
  const [columns, setColumns] = useState(0);
  useLayoutEffect(() => {
    const element = list.current;
    if (element === null) return undefined;
    const probe = document.createElement('span');
    probe.className = 'probe';
    probe.textContent = '0'.repeat(100);
    element.append(probe);
    const width = probe.getBoundingClientRect().width / 100;
    probe.remove();
    const observer = new ResizeObserver(() => setColumns(Math.floor((element.clientWidth - 16) / width)));
    observer.observe(element);
    return () => observer.disconnect();
  }, [list]);
  return columns;
}
