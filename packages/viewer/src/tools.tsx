import { useState } from 'preact/hooks';
import { open } from './state.ts';
import type { WorkerClient } from './worker_client.ts';

const TYPES = { json: 'application/json', html: 'text/html' };

/** What can be done with the dump: take the report along, open another one, see the keys. */
export function Tools({
  worker,
  name,
  showHelp,
}: {
  worker: WorkerClient;
  name: string;
  showHelp: () => void;
}) {
  const [busy, setBusy] = useState(false);
  const save = async (form: 'json' | 'html') => {
    setBusy(true);
    try {
      const text = await worker.ask('exported', form);
      const url = URL.createObjectURL(new Blob([text], { type: TYPES[form] }));
      const link = document.createElement('a');
      link.href = url;
      link.download = `${name}.report.${form}`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(url), 60_000);
    } finally {
      setBusy(false);
    }
  };
  return (
    <section class="tools-list" aria-label="This dump">
      <span class="soft">Report</span>
      <button
        type="button"
        disabled={busy}
        onClick={() => save('html')}
        title="Save the report as one HTML file"
      >
        HTML
      </button>
      <button type="button" disabled={busy} onClick={() => save('json')} title="Save the report as JSON">
        JSON
      </button>
      <label class="button" title="Open another dump">
        <input
          type="file"
          multiple
          onChange={({ currentTarget }) => {
            const files = [...(currentTarget.files ?? [])];
            if (files.length > 0) void open(files.map((file) => ({ kind: 'file', file })));
          }}
        />
        Open…
      </label>
      <button type="button" onClick={showHelp}>
        Keys <kbd>?</kbd>
      </button>
    </section>
  );
}
