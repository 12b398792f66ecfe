import { bytesText } from '@kcrash/report/units';
import { visible } from '../parts/visible.ts';
import { open, type State } from '../state.ts';

/** Before a dump is open: where to drop one, how far opening has come, or why a file cannot be opened. */
export function Start({ state }: { state: Exclude<State, { kind: 'open' }> }) {
  return (
    <main class="start">
      <p class="brand">kcrash</p>
      {state.kind === 'opening' && (
        <Opening name={state.name} stage={state.stage} bytesRead={state.bytesRead} />
      )}
      {state.kind === 'failed' && <Failed state={state} />}
      {state.kind !== 'opening' && <Chooser first={state.kind === 'empty'} />}
    </main>
  );
}

function Opening({ name, stage, bytesRead }: { name: string; stage: string; bytesRead: number }) {
  return (
    <section aria-live="polite">
      <h1>{visible(name)}</h1>
      <p>
        {stage}… <span class="soft">{bytesText(bytesRead)} read</span>
      </p>
      <progress aria-label="Opening the dump" />
    </section>
  );
}

function Failed({ state }: { state: State & { kind: 'failed' } }) {
  const { code, message, instead } = state.refusal;
  return (
    <section role="alert">
      <h1>{visible(state.name)} cannot be opened</h1>
      {instead !== undefined && <p>{instead}</p>}
      <p class={instead === undefined ? '' : 'soft'}>{visible(message)}.</p>
      {instead === undefined && ADVICE[code] !== undefined && <p>{ADVICE[code]}</p>}
    </section>
  );
}

/** What to do about an error of the library; it states facts only. */
const ADVICE: Readonly<Record<string, string>> = {
  'not-a-dump': 'Give a vmcore, a kdump file, or a memory dump of a virtual machine.',
  'not-described':
    'The kernel did not say where its things are, so that nothing can be read without debug info.',
  unsupported: 'kcrash reads dumps of x86_64 machines.',
  'bad-format': 'The dump is damaged. Compare its size and checksum with the original’s.',
  'out-of-bounds': 'The dump is damaged or was cut off. Compare its size with the original’s.',
  io: 'Check that the file is still there and may be read, then open it again.',
  internal: 'This is a fault of the viewer’s own. `kcrash report` may still read the dump.',
};

function Chooser({ first }: { first: boolean }) {
  return (
    <>
      {first && <h1>See why a Linux kernel crashed</h1>}
      <label class="chooser">
        <input
          type="file"
          multiple
          onChange={({ currentTarget }) => {
            const files = [...(currentTarget.files ?? [])];
            if (files.length > 0) void open(files.map((file) => ({ kind: 'file', file })));
          }}
        />
        <span class="button">Choose a dump</span>
        <span>or drop one here: a vmcore, a kdump file, or a virtual machine’s memory.</span>
      </label>
      <p class="soft">
        Nothing leaves this browser: the page reads the parts of the file that it shows, and makes no request.
        The files of a split dump are given together.
      </p>
    </>
  );
}
