import { html, raw } from "hono/html";
import { STYLE, STYLE_HASH } from "./style.ts";

/** Escaped HTML. */
export type Html = ReturnType<typeof html>;

/** Pages have text, links and one stylesheet: no scripts, other hosts or frames. */
export const PAGE_POLICY =
  `default-src 'none'; style-src '${STYLE_HASH}'; img-src data:; ` +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Renders a complete page. */
export function page(title: string, content: Html): string {
  return String(html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>${raw(STYLE)}</style>
</head>
<body>
<main>
${content}
</main>
</body>
</html>
`);
}
