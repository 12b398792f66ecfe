import { signal } from '@preact/signals';

/** Where in the page one is: `#task=123&q=kworker` is view `task`, argument `123`, and `q`. */
export interface Route {
  readonly view: string;
  readonly argument: string;
  readonly options: Readonly<Record<string, string>>;
}

/** Reads the part of an address behind `#`. */
export function parseRoute(hash: string): Route {
  const entries = [...new URLSearchParams(hash.replace(/^#/, ''))];
  const [[view = '', argument = ''] = [], ...rest] = entries;
  return { view: view === '' ? 'summary' : view, argument, options: Object.fromEntries(rest) };
}

/** Writes it; `argument` may be empty. */
export function routeHash(view: string, argument = '', options: Route['options'] = {}): string {
  const text = new URLSearchParams(Object.entries(options).filter(([, value]) => value !== '')).toString();
  const first = argument === '' ? view : `${view}=${readable(argument)}`;
  return `#${first}${text === '' ? '' : `&${text}`}`;
}

/** Encodes what has a meaning in an address; `#value=init_task.comm` stays readable. */
function readable(text: string): string {
  return encodeURIComponent(text).replace(/%(3A|2F|28|29|2A|3E|2C|40|5B|5D)/g, (code) =>
    decodeURIComponent(code),
  );
}

/** Where one is now. */
export const route = signal<Route>(parseRoute(''));

/** Follows the address, the back button included. */
export function followAddress(): void {
  const read = () => {
    route.value = parseRoute(location.hash);
  };
  addEventListener('hashchange', read);
  read();
}

/** Goes somewhere as a link would. */
export function go(view: string, argument = '', options: Route['options'] = {}): void {
  location.hash = routeHash(view, argument, options);
}

/** Changes options of the present view without a step for the back button. */
export function setOptions(changes: Route['options']): void {
  const { view, argument, options } = route.value;
  const next = { ...options, ...changes };
  history.replaceState(history.state, '', routeHash(view, argument, next));
  route.value = {
    view,
    argument,
    options: Object.fromEntries(Object.entries(next).filter(([, v]) => v !== '')),
  };
}
