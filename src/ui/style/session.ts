/** Logging in, deleting and the trash. */
export const sessionStyle = `
.login{max-width:25rem;margin:min(7vh,56px) auto 0;padding:28px;border:1px solid var(--line);border-radius:calc(var(--radius) + 4px)}
.login h1{margin-bottom:18px}
.login small{color:var(--soft);font-size:13px}
.login .actions{margin-top:20px}
.login button{flex:1}
.deletion{max-width:54rem}
.deletion h1{margin-bottom:16px;overflow-wrap:anywhere}
.deletion .facts{margin-bottom:10px}
.deletion .notice{margin:16px 0 0}
.deletion .section{margin-top:24px}
.deletion .section>h2{font-size:15px;margin-bottom:6px}
.deletion .plain-list{border-top:1px solid var(--line)}
.deletion .plain-list>li{display:flex;flex-wrap:wrap;align-items:center;gap:4px 12px;margin:0;padding:7px 0;border-bottom:1px solid var(--line)}
.deletion .with-these{margin-top:10px}
.deletion .chips,.deletion .chips li{min-width:0;max-width:100%}
.deletion .actions{margin-top:28px}
.trash form{display:inline-flex}
.trash td,.trash tbody th{vertical-align:middle}
@media (max-width:480px){.login{border:0;padding:0;margin-top:0}}
`
