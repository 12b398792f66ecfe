/**
 * The page's Content-Security-Policy: its own script, style, worker and WebAssembly, requests to its own origin alone (a dump that
 * `kcrash view` serves), and nothing else. `frame-ancestors` counts in a header only; `kcrash view` adds it.
 */
export const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types kcrash',
].join('; ');
