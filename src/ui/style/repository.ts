/** The repository view. */
export const repositoryStyle = `
.clamp{display:-webkit-box;-webkit-line-clamp:3;-webkit-box-orient:vertical;overflow:hidden;white-space:pre-line}
.tags .names{display:flex;flex-wrap:wrap;align-items:baseline;gap:0 10px}
a.tag{display:inline-block;min-height:24px;font-weight:620;font-size:15px}
.alias{display:inline-block;min-height:24px;font-weight:450}
.marks{margin-top:3px}
.marks .chip{min-height:24px;font-size:12.5px;border-color:transparent;font-weight:450}
.sub{display:block;font-size:12.5px;font-weight:400;color:var(--soft)}
.tags td.choice{width:32px;padding-right:4px}
.tags .helper .tag,.tags .helper .alias{font-weight:450;color:var(--soft)}
.tags tbody th{width:26%}
.chosen{margin-top:12px}
.gap-above{margin-top:12px}
.gap-below{margin-bottom:12px}
@media (max-width:959px){.tags thead th:nth-last-child(3),.tags td:nth-last-child(3){display:none}}
@media (max-width:719px){.orders>span{display:none}.orders a:first-of-type{margin-left:-10px}.table.stack.tags td:not(.choice){display:inline-flex;gap:0;margin-right:14px}.table.stack.tags td::before{content:none!important}.table.stack.tags td .sub{display:inline;margin-left:4px}.table.stack.tags td:nth-last-child(4){display:block;margin-right:0}.table.stack.tags td:nth-last-child(3){display:inline-flex}.tags tbody th{width:auto}.table.stack.tags tr{position:relative}.table.stack.tags .choice{position:absolute;right:0;top:12px}.table.stack.tags .choice~th{padding-right:40px}}
`
