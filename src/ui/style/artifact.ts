/** The view of a tag or digest, its referrers and comparisons. */
export const artifactStyle = `
h1+.chips{margin-top:10px}
.section>h3,.section details h3{margin:18px 0 6px}
.pull .copy+p{margin:8px 0 4px}
.pull details{margin-top:8px}
.pull h3+.copy{margin-top:0}
.sized{width:34%}
.sized .meter{margin-top:5px;max-width:20rem}
.layers .command{display:block;white-space:pre-wrap;overflow-wrap:anywhere;font-size:13px}
tr.quiet td,tr.quiet th,tr.gone td,tr.gone th{color:var(--soft)}
.table.entries{table-layout:fixed}
.table.entries th:first-child{width:min(34%,20rem)}
.plain-list li+li{margin-top:2px}
.steps{display:grid;gap:6px;margin-top:8px}
.steps li{border-left:3px solid var(--line);padding:2px 10px;white-space:pre-wrap}
.steps .added{border-color:var(--good);background:var(--good-ground)}
.steps .removed{border-color:var(--bad);background:var(--bad-ground)}
ins,del{text-decoration:none}
tr.added th{color:var(--good)}
tr.removed th{color:var(--bad)}
.raw{padding:14px 16px;overflow-x:auto;max-height:70vh;font-size:13px;line-height:1.5;background:var(--raised)}
.tree{display:grid;gap:12px}
.tree .tree{margin:8px 0 0;padding-left:clamp(12px,3vw,28px);border-left:2px solid var(--line)}
.referrer{padding:12px 16px}
.referrer>*+*{margin-top:8px}
.choice{align-items:flex-end;justify-content:flex-start;margin:16px 0}
.choice .field{margin:0;flex:1 1 12rem;max-width:24rem}
.choice select,.choice input{width:100%}
`
