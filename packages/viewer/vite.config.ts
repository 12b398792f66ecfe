import { defineConfig, type Plugin } from 'vite';
import { compiledLoops } from '../../scripts/compiled.ts';
import { POLICY } from './src/policy.ts';

/** The page's policy stands in the page itself, so that it holds on any static server. */
const policy: Plugin = {
  name: 'content-security-policy',
  transformIndexHtml: () => [
    {
      tag: 'meta',
      injectTo: 'head-prepend',
      attrs: { 'http-equiv': 'Content-Security-Policy', content: POLICY },
    },
  ],
};

export default defineConfig({
  root: import.meta.dirname,
  // The page works from any folder of any server.
  base: './',
  plugins: [policy],
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  worker: { format: 'es' },
  define: { KCRASH_COMPILED: JSON.stringify(Buffer.from(compiledLoops()).toString('base64')) },
  build: {
    outDir: '../../dist/viewer',
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
});
