import { html } from "hono/html";
import { page } from "./layout.ts";
import { codeHtml } from "./markup.ts";
import type { Language } from "./page-context.ts";
import { TEXTS } from "./texts/index.ts";

/** The page for an error. @param requestId identifies the request in the log */
export function errorPage(language: Language, status: number, requestId: string): string {
  const { error: text, failures } = TEXTS[language];
  const isKnown = Object.hasOwn(failures, status);
  const { title, text: explanation } =
    failures[isKnown ? (status as keyof typeof failures) : "other"];
  return page(
    language,
    title,
    html`<p class="quiet">${text.status(status)}</p>
<h1>${title}</h1>
<p>${explanation}</p>
<p><a href="/">${text.startPage}</a></p>
<p class="quiet">${text.support(codeHtml(requestId))}</p>`,
  );
}
