/** The page's style sheet; it loads nothing. */
export const style = `
:root {
  color-scheme: light dark;
  --page: #fbfaf8; --panel: #ffffff; --rail: #f4f2ee; --ink: #1d2129; --soft: #666d7a; --line: #e5e1d9;
  --accent: #0f6b5c; --wash: #eef4f2; --code: #f3f1ec; --shell: #1f2430; --shell-ink: #dfe4ee;
  --get: #0f7a55; --put: #a35f00; --post: #1f5fbf; --patch: #7a3fb0; --delete: #b3312c;
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
  --mono: ui-monospace, "SF Mono", "Cascadia Code", "JetBrains Mono", Menlo, Consolas, monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14171c; --panel: #1a1e25; --rail: #171a20; --ink: #e4e7ec; --soft: #949cab; --line: #2a303a;
    --accent: #5cc7b2; --wash: #1a2a2a; --code: #232934; --shell: #0e1116; --shell-ink: #cfd6e2;
    --get: #4fc794; --put: #e0a348; --post: #74a8f5; --patch: #bd91ec; --delete: #f08279;
  }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 1.5rem; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.6 var(--sans); }
a { color: inherit; text-decoration: none; }
a:hover { color: var(--accent); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 3px; }
code, pre, .method, .status, var { font-family: var(--mono); font-size: .86em; font-style: normal; }
.layout { display: grid; grid-template-columns: 17.5rem minmax(0, 1fr); }

nav { position: sticky; top: 0; height: 100vh; overflow-y: auto; padding: 2rem 1.25rem; background: var(--rail);
  border-right: 1px solid var(--line); scrollbar-width: thin; }
nav .brand { display: block; font-size: 1.15rem; font-weight: 650; letter-spacing: -.01em; }
nav .brand small { display: block; color: var(--soft); font-size: .78rem; font-weight: 400; letter-spacing: 0; }
nav h2 { margin: 1.9rem 0 .4rem; color: var(--soft); font-size: .72rem; font-weight: 600; letter-spacing: .08em;
  text-transform: uppercase; }
nav ul { margin: 0; padding: 0; list-style: none; }
nav li a { display: flex; gap: .6rem; align-items: baseline; padding: .22rem .5rem; margin: 0 -.5rem; border-radius: 6px;
  font-size: .88rem; }
nav li a:hover { background: var(--wash); }
nav .method { width: 3.1rem; flex: none; padding: 0; background: none; font-size: .64rem; text-align: right; }

main { min-width: 0; max-width: 80rem; padding: 3.5rem clamp(1.25rem, 4vw, 4rem) 8rem; }
h1 { margin: 0; font-size: 2.3rem; font-weight: 680; letter-spacing: -.025em; line-height: 1.15; }
.lead { margin: .5rem 0 1.5rem; color: var(--soft); font-size: 1.12rem; }
.intro p { max-width: 44rem; }
.intro .link { color: var(--accent); border-bottom: 1px solid currentColor; }
section > h2 { margin: 4.5rem 0 0; font-size: 1.55rem; font-weight: 650; letter-spacing: -.018em; }
section > p { max-width: 44rem; }
article { padding: 2.5rem 0 2.75rem; border-bottom: 1px solid var(--line); }
article:last-child { border-bottom: 0; }
h3 { margin: 0; font-size: 1.18rem; font-weight: 620; letter-spacing: -.01em; }
h4 { margin: 1.9rem 0 .5rem; color: var(--soft); font-size: .74rem; font-weight: 600; letter-spacing: .07em;
  text-transform: uppercase; }
article header p { max-width: 46rem; margin: .6rem 0 0; }
article header .line { display: flex; gap: .75rem; align-items: center; max-width: none; margin-top: .75rem; }
.path { font-size: .95rem; overflow-wrap: anywhere; }
var { color: var(--accent); font-size: 1em; }
p code, td code, .needs code, summary code { padding: .08em .32em; border-radius: 4px; background: var(--code); }

.method { --tone: var(--soft); padding: .18rem .5rem; border-radius: 5px; color: var(--tone);
  background: color-mix(in srgb, var(--tone) 13%, transparent); font-size: .74rem; font-weight: 650; letter-spacing: .03em; }
.get { --tone: var(--get); } .put { --tone: var(--put); } .post { --tone: var(--post); }
.patch { --tone: var(--patch); } .delete { --tone: var(--delete); }

.columns { display: grid; grid-template-columns: minmax(0, 1fr); gap: 0 2.75rem; }
aside { min-width: 0; }
pre { margin: 0; padding: 1rem 1.15rem; overflow-x: auto; border-radius: 10px; background: var(--shell); color: var(--shell-ink);
  line-height: 1.65; scrollbar-width: thin; }
@media (min-width: 75rem) {
  .columns { grid-template-columns: minmax(0, 1fr) 23rem; }
  aside > div { position: sticky; top: 0; max-height: 100vh; overflow-y: auto; padding-bottom: 1.5rem; scrollbar-width: none; }
}

.needs { display: flex; flex-wrap: wrap; gap: .9rem 2rem; margin: 1.5rem 0 0; padding: .85rem 1.1rem;
  border: 1px solid var(--line); border-radius: 10px; background: var(--panel); }
.needs dt { color: var(--soft); font-size: .74rem; }
.needs dd { margin: .1rem 0 0; font-size: .9rem; }

.scroll { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: .9rem; }
th { padding: .35rem 1rem .35rem 0; color: var(--soft); font-size: .78rem; font-weight: 500; text-align: left; }
td { padding: .55rem 1rem .55rem 0; border-top: 1px solid var(--line); vertical-align: top; }
.fields { table-layout: fixed; min-width: 30rem; }
.fields th:first-child { width: 30%; } .fields th:nth-child(2) { width: 19%; }
td:first-child { overflow-wrap: anywhere; }
td b { color: var(--delete); font-weight: 600; }
td small { display: block; color: var(--soft); font-size: .84rem; }
tr:target td { background: var(--wash); }
.type { color: var(--soft); font-size: .84rem; }
.parent { color: var(--soft); }

.answer, .refusal { padding: .5rem 0; border-top: 1px solid var(--line); font-size: .9rem; }
.refusal { display: flex; gap: .75rem; align-items: baseline; }
.answer .status { margin-right: .5rem; }
.status { --tone: var(--soft); flex: none; padding: .1rem .4rem; border-radius: 5px; color: var(--tone);
  background: color-mix(in srgb, var(--tone) 12%, transparent); font-weight: 600; }
.s2 { --tone: var(--get); } .s3 { --tone: var(--post); } .s4 { --tone: var(--put); } .s5 { --tone: var(--delete); }
.code { display: inline-block; margin-right: .55rem; color: var(--soft); font-family: var(--mono); font-size: .8rem; }
summary { cursor: pointer; }
summary::marker { color: var(--soft); }
details table { margin: .5rem 0 1rem; }

@media (max-width: 56rem) {
  .layout { grid-template-columns: minmax(0, 1fr); }
  nav { position: static; height: auto; max-height: 20rem; border-right: 0; border-bottom: 1px solid var(--line); }
}
@media print { nav { display: none; } .layout { display: block; } pre { white-space: pre-wrap; } }
`;
