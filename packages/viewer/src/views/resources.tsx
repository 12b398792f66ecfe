import { useAsked } from '../parts/asked.ts';
import { Address } from '../parts/links.tsx';
import { visible } from '../parts/visible.ts';
import type { TaskRow } from '../protocol.ts';
import type { WorkerClient } from '../worker_client.ts';

/** What a task has open, as whom it acts, its memory. */
export function Resources({ row, worker }: { row: TaskRow; worker: WorkerClient }) {
  const asked = useAsked(worker, 'details', [row.address]);
  if (asked.kind === 'waiting') return <p class="soft">Reading open files…</p>;
  if (asked.kind === 'refused') return <p class="soft">{visible(asked.message)}</p>;
  const { files, facts, problems } = asked.value;
  return (
    <div class="columns">
      <section>
        <h2>Open files</h2>
        {files.length === 0 && <p class="soft">none</p>}
        <ul class="plain files">
          {files.map(({ descriptor, name, address, position, flags }) => (
            <li key={descriptor}>
              <span class="number">{descriptor}</span>
              <span>{visible(name)}</span>
              <span class="soft">
                {position > 0 && `at ${position}, `}flags 0{flags} <Address at={address} />
              </span>
            </li>
          ))}
        </ul>
      </section>
      <section>
        <h2>Resources</h2>
        <dl class="facts">
          {facts.map(([name, value]) => (
            <div key={`${name}${value}`}>
              <dt>{name}</dt>
              <dd>{visible(value)}</dd>
            </div>
          ))}
        </dl>
        {problems.map((text) => (
          <p key={text} class="soft">
            {visible(text)}
          </p>
        ))}
      </section>
    </div>
  );
}
