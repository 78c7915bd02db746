/**
 * The stylesheet of all pages: light and dark, from 320 pixels wide. Text has a contrast of at
 * least 4.5 to 1 in both.
 */
export const STYLE = `:root{color-scheme:light dark;--ink:#1b2230;--quiet:#566074;--paper:#fff;
--panel:#f5f7fa;--line:#d5dbe5;--link:#1d4fd7;--good:#0b6b3a;--bad:#b3261e}
@media(prefers-color-scheme:dark){:root{--ink:#e7ebf2;--quiet:#a5afc0;--paper:#10141b;
--panel:#181e28;--line:#323c4d;--link:#8fb4ff;--good:#63d495;--bad:#ff9b92}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:1rem/1.6 system-ui,sans-serif;
overflow-wrap:break-word;text-wrap:pretty}
main{max-width:40rem;margin:0 auto;padding:clamp(2rem,12vh,7rem) 1.25rem 3rem}
h1{margin:0 0 .5rem;font-size:2rem;line-height:1.2;letter-spacing:-.02em}
p{margin:0 0 1rem}
p:has(+h1){margin:0}
a{color:var(--link);text-underline-offset:.2em}
a:focus-visible{outline:3px solid var(--link);outline-offset:3px;border-radius:2px}
code{font:.9em ui-monospace,monospace}
.quiet{color:var(--quiet)}
.links{list-style:none;margin:2rem 0 0;padding:0;border-top:1px solid var(--line)}
.links a{display:block;padding:.8rem 0;border-bottom:1px solid var(--line);text-decoration:none}
.links a:hover strong{text-decoration:underline}
.links span{display:block;color:var(--quiet);font-size:.9rem}`;

/** SHA-256 of {@link STYLE}, for the Content-Security-Policy; a test recomputes it. */
export const STYLE_HASH = "sha256-TgvD+HdxzvQi0aDLhDOvaLdjCUxWwLLn+6WQwcIUDII=";
