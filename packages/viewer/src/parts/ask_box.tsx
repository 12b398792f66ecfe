import { useEffect, useState } from 'preact/hooks';
import { go, route } from '../route.ts';

/** A box for what the view is of: an expression, an address. Enter goes there. */
export function AskBox({ view, label, hint }: { view: string; label: string; hint: string }) {
  const { argument } = route.value;
  const [text, setText] = useState(argument);
  useEffect(() => setText(argument), [argument]);
  return (
    <form
      class="ask"
      onSubmit={(event) => {
        event.preventDefault();
        go(view, text.trim());
      }}
    >
      <input
        type="text"
        data-search
        aria-label={label}
        placeholder={hint}
        spellcheck={false}
        autocomplete="off"
        autocapitalize="off"
        value={text}
        onInput={({ currentTarget }) => setText(currentTarget.value)}
      />
      <button type="submit">Look</button>
    </form>
  );
}
