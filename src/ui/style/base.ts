/** The frame of every page, and elements without a class. */
export const base = `
*,::before,::after{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;min-height:100vh;min-height:100dvh;display:flex;flex-direction:column;background:var(--ground);color:var(--ink);font:15px/1.5 var(--sans);font-variant-numeric:tabular-nums;-webkit-font-smoothing:antialiased;overflow-wrap:anywhere}
.wide{width:100%;max-width:1200px;margin:0 auto;padding:0 var(--gap)}
main{flex:1;padding-top:28px!important;padding-bottom:64px!important}
main:focus{outline:0}
h1,h2,h3,p,ul,ol,dl,dd,pre,figure,table,fieldset{margin:0;padding:0}
h1{font-size:26px;line-height:1.2;font-weight:650;letter-spacing:-.018em;text-wrap:balance}
h2{font-size:17px;line-height:1.3;font-weight:640;letter-spacing:-.008em}
h3{font-size:15px;font-weight:620}
ul,ol{list-style:none}
a{color:var(--accent);text-decoration:none}
a:hover,p a:not([class]){text-decoration:underline;text-underline-offset:.2em;text-decoration-thickness:1px}
code,pre,kbd,.mono{font-family:var(--mono);font-size:.9em;font-variant-ligatures:none}
time,data{white-space:nowrap}
time[title],data[title]{cursor:help}
fieldset{border:0;min-width:0}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:4px}
.bar{border-bottom:1px solid var(--line);background:var(--ground)}
.bar .wide{display:flex;align-items:center;gap:16px;min-height:56px}
.bar nav{margin-left:auto;display:flex;align-items:center;gap:16px;min-width:0}
.bar-link{color:var(--soft);font-size:14px;display:inline-flex;align-items:center;min-height:44px}
.bar-link:hover{color:var(--ink)}
.brand{display:inline-flex;align-items:center;gap:10px;min-height:44px;font-weight:650;letter-spacing:-.01em;color:var(--ink)}
.brand:hover{text-decoration:none}
.brand svg{color:var(--accent);flex:none}
.user{display:flex;align-items:center;gap:12px}
.user-name{color:var(--soft);max-width:16em;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.foot{border-top:1px solid var(--line);color:var(--soft);font-size:13px}
.foot .wide{display:flex;flex-wrap:wrap;gap:4px 24px;align-items:center;justify-content:space-between;padding-top:14px;padding-bottom:14px}
.foot a{color:inherit;padding:4px 0}
.skip{position:absolute;left:8px;top:-64px;z-index:9;background:var(--accent);color:var(--accent-ink);padding:10px 16px;border-radius:0 0 var(--radius) var(--radius)}
.skip:focus{top:0}
.away{position:absolute;width:1px;height:1px;margin:-1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap;border:0;padding:0}
.muted{color:var(--soft)}
.none{color:var(--soft)}
.small{font-size:13px}
.js-only{display:none!important}
.js .js-only{display:inline-flex!important}
@media (prefers-reduced-motion:no-preference){a,button,.button,.chip{transition:background-color .12s,border-color .12s,color .12s}}
@media print{.bar nav,.foot,.tools,.choice,.chosen,.actions,.pager,.copy-button{display:none!important}.copy code{white-space:pre-wrap!important}}
`
