import { whyUnknown } from '@kcrash/report/phrases';
import type { Report } from '@kcrash/report/report';
import { memoryWord } from '@kcrash/report/summary';
import { bytesText } from '@kcrash/report/units';
import { useAsked } from '../parts/asked.ts';
import { visible } from '../parts/visible.ts';
import type { PageClassCount, PageClasses } from '../protocol.ts';
import { route, routeHash } from '../route.ts';
import type { WorkerClient } from '../worker_client.ts';
import { classColour } from './class_colour.ts';
import { PageMapView } from './page_map.tsx';

/** What physical memory was used for: a map, totals by class, and the kernel's own counts. */
export function MemoryView({ worker, report }: { worker: WorkerClient; report: Report }) {
  const asked = useAsked(worker, 'pageClasses', []);
  return (
    <>
      <h1>Pages of memory</h1>
      {asked.kind === 'waiting' && <Sorting worker={worker} />}
      {asked.kind === 'refused' && <p class="soft">{visible(asked.message)}</p>}
      {asked.kind === 'answer' && <Classified classes={asked.value} worker={worker} />}
      <Totals report={report} />
    </>
  );
}

function Sorting({ worker }: { worker: WorkerClient }) {
  return (
    <section aria-live="polite">
      <p class="soft">Reading what each page is used for… {bytesText(worker.sorted.value)} read</p>
      <progress aria-label="Sorting out the pages of memory" />
    </section>
  );
}

function Classified({ classes, worker }: { classes: PageClasses; worker: WorkerClient }) {
  const { options } = route.value;
  const from = frameOf(options.from, 0, classes.frameLimit);
  const to = Math.max(from + 1, frameOf(options.to, classes.frameLimit, classes.frameLimit));
  return (
    <>
      <PageMapView classes={classes} worker={worker} from={from} to={to} />
      {classes.findings.map((text) => (
        <p key={text} class="soft">
          {visible(text)}
        </p>
      ))}
      <ClassTable classes={classes} />
    </>
  );
}

function frameOf(text: string | undefined, otherwise: number, limit: number): number {
  const frame = Number(text ?? Number.NaN);
  return Number.isSafeInteger(frame) && frame >= 0 ? Math.min(frame, limit) : otherwise;
}

/** Why a minimal dump leaves out what it leaves out. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  user: 'left out: what users wrote',
  stale: 'left out: nobody’s any more, and may be what users wrote',
  unknown: 'left out: nobody can tell whose it is',
  kernel: 'left out: of no use to a report',
};

function ClassTable({ classes: { classes, pageSize } }: { classes: PageClasses }) {
  const there = classes.filter(({ pages, held }, n) => n > 0 && (pages > 0 || held > 0));
  const sum = (of: (row: PageClassCount) => number) => there.reduce((total, row) => total + of(row), 0);
  return (
    <div class="wide-table">
      <table class="classes">
        <thead>
          <tr>
            <th scope="col">Class</th>
            <th scope="col" class="number">
              Pages
            </th>
            <th scope="col" class="number">
              Memory
            </th>
            <th scope="col" class="number">
              In this dump
            </th>
            <th scope="col">A minimal dump</th>
            <th scope="col">Recognised by</th>
          </tr>
        </thead>
        <tbody>
          {there
            .toSorted((a, b) => b.pages - a.pages)
            .map(({ name, owner, pages, held, tier, reason }) => (
              <tr key={name}>
                <th scope="row">
                  <i
                    class="swatch"
                    style={{
                      background: classColour(
                        classes.findIndex((each) => each.name === name),
                        owner,
                      ),
                    }}
                  />
                  {name}
                </th>
                <td class="number">{pages}</td>
                <td class="number">{bytesText(pages * pageSize)}</td>
                <td class="number">{held}</td>
                <td>{tier === null ? LEFT_OUT[owner] : `kept: ${tier}`}</td>
                <td class="soft">{reason}</td>
              </tr>
            ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">all</th>
            <td class="number">{sum(({ pages }) => pages)}</td>
            <td class="number">{bytesText(sum(({ pages }) => pages) * pageSize)}</td>
            <td class="number">{sum(({ held }) => held)}</td>
            <td />
            <td />
          </tr>
        </tfoot>
      </table>
    </div>
  );
}

function Totals({ report }: { report: Report }) {
  const { memory } = report;
  if (memory === null) return <p class="soft">{visible(whyUnknown(report, 'memory'))}</p>;
  const amount = (bytes: number | null) => (bytes === null ? 'unknown' : bytesText(bytes));
  return (
    <div class="columns">
      <section>
        <h2>By the kernel’s own counts</h2>
        <dl class="facts counts">
          {Object.entries(memory.totals).map(([name, bytes]) => (
            <div key={name}>
              <dt>{memoryWord(name)}</dt>
              <dd class="number">{amount(bytes)}</dd>
            </div>
          ))}
        </dl>
        <p>
          <a href={routeHash('slab')}>Slab caches by size</a>
        </p>
      </section>
      <section>
        <h2>Zones</h2>
        {memory.zones.map(({ name, node, managed, free, min, low, high }) => (
          <p key={`${node}${name}`} class={free !== null && free < min ? 'bad' : ''}>
            <b>{visible(name)}</b> of node {node}: {bytesText(managed)}, free {amount(free)} (min{' '}
            {bytesText(min)}, low {bytesText(low)}, high {bytesText(high)})
          </p>
        ))}
      </section>
    </div>
  );
}
