import { useEffect } from 'preact/hooks';
import { Shell } from './shell.tsx';
import { open, state } from './state.ts';
import { Start } from './views/start.tsx';

/** The whole page. A dump may be dropped anywhere, at any time. */
export function App() {
  useEffect(acceptDrops, []);
  const now = state.value;
  return now.kind === 'open' ? <Shell overview={now.overview} worker={now.worker} /> : <Start state={now} />;
}

function acceptDrops(): () => void {
  const over = (event: DragEvent) => {
    event.preventDefault();
    document.body.classList.add('over');
  };
  const leave = () => document.body.classList.remove('over');
  const drop = (event: DragEvent) => {
    event.preventDefault();
    leave();
    const files = [...(event.dataTransfer?.files ?? [])];
    if (files.length > 0) void open(files.map((file) => ({ kind: 'file', file })));
  };
  document.addEventListener('dragover', over);
  document.addEventListener('dragleave', leave);
  document.addEventListener('drop', drop);
  return () => {
    document.removeEventListener('dragover', over);
    document.removeEventListener('dragleave', leave);
    document.removeEventListener('drop', drop);
  };
}
