import { count } from '@kcrash/report/units';
import { useAsked } from '../parts/asked.ts';
import { SearchBox } from '../parts/search_box.tsx';
import { visible } from '../parts/visible.ts';
import type { LayoutAnswer, LayoutLine } from '../protocol.ts';
import { route, routeHash } from '../route.ts';
import type { WorkerClient } from '../worker_client.ts';

/** What is looked for while nothing is said. */
const FIRST = 'task_struct';

/** The kernel's types: names to the left, the layout of one to the right. */
export function TypesView({ worker }: { worker: WorkerClient }) {
  const { argument, options } = route.value;
  const { q = '' } = options;
  const found = useAsked(worker, 'types', [q]);
  const wanted = argument || FIRST;
  return (
    <section class="fill">
      <div class="tools">
        <h1>Types</h1>
        <SearchBox label="Search types" hint="task_struct, pageflags, …" />
        {found.kind === 'answer' && found.value.left > 0 && (
          <span class="soft">and {found.value.left} more</span>
        )}
      </div>
      <div class="halves">
        <ul class="scroll list" tabIndex={0} aria-label="Names of types">
          {found.kind === 'waiting' && <li class="soft">Searching…</li>}
          {found.kind === 'refused' && <li class="soft">{visible(found.message)}</li>}
          {found.kind === 'answer' && found.value.items.length === 0 && (
            <li class="soft">No type is called that.</li>
          )}
          {found.kind === 'answer' &&
            found.value.items.map(({ name, size }) => (
              <li key={name}>
                <a
                  href={routeHash('type', name, { q })}
                  aria-current={name === argument ? 'true' : undefined}
                >
                  {visible(name)}
                </a>
                <span class="soft number">{size ?? ''}</span>
              </li>
            ))}
        </ul>
        <Layout worker={worker} name={wanted} />
      </div>
    </section>
  );
}

function Layout({ worker, name }: { worker: WorkerClient; name: string }) {
  const asked = useAsked(worker, 'layout', [name]);
  return (
    <section class="scroll layout" tabIndex={0} aria-label="Layout">
      {asked.kind === 'waiting' && <p class="soft">Reading the type…</p>}
      {asked.kind === 'refused' && <p class="soft">{visible(asked.message)}</p>}
      {asked.kind === 'answer' && <Told layout={asked.value} />}
    </section>
  );
}

function Told({ layout: { name, size, lines } }: { layout: LayoutAnswer }) {
  return (
    <>
      <h2>
        <code>{visible(name)}</code> {size !== null && <span class="soft">{count(size, 'byte')}</span>}
      </h2>
      <table class="members">
        <thead>
          <tr>
            <th scope="col">Offset</th>
            <th scope="col">Size</th>
            <th scope="col">Member</th>
          </tr>
        </thead>
        <tbody>
          {lines.map((line) => (
            <Line key={`${line.offset}${line.text}${line.depth}`} line={line} />
          ))}
        </tbody>
      </table>
    </>
  );
}

function Line({ line: { depth, offset, bits, size, text, type, hole } }: { line: LayoutLine }) {
  return (
    <tr class={hole ? 'hole' : ''}>
      <td class="number">
        {offset}
        {bits !== null && `:${bits[0]}`}
      </td>
      <td class="number">{bits === null ? size : `${bits[1]} bits`}</td>
      <td style={{ paddingLeft: `${depth * 1.2 + 0.5}rem` }}>
        <TypeText text={visible(text)} type={type} />
      </td>
    </tr>
  );
}

/** A declaration, the name of its type a way to the type. */
function TypeText({ text, type }: { text: string; type: string | null }) {
  const at = type === null ? -1 : text.indexOf(type);
  if (type === null || at < 0) return <code>{text}</code>;
  return (
    <code>
      {text.slice(0, at)}
      <a href={routeHash('type', type, { q: route.value.options.q ?? '' })}>{type}</a>
      {text.slice(at + type.length)}
    </code>
  );
}
