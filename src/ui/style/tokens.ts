/** Colours, sizes and faces. Every pair of text and ground has a contrast of 4.5 or more in both schemes. */
export const tokens = `
:root{
color-scheme:light dark;
--ground:#fff;
--raised:#f5f7f8;
--sunk:#eceff1;
--line:#dde3e7;
--line-strong:#84919b;
--ink:#12191f;
--soft:#4d5963;
--accent:#0a6570;
--accent-ground:#e2f3f4;
--accent-ink:#fff;
--good:#11683a;
--good-ground:#e3f4e9;
--warn:#7c4a03;
--warn-ground:#fdf1dc;
--bad:#a3222a;
--bad-ground:#fdeaea;
--shadow:0 1px 2px #12191f14;
--sans:system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Liberation Sans",sans-serif;
--mono:ui-monospace,"SF Mono","Cascadia Mono","JetBrains Mono","DejaVu Sans Mono",Menlo,Consolas,monospace;
--radius:8px;
--gap:clamp(16px,4vw,32px);
}
@media (prefers-color-scheme:dark){:root{
--ground:#0e1316;
--raised:#161d21;
--sunk:#1e272c;
--line:#28333a;
--line-strong:#6b7a84;
--ink:#e8edf0;
--soft:#9dabb5;
--accent:#63cbd6;
--accent-ground:#11343a;
--accent-ink:#06262b;
--good:#6fd39a;
--good-ground:#12301f;
--warn:#e9b765;
--warn-ground:#352709;
--bad:#f58b8f;
--bad-ground:#3a1719;
--shadow:none;
}}
`
