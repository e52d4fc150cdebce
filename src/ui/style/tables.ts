/** Tables: rows on a wide screen, blocks with named fields on a narrow one. */
export const tables = `
.table{width:100%;border-collapse:collapse;font-size:14px}
.table th{text-align:left;font-weight:500;font-size:13px;color:var(--soft);padding:6px 12px;border-bottom:1px solid var(--line);white-space:nowrap;vertical-align:bottom}
.table td,.table tbody th{padding:9px 12px;border-bottom:1px solid var(--line);vertical-align:baseline;color:inherit;font-size:14px;white-space:normal}
.table tbody th{font-weight:600}
.table tbody th .muted{font-weight:400}
.table td form{display:flex}
.table td:last-child form{justify-content:flex-end}
.table th:first-child,.table td:first-child{padding-left:0}
.table th:last-child,.table td:last-child{padding-right:0}
.table .number{text-align:right;white-space:nowrap}
.table thead a{color:inherit;display:inline-flex;align-items:center;gap:4px;min-height:24px}
.table thead a:hover{color:var(--ink)}
.table thead th[aria-sort] a{color:var(--ink);font-weight:600}
.table tbody tr:hover{background:color-mix(in srgb,var(--raised) 60%,transparent)}
@media (max-width:719px){
.table.stack,.table.stack tbody,.table.stack tr,.table.stack td,.table.stack tbody th{display:block;border:0;padding:0}
.table.stack thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.table.stack tr{padding:12px 0;border-bottom:1px solid var(--line)}
.table.stack td{display:flex;gap:12px;padding-top:4px;min-width:0;text-align:left}
.table.stack td:empty{display:none}
.table.stack td:last-child form{justify-content:flex-start;margin-top:4px}
.table.stack td[data-label]::before{content:attr(data-label);flex:none;width:5.5rem;color:var(--soft);font-size:13px;line-height:22px}
}
`
