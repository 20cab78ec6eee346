"""How the report looks: one column of text, light or dark as the reader's system is."""

STYLE = """
:root{color-scheme:light dark;--back:#fdfcfa;--front:#1c1b1a;--soft:#6b6863;--line:#e2ded7;--panel:#f4f1ec;
--source:#9a958c;--sound:#7fb2d6;--best:#0072b2;--baseline:#e69f00}
@media(prefers-color-scheme:dark){:root{--back:#171615;--front:#ece8e1;--soft:#a29d94;--line:#35322e;--panel:#211f1d;
--source:#7b766d;--sound:#3f6f91;--best:#56b4e9;--baseline:#d99a1c}}
*{box-sizing:border-box}
body{margin:0;background:var(--back);color:var(--front);font:16px/1.55 system-ui,sans-serif}
main{max-width:61rem;margin:0 auto;padding:2.5rem 1.25rem 5rem}
h1{font-size:1.9rem;line-height:1.2;margin:0 0 .3rem}
h2{font-size:1.15rem;margin:2.6rem 0 .5rem}
.lead{color:var(--soft);margin:0 0 1.6rem}
.answer{border-left:3px solid var(--line);padding:.1rem 0 .1rem 1rem;margin:0 0 1rem;max-width:48rem}
.answer:first-of-type{border-color:var(--best)}
.answer h2{font-size:1rem;margin:0;color:var(--soft);font-weight:600}
.answer p{margin:.1rem 0 0}
.answer:first-of-type p{font-size:1.15rem}
.scroll{overflow-x:auto}
table{border-collapse:collapse;font-size:.92rem;margin:.8rem 0;font-variant-numeric:tabular-nums}
th{text-align:left;font-weight:600;color:var(--soft);vertical-align:bottom}
th,td{padding:.3rem .9rem .3rem 0;border-bottom:1px solid var(--line)}
td{white-space:nowrap}
small,figcaption{color:var(--soft)}
svg{max-width:100%;height:auto;font:13px system-ui,sans-serif;display:block}
svg text{fill:var(--front);dominant-baseline:middle}
svg .name{text-anchor:end}svg .tick{text-anchor:middle;fill:var(--soft);font-size:12px}
.bar.source{fill:var(--source)}.bar.sound{fill:var(--sound)}.bar.best{fill:var(--best)}.bar.baseline{fill:var(--baseline)}
.interval{stroke:var(--front);stroke-width:1.4;fill:none}
.grid{stroke:var(--line);fill:none}.chance{stroke:var(--front);stroke-dasharray:4 4;fill:none}
.frame{fill:var(--panel)}
.maps{display:flex;flex-wrap:wrap;gap:1rem}.maps figure{margin:0;flex:1 1 17rem;max-width:20rem}
.key{display:inline-flex;align-items:center;margin:0 .9rem .2rem 0;font-size:.9rem}
.key i{width:.75rem;height:.75rem;border-radius:50%;margin-right:.35rem}
audio{height:2.1rem;width:15rem;display:block}
img{max-width:100%;border-radius:6px}
.rho{display:inline-block;min-width:10rem;background:linear-gradient(var(--sound),var(--sound)) no-repeat 3.4rem 50%/
calc(var(--size)*6.5rem) .7rem}
.rho.down{background-image:linear-gradient(var(--baseline),var(--baseline))}
details{margin:.6rem 0}summary{cursor:pointer;color:var(--soft)}
li{margin:.25rem 0}
@media print{audio,details{display:none}}
"""
