/** What views are made of: see `src/ui/components`. */
export const components = `
.crumbs{font-size:14px;color:var(--soft);margin-bottom:6px}
.crumbs ol{display:flex;flex-wrap:wrap;gap:0 2px}
.crumbs li{display:inline-flex;align-items:center}
.crumbs li+li::before{content:"/";padding:0 4px;color:var(--line-strong)}
.crumbs a{padding:3px 0;min-height:24px}
.head{display:flex;flex-wrap:wrap;align-items:flex-start;justify-content:space-between;gap:12px 24px;margin-bottom:20px}
.head>div:first-child{min-width:0;flex:1 1 24rem}
.head+.facts,h1+.facts,h1+.lead{margin-top:14px}
.section+.actions,.section+form,form>.section+.actions{margin-top:24px}
.lead{color:var(--soft);margin-top:6px;max-width:68ch}
.clamp,.pairs dd,.entries td{unicode-bidi:plaintext;text-align:left}
.actions{display:flex;flex-wrap:wrap;gap:8px}
.section{margin-top:32px}
.section>h2{margin-bottom:10px}
.tabs+.section{margin-top:20px}
.panel{border:1px solid var(--line);border-radius:var(--radius);background:var(--ground)}
.chips{display:flex;flex-wrap:wrap;gap:5px;min-width:0;max-width:100%}
.chip{display:inline-flex;align-items:center;gap:6px;min-height:24px;padding:1px 8px;border:1px solid var(--line);border-radius:6px;background:var(--raised);color:var(--ink);font-size:13px;line-height:1.35;white-space:nowrap;max-width:100%}
.chips li{max-width:100%;min-width:0}
.chip>span{min-width:0;overflow:hidden;text-overflow:ellipsis}
.chip data,.chip small{color:var(--soft);font-size:12px}
a.chip:hover{border-color:var(--accent);text-decoration:none}
.chip.gone{border-style:dashed;background:none;color:var(--soft)}
.chip.good{background:var(--good-ground);border-color:transparent;color:var(--good)}
.chip.warn{background:var(--warn-ground);border-color:transparent;color:var(--warn)}
.chip.bad{background:var(--bad-ground);border-color:transparent;color:var(--bad)}
.chip.accent{background:var(--accent-ground);border-color:transparent;color:var(--accent)}
.facts{display:flex;flex-wrap:wrap;gap:10px 32px;margin:0 0 20px}
.facts div{min-width:0}
.facts dt{font-size:12.5px;color:var(--soft)}
.facts dd{font-weight:560}
.facts code{font-weight:500}
.facts .inline-copy{margin:-4px 0;vertical-align:baseline}
.listing{columns:2 24rem;column-gap:32px}
.listing li{break-inside:avoid}
.facts dd a,.facts dd .plain{font-weight:400}
.pairs{display:grid;grid-template-columns:minmax(7rem,max-content) minmax(0,1fr);border-top:1px solid var(--line)}
.pairs>div{display:grid;grid-template-columns:subgrid;grid-column:1/-1;gap:0 20px;border-bottom:1px solid var(--line);padding:7px 0}
.pairs dt{color:var(--soft)}
.pairs dd{min-width:0;white-space:pre-wrap}
.meter{display:block;width:100%;height:6px;border-radius:3px;background:var(--sunk);overflow:hidden}
.meter rect{fill:var(--accent)}
.copy{display:flex;align-items:stretch;border:1px solid var(--line);border-radius:var(--radius);background:var(--raised);min-width:0}
.copy code{flex:1;min-width:0;padding:9px 12px;overflow-x:auto;white-space:pre;scrollbar-width:thin;scrollbar-color:var(--line-strong) transparent;border-radius:var(--radius) 0 0 var(--radius);font-size:13px}
.copy-button{flex:none;display:none;align-items:center;justify-content:center;min-width:44px;min-height:24px;border:0;background:none;color:var(--soft);cursor:pointer;border-radius:var(--radius);font:inherit}
.js .copy-button{display:inline-flex}
.copy .copy-button{border-left:1px solid var(--line);border-radius:0 var(--radius) var(--radius) 0}
.copy-button:hover{color:var(--accent)}
.copy-button svg{width:16px;height:16px}
.copy-button .after,.copy-button.done .before{display:none}
.copy-button.done{color:var(--good)}
.copy-button.done .after{display:inline}
.inline-copy{display:inline-flex;align-items:center;gap:2px;max-width:100%}
.inline-copy code{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.inline-copy .copy-button{min-width:28px;min-height:28px}
.live{margin:0}
.live button{margin-bottom:8px}
.live:not(:has(button)){position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.notice{border:1px solid var(--line);border-left:3px solid var(--line-strong);border-radius:var(--radius);padding:10px 14px;background:var(--raised);margin:0 0 16px}
.notice.warn{border-color:transparent;border-left-color:var(--warn);background:var(--warn-ground)}
.notice.bad{border-color:transparent;border-left-color:var(--bad);background:var(--bad-ground)}
.notice.good{border-color:transparent;border-left-color:var(--good);background:var(--good-ground)}
.empty{max-width:42rem;margin:min(10vh,72px) auto 0}
.empty h1,.empty h2{margin-bottom:10px}
.empty p+p{margin-top:12px}
.empty p+.actions{margin-top:20px}
.error-status{font:600 15px/1 var(--mono);color:var(--accent);margin-bottom:12px!important}
.tabs{display:flex;gap:20px;border-bottom:1px solid var(--line);margin-bottom:16px;overflow-x:auto;scrollbar-width:none}
.tabs a{display:inline-flex;align-items:center;gap:8px;min-height:44px;padding:0 2px;color:var(--soft);border-bottom:2px solid transparent;margin-bottom:-1px;white-space:nowrap}
.tabs a:hover{color:var(--ink);text-decoration:none}
.tabs a[aria-current]{color:var(--ink);font-weight:600;border-color:var(--accent)}
.tabs a:focus-visible{outline-offset:-2px}
.count{font-size:12.5px;font-weight:500;color:var(--soft);background:var(--sunk);border-radius:10px;padding:0 7px;line-height:20px}
.pager{display:flex;flex-wrap:wrap;align-items:center;gap:8px 16px;margin-top:16px;color:var(--soft);font-size:14px}
details>summary{display:inline-flex;align-items:center;gap:8px;cursor:pointer;min-height:32px;padding:4px 0;list-style:none}
details>summary::-webkit-details-marker{display:none}
details>summary::before{content:"";flex:none;width:6px;height:6px;border:solid var(--soft);border-width:0 1.5px 1.5px 0;transform:rotate(-45deg)}
details[open]>summary::before{transform:rotate(45deg) translate(-1px,-1px)}
summary:hover{color:var(--accent)}
`
