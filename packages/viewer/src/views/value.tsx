import { useState } from 'preact/hooks';
import { AskBox } from '../parts/ask_box.tsx';
import { useAsked } from '../parts/asked.ts';
import { Address } from '../parts/links.tsx';
import { visible } from '../parts/visible.ts';
import type { ValueAnswer, ValueNode } from '../protocol.ts';
import { route, routeHash } from '../route.ts';
import type { WorkerClient } from '../worker_client.ts';

/** Expressions worth a look on any kernel. */
const EXAMPLES = [
  'init_uts_ns.name',
  '*(struct task_struct *)&init_task',
  'runqueues.nr_running',
  'modules',
  'jiffies_64',
  'init_net.dev_base_head',
];

/** C's own types have no layout to look at. */
const PLAIN = /^(?:void|char|short|int|long|signed|unsigned|_Bool|bool|)$/;

/** Nested members are opened so deep; then one goes there. */
const MOST_DEPTH = 12;

/** A variable or an object of the kernel: `#value=init_task.comm`. */
export function ValueView({ worker }: { worker: WorkerClient }) {
  const { argument } = route.value;
  const asked = useAsked(worker, 'value', argument === '' ? undefined : [argument]);
  return (
    <>
      <div class="tools">
        <h1>Variables</h1>
        <AskBox view="value" label="Expression" hint="init_task.comm, *(struct file *)0xffff…" />
      </div>
      {argument === '' && (
        <>
          <p>
            Variables and objects in C’s words. Pointers are links; so are members of structs. For example:
          </p>
          <ul>
            {EXAMPLES.map((text) => (
              <li key={text}>
                <a href={routeHash('value', text)}>
                  <code>{text}</code>
                </a>
              </li>
            ))}
          </ul>
        </>
      )}
      {asked.kind === 'waiting' && argument !== '' && <p class="soft">Reading…</p>}
      {asked.kind === 'refused' && <p>{visible(asked.message)}</p>}
      {asked.kind === 'answer' &&
        asked.value.map((answer) => (
          <Told key={`${argument}${answer.cpu}`} answer={answer} worker={worker} />
        ))}
    </>
  );
}

function Told({
  answer: { cpu, whole, parts, left },
  worker,
}: {
  answer: ValueAnswer;
  worker: WorkerClient;
}) {
  return (
    <section class="value">
      <p>
        {cpu !== null && <b>CPU {cpu}: </b>}
        <TypeName type={whole.type} />
        {whole.address !== null && (
          <>
            {' at '}
            <Address at={whole.address} />
          </>
        )}
      </p>
      {whole.text !== null || whole.missing !== null ? (
        <p>
          <Scalar node={whole} />
        </p>
      ) : (
        <Parts parts={parts} left={left} depth={0} worker={worker} />
      )}
      {whole.list && <ListControl node={whole} worker={worker} />}
    </section>
  );
}

function Parts({
  parts,
  left,
  depth,
  worker,
}: {
  parts: readonly ValueNode[];
  left: number;
  depth: number;
  worker: WorkerClient;
}) {
  return (
    <ul class="parts">
      {parts.map((node) => (
        <Part key={node.label} node={node} depth={depth} worker={worker} />
      ))}
      {left > 0 && <li class="soft">and {left} more</li>}
    </ul>
  );
}

function Part({ node, depth, worker }: { node: ValueNode; depth: number; worker: WorkerClient }) {
  const [open, setOpen] = useState(false);
  return (
    <li>
      <div class="part">
        {node.parts ? (
          <button
            type="button"
            class="twist"
            aria-expanded={open}
            aria-label={`${node.label}: its members`}
            onClick={() => setOpen(!open)}
          >
            {open ? '▾' : '▸'}
          </button>
        ) : (
          <span class="twist" />
        )}
        <span class="soft number offset">{node.offset}</span>
        <a href={routeHash('value', node.expression)}>{visible(node.label)}</a>
        <Scalar node={node} />
        <TypeName type={node.type} />
      </div>
      {open && (depth < MOST_DEPTH ? <Opened node={node} depth={depth + 1} worker={worker} /> : null)}
    </li>
  );
}

function Opened({ node, depth, worker }: { node: ValueNode; depth: number; worker: WorkerClient }) {
  const asked = useAsked(worker, 'value', [node.expression]);
  if (asked.kind === 'waiting') return <p class="soft">Reading…</p>;
  if (asked.kind === 'refused') return <p class="soft">{visible(asked.message)}</p>;
  const [answer] = asked.value;
  if (answer === undefined) return null;
  return (
    <>
      <Parts parts={answer.parts} left={answer.left} depth={depth} worker={worker} />
      {node.list && <ListControl node={answer.whole} worker={worker} />}
    </>
  );
}

function Scalar({ node: { text, missing, pointer } }: { node: ValueNode }) {
  if (missing !== null) return <span class="absent">{visible(missing)}</span>;
  if (text === null) return null;
  if (pointer === null) return <code class="scalar">{visible(text)}</code>;
  return (
    <code class="scalar">
      {pointer.follow === null ? (
        <Address at={pointer.to}>{visible(text)}</Address>
      ) : (
        <a class="address" href={routeHash('value', pointer.follow)}>
          {visible(text)}
        </a>
      )}
      {pointer.symbol !== null && <span> {visible(pointer.symbol)}</span>}
      {pointer.follow !== null && (
        <>
          {' '}
          <a class="soft" href={routeHash('address', pointer.to)} aria-label={`Memory at ${pointer.to}`}>
            hex
          </a>
        </>
      )}
    </code>
  );
}

function TypeName({ type }: { type: string }) {
  const name = /^(?:const )?((?:struct|union|enum) \w+|\w+)/.exec(type)?.[1] ?? '';
  if (PLAIN.test(name)) return <code class="type soft">{type}</code>;
  const at = type.indexOf(name);
  return (
    <code class="type soft">
      {visible(type.slice(0, at))}
      <a href={routeHash('type', name)}>{visible(name)}</a>
      {visible(type.slice(at + name.length))}
    </code>
  );
}

/** Follows a list; whose list it is, the list does not say. */
function ListControl({ node, worker }: { node: ValueNode; worker: WorkerClient }) {
  const [wanted, setWanted] = useState<[head: string, type: string, member: string]>();
  const asked = useAsked(worker, 'list', wanted);
  return (
    <form
      class="list-form"
      onSubmit={(event) => {
        event.preventDefault();
        const given = new FormData(event.currentTarget);
        setWanted([
          node.address ?? '0x0',
          String(given.get('type')).trim(),
          String(given.get('member')).trim(),
        ]);
      }}
    >
      <label>
        Follow the list of <input type="text" name="type" size={16} placeholder="struct module" required />
      </label>
      <label>
        linked by <input type="text" name="member" size={10} placeholder="list" required />
      </label>
      <button type="submit">Follow</button>
      {asked.kind === 'refused' && <p class="soft">{visible(asked.message)}</p>}
      {asked.kind === 'answer' && (
        <ol class="objects">
          {asked.value.objects.map(({ expression, address, words }) => (
            <li key={address}>
              <a href={routeHash('value', expression)}>
                <code>{address}</code>
              </a>{' '}
              {visible(words)}
            </li>
          ))}
          {asked.value.problem !== null && <li class="absent">{visible(asked.value.problem)}</li>}
        </ol>
      )}
    </form>
  );
}
