//! The plan's part of the page's style.

pub(in crate::view) const STYLE: &str = "
.verdict { border-left: .35rem solid var(--line); border-radius: .5rem; padding: .9rem 1.2rem;
  background: var(--soft); }
.verdict.good { border-color: var(--good); background: var(--good-soft); }
.verdict.warn { border-color: var(--warn); background: var(--warn-soft); }
.verdict.bad { border-color: var(--bad); background: var(--bad-soft); }
article { margin-top: 2.2rem; padding-top: .4rem; }
article + article { border-top: 1px solid var(--line); padding-top: 1.6rem; }
.name { font-size: 1.3rem; margin: 0 0 .4rem; }
.name .faint { font-size: .85rem; font-weight: 400; }
.findings { list-style: none; padding: 0; display: grid; gap: .45rem; }
.findings li { padding: .5rem .8rem; border-radius: .4rem; }
.findings .bad { background: var(--bad-soft); }
.findings .bad b { color: var(--bad); }
.findings .warn { background: var(--warn-soft); }
.findings .warn b { color: var(--warn); }
.beside { margin-top: 1.4rem; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0; }
th { text-align: left; color: var(--faint); font-weight: 500; font-size: .85rem; }
td, th { padding: .32rem .8rem .32rem 0; vertical-align: top; border-bottom: 1px solid var(--line); }
.figure { font-variant-numeric: tabular-nums; white-space: nowrap; }
.counts td { border: 0; }
.counts .figure { text-align: right; width: 1%; }
.counts .sign { width: 1.2rem; text-align: center; font-weight: 700; }
.counts .send { font-size: 1.15rem; font-weight: 600; }
.send .sign { color: var(--good); }
.same .sign { color: var(--accent); }
.differs .sign { color: var(--warn); }
.held .sign { color: var(--held); }
.skipped .sign, .gone .sign { color: var(--faint); }
.stack { width: 100%; height: 1rem; display: block; border-radius: .5rem; }
.stack .send { fill: var(--good); }
.stack .same { fill: var(--accent); }
.stack .differs { fill: var(--warn); }
.stack .held { fill: var(--held); }
.stack .skipped { fill: var(--faint); opacity: .45; }
.stack .gone { fill: none; }
.time { width: 100%; height: auto; display: block; }
.time text { fill: var(--faint); font: 12px system-ui, sans-serif; }
.time .strong { fill: var(--ink); font-weight: 600; }
.time .track { fill: var(--line); }
.time .sending { fill: var(--good); }
.time .closing { fill: var(--warn); opacity: .55; }
.time .end { stroke: var(--bad); stroke-width: 2; }
.time .tick { stroke: var(--faint); stroke-width: 1; }
.chart td, .chart th { border: 0; padding-top: .15rem; padding-bottom: .15rem; }
.chart th { width: 1%; white-space: nowrap; }
.chart .figure { width: 1%; text-align: right; }
.chart .share { width: 60%; vertical-align: middle; }
.chart svg { display: block; width: 100%; height: .8rem; }
.chart rect { fill: var(--accent); }
.changes del { color: var(--bad); }
.changes ins { color: var(--good); text-decoration: none; }
details { margin: 1rem 0; }
summary { cursor: pointer; font-weight: 600; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
@media print { article { break-inside: auto; } tr, .findings li, .time { break-inside: avoid; } }
@media (max-width: 40rem) { body { padding: 1rem; } dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: .5rem; } .chart .share { width: 35%; } }
";
