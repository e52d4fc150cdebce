/** The home view. */
export const homeStyle = `
.status{border:1px solid var(--line);border-radius:var(--radius);padding:12px 16px;margin-bottom:24px;background:var(--raised)}
.status .facts{margin:0}
.health{display:inline-flex;align-items:center;gap:7px}
.health::before{content:"";width:9px;height:9px;border-radius:50%;background:var(--warn)}
.health.ok::before{background:var(--good)}
.repositories thead th:first-child{width:50%}
.repositories td,.repositories tbody th[scope=row]{padding-top:7px;padding-bottom:7px}
.repositories .group th{padding:22px 0 5px;font-size:13px;font-weight:600;color:var(--soft);border-bottom:1px solid var(--line)}
.repositories tbody:first-of-type .group th{padding-top:14px}
.repositories .group a{color:inherit}
.repositories .name{display:inline-block;min-height:24px;color:var(--ink);font-weight:600;font-size:15px}
.repositories .name:hover{color:var(--accent)}
.ns{color:var(--soft);font-weight:400}
.orders{display:flex;flex-wrap:wrap;align-items:center;gap:2px;font-size:14px;color:var(--soft)}
.orders span{margin-right:6px}
.orders a{display:inline-flex;align-items:center;min-height:32px;padding:0 10px;border-radius:6px;color:var(--soft)}
.orders a:hover{color:var(--ink);background:var(--raised);text-decoration:none}
.orders a[aria-current]{color:var(--ink);background:var(--sunk);font-weight:560}
.first details{border:1px solid var(--line);border-radius:var(--radius);padding:4px 16px;margin-bottom:8px}
.first details[open]{padding-bottom:14px}
.first summary{display:flex;min-height:40px;gap:8px}
.first .copy+.copy{margin-top:6px}
.tools-list{margin:20px 0}
.sentence::first-letter{text-transform:uppercase}
@media (max-width:719px){.repositories tbody th[scope=row]{padding-bottom:0!important}.repositories .group{padding:0!important}.table.repositories .group th{padding:18px 0 4px!important}.table.stack.repositories td{display:inline-flex!important;gap:5px;margin-right:16px}.table.stack.repositories td::before{width:auto!important}}
`
