import { useEffect, useRef, useState } from 'preact/hooks';
import { KEYS, keysOn, turnKeys } from './keys.ts';

/** What keys there are. */
export function Help({ close }: { close: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [on, setOn] = useState(keysOn);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} onClose={close} aria-labelledby="keys">
      <h1 id="keys">Keys</h1>
      <dl class="keys">
        <Key name="?">this list</Key>
        <Key name="/">search in this view</Key>
        <Key name="Esc">leave the search, close this list</Key>
        <Key name="Alt ←">back</Key>
        {KEYS.map(([key, , words]) => (
          <Key key={key} name={key}>
            {words}
          </Key>
        ))}
      </dl>
      <label>
        <input
          type="checkbox"
          checked={on}
          onChange={({ currentTarget }) => {
            turnKeys(currentTarget.checked);
            setOn(currentTarget.checked);
          }}
        />{' '}
        Keys of one letter
      </label>
      <form method="dialog">
        <button type="submit">Close</button>
      </form>
    </dialog>
  );
}

function Key({ name, children }: { name: string; children: string }) {
  return (
    <div>
      <dt>
        <kbd>{name}</kbd>
      </dt>
      <dd>{children}</dd>
    </div>
  );
}
