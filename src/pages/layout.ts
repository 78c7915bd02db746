import { html, raw } from "hono/html";
import type { Brand } from "./brand.ts";
import type { Html } from "./markup.ts";
import type { Language, PageContext } from "./page-context.ts";
import { STYLE, STYLE_HASH } from "./style.ts";
import { TEXTS } from "./texts/index.ts";

/** Where forms of a page may be sent. */
type Forms = "none" | "self" | "anywhere";

/** Pages of text and links load nothing from other hosts and have no script, form or frame. */
export const PAGE_POLICY = policy([STYLE_HASH], "data:", "none");

/**
 * The Content-Security-Policy of a page with a brand.
 *
 * @param forms `anywhere` if the response to a form can end at a client: Chromium applies
 *   `form-action` to each redirect that follows, those of the client included
 */
export function brandedPolicy({ style }: Brand, forms: Forms): string {
  return policy([STYLE_HASH, ...(style === null ? [] : [style.hash])], "data: 'self'", forms);
}

function policy(styleHashes: readonly string[], images: string, forms: Forms): string {
  return [
    "default-src 'none'",
    `style-src ${styleHashes.map((hash) => `'${hash}'`).join(" ")}`,
    `img-src ${images}`,
    "base-uri 'none'",
    ...(forms === "anywhere" ? [] : [`form-action '${forms}'`]),
    "frame-ancestors 'none'",
  ].join("; ");
}

/** Renders a page without a brand. */
export function page(language: Language, title: string, content: Html): string {
  return render(language, title, [STYLE], html`<body>\n<main>\n${content}\n</main>\n</body>`);
}

/** Renders a page with a brand: one card below the name or logo. */
export function cardPage(
  { brand, language }: PageContext,
  { title, width = "narrow" }: { readonly title: string; readonly width?: "narrow" | "wide" },
  content: Html,
): string {
  const { name, logo, style } = brand;
  const styles = [STYLE, ...(style === null ? [] : [style.css])];
  const body = html`<body class="carded ${width}">
<header>${logo === null ? name : html`<img src="${logo}" alt="${name}">`}</header>
<main class="card">
${content}
</main>
</body>`;
  return render(language, TEXTS[language].pageTitle(title, name), styles, body);
}

function render(language: Language, title: string, styles: readonly string[], body: Html): string {
  return String(html`<!doctype html>
<html lang="${language}" dir="ltr">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>${title}</title>
${styles.map((css) => html`<style>${raw(css)}</style>\n`)}</head>
${body}
</html>
`);
}
