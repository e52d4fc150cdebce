/** Buttons and fields. */
export const formStyle = `
.button,button:not(.copy-button){display:inline-flex;align-items:center;justify-content:center;gap:6px;min-height:36px;padding:0 14px;border:1px solid var(--accent);border-radius:var(--radius);background:var(--accent);color:var(--accent-ink);font:inherit;font-weight:560;font-size:14px;cursor:pointer;white-space:nowrap}
.button:hover{text-decoration:none}
.button:hover,button:not(.copy-button):hover{filter:brightness(1.08)}
.button.quiet,button.quiet:not(.copy-button){background:var(--ground);border-color:var(--line);color:var(--ink)}
.button.quiet:hover,button.quiet:not(.copy-button):hover{border-color:var(--line-strong);filter:none;background:var(--raised)}
.button.danger,button.danger:not(.copy-button){background:var(--bad);border-color:var(--bad);color:var(--ground)}
button[disabled]{opacity:.5;cursor:default}
input:not([type=checkbox],[type=radio],[type=hidden]),select,textarea{min-height:36px;padding:0 12px;border:1px solid var(--line-strong);border-radius:var(--radius);background:var(--ground);color:inherit;font:inherit;font-size:15px;min-width:0;max-width:100%}
input::placeholder{color:var(--soft);opacity:1}
input:focus-visible,select:focus-visible{outline-offset:0;border-color:var(--accent);border-radius:var(--radius)}
input[type=checkbox],input[type=radio]{width:18px;height:18px;accent-color:var(--accent);margin:3px}
label{font-weight:560;font-size:14px}
.field{display:grid;gap:5px;margin-bottom:14px}
.search{display:flex;gap:8px;flex:1 1 16rem;max-width:28rem}
.search input{flex:1;width:100%}
.js .search[data-follow] button{display:none}
.tools{display:flex;flex-wrap:wrap;gap:10px 16px;align-items:center;justify-content:space-between;margin-bottom:8px}
body:has(.login) .bar nav .button{visibility:hidden}
@media (pointer:coarse){.button,button:not(.copy-button),input:not([type=checkbox],[type=radio]),select{min-height:44px}.copy-button{min-width:44px!important;min-height:44px!important}.chip:is(a){min-height:32px}}
`
