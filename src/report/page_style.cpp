#include "report/page_style.h"

namespace nachos::report {

const char* const kPageStyle = R"css(
:root {
  color-scheme: light dark;
  --paper: #fbfaf8; --card: #ffffff; --ink: #1d1f23; --muted: #6b7078; --line: #e5e3de; --faint: #b9bcc2;
  --accent: #0b7a75; --soft: #0b7a7526; --wash: #0b7a750f;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #131518; --card: #1a1d21; --ink: #e8e8e6; --muted: #989da5; --line: #2c3036; --faint: #4d535c;
    --accent: #4cc9bf; --soft: #4cc9bf33; --wash: #4cc9bf12;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--paper); color: var(--ink); -webkit-text-size-adjust: 100%;
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif;
}
main { max-width: 1020px; margin: 0 auto; padding: 44px 20px 80px; }
h1 { font-size: 1.9rem; line-height: 1.2; letter-spacing: -.02em; margin: 0 0 .35rem; font-weight: 650; }
h2 { font-size: 1.12rem; letter-spacing: -.005em; margin: 2.8rem 0 .3rem; font-weight: 650; }
p { margin: .3rem 0 .9rem; max-width: 46rem; }
.note { color: var(--muted); font-size: .92rem; }
.brand { color: var(--accent); font-weight: 650; font-size: .8rem; letter-spacing: .12em; text-transform: uppercase; margin: 0 0 .6rem; }
.asked { display: flex; flex-wrap: wrap; gap: .4rem .5rem; list-style: none; padding: 0; margin: 1rem 0 0; }
.asked li { border: 1px solid var(--line); border-radius: 99px; padding: .12rem .8rem; font-size: .88rem; background: var(--card); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px; margin: 1.6rem 0 0; }
.tile { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 14px 16px 12px; }
.tile b { display: block; font-size: 1.5rem; line-height: 1.25; letter-spacing: -.02em; font-weight: 600; font-variant-numeric: tabular-nums; }
.tile span { color: var(--muted); font-size: .84rem; }
.tile.first { border-color: var(--accent); background: linear-gradient(var(--wash), var(--wash)), var(--card); }
.tile.first b { color: var(--accent); }
.figure, .table { background: var(--card); border: 1px solid var(--line); border-radius: 12px; overflow-x: auto; margin: .8rem 0; }
.figure { padding: 10px; }
svg { display: block; width: 100%; height: auto; font: 12px system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
svg text { fill: var(--ink); }
svg .tick { fill: var(--muted); font-size: 11px; font-variant-numeric: tabular-nums; }
svg .axis { fill: var(--muted); font-size: 12px; }
svg .middle { text-anchor: middle; }
svg .end { text-anchor: end; }
svg .grid { stroke: var(--line); stroke-width: 1; }
svg .seen { stroke: var(--faint); stroke-width: 3; stroke-linecap: round; fill: none; opacity: .8; }
svg .steps { stroke: var(--accent); stroke-width: 1.75; fill: none; stroke-linejoin: round; }
svg .front { fill: var(--card); stroke: var(--accent); stroke-width: 2; }
svg .test { fill: var(--accent); stroke: var(--card); stroke-width: 1.5; }
svg .before { fill: var(--faint); opacity: .7; }
svg .stem { stroke: var(--accent); stroke-width: 1; opacity: .6; }
svg circle:hover { stroke: var(--ink); }
svg .limit { stroke: var(--ink); stroke-width: 1.25; stroke-dasharray: 5 5; opacity: .75; }
svg .limit-label { font-size: 11.5px; font-weight: 600; paint-order: stroke; stroke: var(--card); stroke-width: 4px; }
svg .band { fill: var(--soft); }
svg .stage { fill: var(--card); stroke: var(--faint); }
svg .block { fill: var(--wash); stroke: var(--line); }
svg .exit { fill: var(--card); stroke: var(--accent); }
svg .name { font-weight: 600; }
svg .share { fill: var(--accent); font-size: 15px; font-weight: 650; font-variant-numeric: tabular-nums; }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1.3rem; color: var(--muted); font-size: .86rem; list-style: none; padding: 0; margin: 0 0 .4rem; }
.legend i { display: inline-block; width: 11px; height: 11px; border-radius: 50%; margin-right: .45rem; vertical-align: -1px; }
.legend .l-seen { background: var(--faint); opacity: .7; }
.legend .l-front { border: 2px solid var(--accent); }
.legend .l-test { background: var(--accent); }
table { border-collapse: collapse; width: 100%; font-size: .87rem; font-variant-numeric: tabular-nums; }
th, td { padding: .5rem .75rem; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line); }
th { color: var(--muted); font-weight: 550; font-size: .8rem; }
th:first-child, td:first-child, th.text, td.text { text-align: left; }
tr:last-child td { border-bottom: 0; }
tr.chosen td { background: var(--wash); }
tr.chosen td:first-child { box-shadow: inset 3px 0 var(--accent); }
td code { font-size: .84rem; }
code, pre { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
details { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: .6rem 1rem; margin: .8rem 0; }
summary { cursor: pointer; font-weight: 550; }
pre { overflow-x: auto; font-size: .8rem; line-height: 1.5; }
ul.plain { padding-left: 1.1rem; margin: .3rem 0; max-width: 46rem; }
@media (max-width: 600px) { main { padding: 26px 14px 60px; } h1 { font-size: 1.5rem; } th, td { padding: .45rem .55rem; } }
@media print { body { background: #fff; } .figure, .table, .tile, details { break-inside: avoid; } }
)css";

}  // namespace nachos::report
