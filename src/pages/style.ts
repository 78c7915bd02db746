/** Variables and text of all pages, also of the API's page. */
const BASE = `:root{color-scheme:light dark;--ink:#1b2230;--quiet:#566074;--paper:#fff;
--panel:#f5f7fa;--line:#d5dbe5;--edge:#76819a;--link:#1d4fd7;--good:#0b6b3a;--bad:#b3261e;
--caution:#8a5300;--card:#fff;--desk:#f1f4f8;--accent:var(--link);--on-accent:#fff}
@media(prefers-color-scheme:dark){:root{--ink:#e7ebf2;--quiet:#a5afc0;--paper:#10141b;
--panel:#181e28;--line:#323c4d;--edge:#7d889c;--link:#8fb4ff;--good:#63d495;--bad:#ff9b92;
--caution:#f2b95c;--card:#181e28;--desk:#10141b;--on-accent:#10141b}}
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

/** Pages with a brand. Targets are 44 pixels high. Inputs have 16 pixels: iOS zooms at less. */
const CARDED = `.carded{padding:clamp(1rem,8vh,5rem) 1rem 3rem;background:var(--desk);
overflow-wrap:anywhere}
.carded header{margin:0 auto 1.25rem;max-width:44rem;text-align:center;font-weight:650}
.carded header img{display:block;margin:0 auto;max-width:min(100%,15rem);max-height:3rem}
.carded main{max-width:27rem;padding:clamp(1.25rem,6vw,2.25rem);background:var(--card);
border:1px solid var(--line);border-radius:14px}
.carded.wide main{max-width:44rem}
.carded h1{font-size:1.5rem;line-height:1.3;letter-spacing:-.01em;hyphens:auto}
.carded h1 code{font:inherit}
.carded .lead code{display:block;color:var(--quiet)}
.carded h2{margin:1.5rem 0 .5rem;font-size:1rem;line-height:1.4}
.carded.wide h2{margin-top:2rem;font-size:1.15rem}
.carded form{margin-top:1.5rem}
.carded label{display:block;margin-bottom:.25rem;font-weight:600}
.carded .field{display:block;width:100%;min-height:2.75rem;margin-bottom:1.25rem;
padding:.5rem .75rem;border:1px solid var(--edge);border-radius:8px;background:var(--card);
color:inherit;font:inherit}
.carded [aria-invalid]{border-color:var(--bad)!important}
.carded .check{display:grid;grid-template-columns:auto 1fr;column-gap:.75rem;margin-bottom:1.25rem}
.carded .check input{width:1.25rem;height:1.25rem;margin:.75rem 0 0;accent-color:var(--link)}
.carded .check label{margin:0;padding:.6rem 0;font-weight:400}
.carded .check p{grid-column:2;margin:-.5rem 0 0;font-size:.9rem}
.carded button,.carded .button{display:inline-block;min-height:2.75rem;padding:.65rem 1.1rem;
border:1px solid var(--edge);border-radius:8px;background:var(--card);color:var(--ink);font:inherit;
font-weight:600;line-height:1.4;text-align:center;text-decoration:none;cursor:pointer}
.carded button.primary{border-color:var(--edge);background:var(--accent);color:var(--on-accent)}
.carded button.link{padding-inline:0;border-color:transparent;background:none;color:var(--link);
font-weight:400;text-decoration:underline;text-underline-offset:.2em;text-align:start}
.carded button:hover,.carded .button:hover{box-shadow:0 0 0 3px var(--line)}
.carded button.link:hover{box-shadow:none;text-decoration-thickness:2px}
.carded :is(button,input,.button):focus-visible{outline:3px solid var(--link);outline-offset:2px}
.carded form>.primary:last-child,.carded .stack>*{width:100%}
.carded :is(.stack,.choice){display:flex;gap:.75rem}
.carded .stack{flex-direction:column}
.carded .choice{flex-wrap:wrap}
.carded .choice>*{flex:1 1 6rem;padding-inline:.5rem;overflow-wrap:normal}
.carded .rows{list-style:none;margin:0 0 1rem;padding:0;border-block:1px solid var(--line)}
.carded .rows>li{padding:.6rem 0}
.carded .rows>li+li{border-top:1px solid var(--line)}
.carded .row{display:flex;flex-wrap:wrap;gap:.25rem 1rem;align-items:center}
.carded .row p{margin:0}
.carded .row>:first-child{flex:1 1 9rem}
.carded .rows .row{align-items:start}
.carded .rows .row>:first-child{flex-basis:14rem}
.carded .row ul{margin:.25rem 0 0;padding-inline-start:1.25rem}
.carded :is(.failure,.warning,.done){padding:.75rem 1rem;border:1px solid;border-radius:8px;
border-inline-start-width:5px}
.carded h1+:is(.failure,.warning,.done){margin-top:1rem}
.carded .failure{border-color:var(--bad);color:var(--bad)}
.carded .warning{border-color:var(--caution)}
.carded .warning strong{color:var(--caution)}
.carded .done{border-color:var(--good);color:var(--good)}
.carded .details{margin-top:2rem;border-top:1px solid var(--line)}
.carded dt{margin-top:.75rem;color:var(--quiet);font-size:.9rem}
.carded dd{margin:0}
.carded mark{background:var(--bad);color:var(--card)}
.carded .hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);
white-space:nowrap}`;

/**
 * The stylesheet of all pages: light and dark, from 320 pixels wide. Text has a contrast of at
 * least 4.5 to 1 in both.
 */
export const STYLE = `${BASE}\n${CARDED}`;

/** SHA-256 of {@link STYLE}, for the Content-Security-Policy; a test recomputes it. */
export const STYLE_HASH = "sha256-eA6dEZrkddVCXcWOxSZV4vBnPDhCV14OLsub41C4bf8=";
