import { useEffect, useState } from 'preact/hooks';
import { route, setOptions } from '../route.ts';

/** An address may be changed a few times a second only. */
const DELAY_MILLISECONDS = 120;

/** A box to search in; the words stand in the address as `q`. The key `/` goes there. */
export function SearchBox({ label, hint }: { label: string; hint?: string }) {
  const { q = '' } = route.value.options;
  const [text, setText] = useState(q);
  useEffect(() => setText(q), [q]);
  useEffect(() => {
    if (text === (route.value.options.q ?? '')) return undefined;
    const timer = setTimeout(() => setOptions({ q: text }), DELAY_MILLISECONDS);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <input
      type="search"
      class="search"
      data-search
      aria-label={label}
      placeholder={hint ?? label}
      spellcheck={false}
      autocomplete="off"
      value={text}
      onInput={({ currentTarget }) => setText(currentTarget.value)}
    />
  );
}

/** A choice of one of several; it stands in the address by `name`. */
export function Choice({
  name,
  label,
  choices,
}: {
  name: string;
  label: string;
  choices: readonly (readonly [value: string, text: string])[];
}) {
  return (
    <label class="choice">
      <span>{label}</span>
      <select
        value={route.value.options[name] ?? ''}
        onChange={({ currentTarget }) => setOptions({ [name]: currentTarget.value })}
      >
        {choices.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}
