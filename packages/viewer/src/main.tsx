import { render } from 'preact';
import { App } from './app.tsx';
import { followAddress } from './route.ts';
import { open, servedFiles } from './state.ts';

followAddress();
render(<App />, document.getElementById('app') as HTMLElement);
const served = servedFiles();
if (served.length > 0) void open(served);
