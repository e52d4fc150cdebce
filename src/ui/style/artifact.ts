/** The view of a tag or digest, its referrers and comparisons. */
export const artifactStyle = `
.head h1~.chips{margin-top:10px}
.section>h3,.section details h3{margin:18px 0 6px}
.pull .copy+p{margin:8px 0 4px}
.pull details{margin-top:8px}
.pull h3+.copy{margin-top:0}
.pull .copy+.notice{margin-top:12px}
.sized{width:34%}
.cell{flex:1;min-width:0}
.sized .meter{margin-top:5px;max-width:20rem}
.layers .command{display:block;white-space:pre-wrap;overflow-wrap:anywhere;font-size:13px}
tr.quiet td,tr.quiet th,tr.gone td,tr.gone th{color:var(--soft)}
.table.entries{table-layout:fixed}
.table.entries tbody th{font-weight:450}
.table.entries th:first-child{width:32%}
.table.changes{table-layout:fixed}
.table.changes th:first-child{width:26%}
@media (max-width:959px){.table.entries th:first-child{width:44%}}
@media (max-width:719px){.table.changes th:first-child,.table.entries th:first-child,.sized{width:auto}}
.plain-list>li+li{margin-top:2px}
.steps{display:grid;grid-template-columns:minmax(0,1fr);gap:6px;margin-top:8px}
.steps li{border-left:3px solid var(--line);padding:2px 10px;white-space:pre-wrap}
.steps .added{border-color:var(--good);background:var(--good-ground)}
.steps .removed{border-color:var(--bad);background:var(--bad-ground)}
ins,del{text-decoration:none}
table.states tbody th{white-space:nowrap}
tr.added th{color:var(--good)}
tr.removed th{color:var(--bad)}
.raw{padding:14px 16px;overflow-x:auto;scrollbar-color:var(--line-strong) transparent;max-height:70vh;font-size:13px;line-height:1.5;background:var(--raised)}
.raw+details{margin-top:12px}
.tree{display:grid;grid-template-columns:minmax(0,1fr);gap:12px}
.section .kind{display:flex;align-items:center;gap:8px;margin:14px 0 8px}
.tree .inner{margin:10px 0 0;padding-left:clamp(12px,3vw,28px);border-left:2px solid var(--line)}
.referrer{padding:12px 16px}
.referrer>*+*{margin-top:8px}
.referrer-head{display:flex;flex-wrap:wrap;align-items:center;gap:4px 12px}
.referrer-head p{margin-left:auto}
.choice~.lead{margin:10px 0 16px}
.section>p+.raw{margin-top:10px}
.choice{align-items:flex-end;justify-content:flex-start;margin:16px 0}
.choice .field{margin:0;flex:1 1 12rem;max-width:24rem}
.choice select,.choice input{width:100%}
`
