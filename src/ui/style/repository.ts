/** The repository view. */
export const repositoryStyle = `
.clamp{display:-webkit-box;-webkit-line-clamp:3;-webkit-box-orient:vertical;overflow:hidden;white-space:pre-line}
.tags .chip{max-width:min(100%,15rem)}
.tags td .chips li{max-width:15rem}
.tags .names{min-width:8rem;display:flex;flex-wrap:wrap;align-items:baseline;gap:0 10px}
a.tag{display:inline-block;min-height:24px;font-weight:620;font-size:15px}
.alias{display:inline-block;min-height:24px;font-weight:450}
.marks{margin-top:3px}
.marks .chip{min-height:24px;font-size:12.5px;border-color:transparent;font-weight:450}
.sub{display:block;font-size:12.5px;font-weight:400;color:var(--soft)}
.tags td.choice{width:32px;padding-right:4px;vertical-align:top}
.head .side{flex:0 1 auto;max-width:min(100%,40rem);min-width:min(100%,16rem)}
.tags .helper .tag,.tags .helper .alias{font-weight:450;color:var(--soft)}
.tags tbody th{width:24%}
.tags tbody .platforms{width:40%}
.tabs+.pairs{border-top:0;margin-top:-8px}
.chosen{display:flex;flex-wrap:wrap;align-items:center;justify-content:space-between;gap:8px 20px;margin-top:12px}
.quiet-link{color:var(--soft);font-size:14px;min-height:24px}
.quiet-link:hover{color:var(--bad)}
.gap-above{margin-top:12px}
.gap-below{margin-bottom:12px}
@media (max-width:959px){.tags .digest{display:none}.tags tbody .platforms{width:50%}}
@media (max-width:719px){
.orders>span{display:none}
.orders a:first-of-type:not([aria-current]){margin-left:-10px}
.tags tbody th,.tags tbody .platforms{width:auto!important}
.table.stack.tags tr{position:relative}
.table.stack.tags .choice{position:absolute;right:0;top:12px}
.table.stack.tags .choice~th{padding-right:40px}
.table.stack.tags td:not(.choice){display:inline-flex;gap:0;margin-right:14px}
.table.stack.tags td.platforms{display:block;margin-right:0}
.table.stack.tags td::before{content:none!important}
.table.stack.tags td .sub{display:inline;margin-left:4px}
.table.stack td:has(>.none:only-child){display:none!important}
}
`
