/** The look of a report: follows the reader's choice of light or dark, and prints in black on white. */
export const STYLE = `
:root { color-scheme: light dark; --ink: #1c1e21; --paper: #fff; --soft: #5c6370; --line: #d8dce2; --box: #f5f6f8; --bad: #b3261e; --name: #0b5394; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e4e6ea; --paper: #16181c; --soft: #9aa1ac; --line: #33373e; --box: #1f2228; --bad: #ff8a80; --name: #8ab4f8; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 72rem; padding: 1.5rem; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: 0 0 1rem; color: var(--bad); overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; padding-bottom: .25rem; border-bottom: 1px solid var(--line); }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .15rem .75rem .15rem 0; overflow-wrap: anywhere; }
th { font-weight: 600; color: var(--soft); white-space: nowrap; }
table.list td, table.list th { border-bottom: 1px solid var(--line); }
td.number { text-align: right; white-space: nowrap; }
pre, code { font: 13px/1.45 ui-monospace, monospace; }
pre { margin: .25rem 0 .75rem; padding: .6rem .8rem; background: var(--box); border-radius: 6px; overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere; }
details { margin: .25rem 0; }
summary { cursor: pointer; }
details > pre, details > table, details > div { margin-left: 1.1rem; }
.bad { color: var(--bad); }
.name { color: var(--name); }
.soft { color: var(--soft); }
ul { margin: .25rem 0; padding-left: 1.2rem; }
footer { margin-top: 2.5rem; color: var(--soft); font-size: .85rem; }
@media print {
  :root { color-scheme: light; --ink: #000; --paper: #fff; --soft: #444; --line: #bbb; --box: #fff; --bad: #000; --name: #000; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  pre { border: 1px solid var(--line); font-size: 8pt; }
  h2 { break-after: avoid; }
  details::details-content { content-visibility: visible; height: auto; }
}
`;
