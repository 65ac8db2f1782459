/** The style of the audit's page, in light and in dark. Colours of the series can be told apart by all. */
export const auditStyle = `
:root { color-scheme: light dark; --ink: #1c2024; --soft: #5a636d; --line: #d9dee3; --page: #fff; --card: #f5f7f9;
  --blue: #2f6fb7; --red: #c8372d; --amber: #c77d0a; --green: #23834a; --grey: #7b8591; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ebee; --soft: #a3adb8; --line: #39414a; --page: #14181c;
  --card: #1e242a; --blue: #6ea8e8; --red: #f2776d; --amber: #e5ab4f; --green: #5cc286; --grey: #98a3af; } }
body { margin: 0 auto; padding: 2rem 1rem 4rem; max-width: 800px; background: var(--page); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.2rem; margin: 0 0 1rem; }
h2 { font-size: 1.1rem; margin: 2.2rem 0 .6rem; }
.verdict { border-left: 6px solid var(--tone); background: var(--card); padding: .9rem 1.2rem; border-radius: 4px; }
.verdict strong { display: block; font-size: 1.6rem; color: var(--tone); }
.complete { --tone: var(--green); } .lost { --tone: var(--red); } .cannot_say { --tone: var(--amber); }
.nothing { --tone: var(--grey); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(130px, 1fr)); gap: .8rem; margin: 1rem 0; }
.tile { background: var(--card); border-radius: 4px; padding: .7rem 1rem; }
.tile b { display: block; font-size: 1.5rem; font-variant-numeric: tabular-nums; }
.tile span, figcaption, .soft, footer { color: var(--soft); font-size: .9rem; }
figure { margin: 1rem 0; } figcaption i { display: inline-block; width: .8em; height: .8em; margin: 0 .3em 0 1em; }
svg { width: 100%; height: auto; } .grid { stroke: var(--line); } .tick { stroke: var(--soft); }
.axis { fill: var(--soft); font: 12px system-ui, sans-serif; }
.blue { fill: var(--blue); background: var(--blue); } .red { fill: var(--red); background: var(--red); }
.amber { fill: var(--amber); background: var(--amber); } .grey { fill: var(--grey); background: var(--grey); }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: left; padding: .35rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--soft); font-weight: 600; } .number { text-align: right; font-variant-numeric: tabular-nums; }
td:first-child { overflow-wrap: anywhere; } footer { margin-top: 3rem; }
@media print { body { max-width: none; } figure, .verdict, tr { break-inside: avoid; } }
`;
