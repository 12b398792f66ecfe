import { useEffect, useRef, useState } from 'preact/hooks';
import { Help } from './help.tsx';
import { listenToKeys } from './keys.ts';
import { visible } from './parts/visible.ts';
import type { Overview } from './protocol.ts';
import { route, routeHash } from './route.ts';
import { Tools } from './tools.tsx';
import { CpusView } from './views/cpus.tsx';
import { LogView } from './views/log.tsx';
import { MemoryView } from './views/memory.tsx';
import { MemoryAtView } from './views/memory_at.tsx';
import { SlabView } from './views/slab.tsx';
import { SummaryView } from './views/summary.tsx';
import { SymbolsView } from './views/symbols.tsx';
import { DevicesView, ModulesView, MountsView, SettingsView } from './views/system.tsx';
import { TasksView } from './views/tasks.tsx';
import { TypesView } from './views/types.tsx';
import { ValueView } from './views/value.tsx';
import type { WorkerClient } from './worker_client.ts';

/** The views by groups: name in the address, words, and the other names that belong to it. */
const VIEWS: readonly (readonly [
  group: string,
  views: readonly (readonly [view: string, words: string, also?: string])[],
])[] = [
  [
    'Crash',
    [
      ['summary', 'Summary', 'problems'],
      ['log', 'Log'],
      ['cpus', 'CPUs'],
    ],
  ],
  [
    'Tasks',
    [
      ['tasks', 'Tasks', 'task tree stacks'],
      ['waits', 'Waits'],
    ],
  ],
  [
    'Memory',
    [
      ['memory', 'Pages'],
      ['slab', 'Slab caches'],
    ],
  ],
  [
    'System',
    [
      ['modules', 'Modules'],
      ['mounts', 'Mounts'],
      ['devices', 'Devices'],
      ['sysctls', 'Sysctls'],
    ],
  ],
  [
    'Explore',
    [
      ['value', 'Variables'],
      ['types', 'Types', 'type'],
      ['address', 'Memory at'],
      ['symbols', 'Symbols'],
    ],
  ],
];

interface Props {
  readonly overview: Overview;
  readonly worker: WorkerClient;
}

/** The page with a dump open. */
export function Shell({ overview, worker }: Props) {
  const [help, setHelp] = useState(false);
  const main = useRef<HTMLElement>(null);
  const { view, argument } = route.value;
  useEffect(() => listenToKeys(() => setHelp((shown) => !shown)), []);
  useEffect(() => {
    document.title = `${overview.report.title ?? 'crash'}: ${view} - kcrash`;
  }, [overview, view]);
  // A new place begins at its top, and reading goes on there.
  useEffect(() => {
    main.current?.scrollTo(0, 0);
    main.current?.focus({ preventScroll: true });
  }, [view, argument]);
  useEffect(() => {
    requestAnimationFrame(() => performance.mark('kcrash-shown'));
  }, [overview]);
  return (
    <div class="shell">
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        To the content
      </button>
      <aside>
        <p class="brand">kcrash</p>
        <Menu view={view} />
        <Tools worker={worker} name={overview.files[0]?.name ?? 'dump'} showHelp={() => setHelp(true)} />
      </aside>
      <main id="view" data-view={view} tabIndex={0} ref={main}>
        <View overview={overview} worker={worker} />
      </main>
      {help && <Help close={() => setHelp(false)} />}
    </div>
  );
}

function Menu({ view }: { view: string }) {
  const menu = useRef<HTMLElement>(null);
  useEffect(() => {
    if (view !== '')
      menu.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' });
  }, [view]);
  return (
    <nav ref={menu} aria-label="Views">
      {VIEWS.map(([group, views]) => (
        <section key={group}>
          <h2>{group}</h2>
          {views.map(([name, words, also = '']) => (
            <a
              key={name}
              href={routeHash(name)}
              aria-current={view === name || also.split(' ').includes(view) ? 'page' : undefined}
            >
              {words}
            </a>
          ))}
        </section>
      ))}
    </nav>
  );
}

function View({ overview, worker }: Props) {
  const { report } = overview;
  const { view } = route.value;
  switch (view) {
    case 'summary':
    case 'problems':
      return <SummaryView overview={overview} />;
    case 'log':
      return <LogView overview={overview} worker={worker} />;
    case 'cpus':
      return <CpusView report={report} />;
    case 'tasks':
    case 'tree':
    case 'stacks':
    case 'task':
    case 'waits':
      return <TasksView overview={overview} worker={worker} />;
    case 'modules':
      return <ModulesView report={report} />;
    case 'mounts':
      return <MountsView report={report} />;
    case 'devices':
      return <DevicesView report={report} />;
    case 'sysctls':
      return <SettingsView report={report} />;
    case 'memory':
      return <MemoryView worker={worker} report={report} />;
    case 'slab':
      return <SlabView worker={worker} />;
    case 'value':
      return <ValueView worker={worker} />;
    case 'type':
    case 'types':
      return <TypesView worker={worker} />;
    case 'address':
      return <MemoryAtView worker={worker} />;
    case 'symbols':
      return <SymbolsView worker={worker} />;
    default:
      return (
        <>
          <h1>No view {visible(view)}</h1>
          <p>
            <a href={routeHash('summary')}>To the summary</a>
          </p>
        </>
      );
  }
}
