// The CSS of the training report. Blue and orange differ in lightness as well as in hue, so that they stay apart for
// colour-blind eyes and on a black-and-white printer; amber and blue on faces are the library's overlay colours.
#pragma once

namespace lineament::cli {

inline constexpr const char* kReportStyle = R"css(
:root {
  color-scheme: light dark;
  --page: #fcfcfb; --panel: #ffffff; --ink: #1d2126; --soft: #5b636d; --edge: #dfe2e6; --grid: #e9ebee;
  --train: #16599c; --held: #d1660a; --fill: rgba(22, 89, 156, .11); --bar: #5b8fc4;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --page: #14171a; --panel: #1b1f24; --ink: #e4e7ea; --soft: #9aa4af; --edge: #32383f; --grid: #2a3037;
    --train: #6fb3f2; --held: #ff9d45; --fill: rgba(111, 179, 242, .15); --bar: #4f88bf;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0 auto; padding: 2.2rem 1.25rem 3rem; max-width: 74rem; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", Arial, sans-serif;
}
h1 { font-size: 1.65rem; line-height: 1.25; margin: 0 0 .3rem; font-weight: 650; letter-spacing: -.01em; }
h2 { font-size: 1.15rem; margin: 2.6rem 0 .3rem; font-weight: 650; }
h1, h2, p, td, th, figcaption { overflow-wrap: anywhere; }
p { margin: .2rem 0; max-width: 46rem; }
sup { line-height: 0; font-size: .75em; }
.soft { color: var(--soft); }
.grid {
  display: grid; gap: 1rem; margin-top: .9rem;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 27rem), 1fr));
}
figure { margin: 0; min-width: 0; }
.panel { background: var(--panel); border: 1px solid var(--edge); border-radius: 6px; padding: .8rem .9rem .6rem; }
.panel figcaption { margin-bottom: .35rem; line-height: 1.35; }
.panel figcaption span { color: var(--soft); font-size: .87rem; }
.tiles { display: grid; gap: 1rem; margin-top: 1rem; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); }
.tile { border-top: 3px solid var(--train); padding-top: .45rem; }
.tile b { display: block; font-size: 1.75rem; line-height: 1.2; font-weight: 600; font-variant-numeric: tabular-nums; }
.tile b small { font-size: 1rem; font-weight: 400; }
.tile span { display: block; font-size: .87rem; line-height: 1.35; color: var(--soft); }
.tile .what { color: var(--ink); font-weight: 600; }

svg { display: block; width: 100%; height: auto; overflow: visible; font-variant-numeric: tabular-nums; }
svg text { font-size: 13px; fill: var(--ink); }
svg .tick, svg .name { fill: var(--soft); }
svg .note, svg .bar-value { paint-order: stroke; stroke: var(--panel); stroke-width: 4px; stroke-linejoin: round; }
svg .end { text-anchor: end; }
svg .middle { text-anchor: middle; }
svg .label { font-weight: 600; }
svg text.train { fill: var(--train); }
svg text.held { fill: var(--held); }
svg .grid { stroke: var(--grid); stroke-width: 1; }
svg .axis { stroke: var(--soft); stroke-width: 1; }
svg .mark { stroke: var(--soft); stroke-width: 1.2; stroke-dasharray: 4 3; }
svg .line { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
svg .line.train { stroke: var(--train); }
svg .line.held { stroke: var(--held); stroke-width: 2.4; }
svg .line.thin { stroke-width: 1.2; }
svg .dot.train { fill: var(--train); }
svg .dot.held { fill: var(--held); }
svg .fill { fill: var(--fill); }
svg .bar { fill: var(--bar); }

.faces { display: grid; gap: .9rem .7rem; margin-top: .7rem; grid-template-columns: repeat(6, 1fr); }
.faces figure { min-width: 0; }
.faces img, .faces .none { display: block; width: 100%; height: auto; border-radius: 4px; background: var(--grid); }
.faces a { cursor: zoom-in; }
.faces .close { display: none; cursor: zoom-out; }
.faces :target img {
  position: fixed; inset: 0; z-index: 1; width: 100%; height: 100%; object-fit: contain; border-radius: 0;
  background: var(--page);
}
.faces :target .close { display: block; position: fixed; inset: 0; z-index: 2; }
.faces .none { aspect-ratio: 1; display: grid; place-items: center; color: var(--soft); font-size: .85rem; }
.faces figcaption { font-size: .85rem; line-height: 1.3; padding-top: .25rem; }
.faces figcaption b { font-variant-numeric: tabular-nums; }
.faces figcaption span {
  color: var(--soft); display: -webkit-box; -webkit-line-clamp: 2; -webkit-box-orient: vertical; overflow: hidden;
}
.key {
  display: inline-block; width: .75em; height: .75em; border-radius: 50%;
  margin: 0 .3em 0 0; border: 1px solid var(--edge);
}
.key.next { margin-left: 1em; }
.key.truth { background: rgb(60, 160, 255); }
.key.predicted { background: rgb(255, 176, 0); }

table { border-collapse: collapse; font-size: .92rem; }
th, td { text-align: left; vertical-align: top; padding: .32rem .9rem .32rem 0; border-bottom: 1px solid var(--edge); }
.facts { margin-top: .7rem; width: 100%; max-width: 58rem; }
.facts th { font-weight: 500; color: var(--soft); width: 13rem; }
.scroll { overflow-x: auto; }
.epochs th, .epochs td {
  text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums;
  padding: .22rem .9rem .22rem 0;
}
.epochs th { vertical-align: bottom; font-weight: 500; color: var(--soft); }
.epochs { font-size: .85rem; }
.epochs .best { font-weight: 650; }
details { margin-top: 1rem; }
summary { cursor: pointer; font-weight: 600; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .3rem 1.2rem; font-size: .92rem; max-width: 58rem; }
dt { font-weight: 600; }
dd { margin: 0; }

@media (max-width: 56rem) { .faces { grid-template-columns: repeat(4, 1fr); } }
@media (max-width: 34rem) {
  body { padding: 1.3rem .85rem 2rem; }
  .panel { padding: .65rem .5rem .4rem .6rem; }
  .tiles { grid-template-columns: repeat(2, 1fr); }
  .facts th { width: 8rem; }
  .faces { grid-template-columns: repeat(3, 1fr); gap: .7rem .5rem; }
  svg text { font-size: 15px; }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: .6rem; }
}
@media print {
  @page { margin: 14mm; }
  body { padding: 0 1px; max-width: none; font-size: 10pt; background: none; }
  svg text { font-size: 15px; }
  .grid { grid-template-columns: 1fr 1fr; }
  .faces { grid-template-columns: repeat(6, 1fr); }
  .tiles { grid-template-columns: repeat(5, 1fr); }
  .tile b { font-size: 1.4rem; }
  figure, .tile, tr { break-inside: avoid; }
  h2, h2 + p { break-after: avoid; }
  details:not([open]) { display: none; }
  * { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
}
)css";

}  // namespace lineament::cli
