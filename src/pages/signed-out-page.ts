import { html } from "hono/html";
import { cardPage } from "./layout.ts";
import type { PageContext } from "./page-context.ts";
import { TEXTS } from "./texts/index.ts";

/** The page after signing out. @param content.backLink a registered address of the application */
export function signedOutPage(
  context: PageContext,
  { backLink }: { readonly backLink: string | null },
): string {
  const text = TEXTS[context.language].signedOut;
  return cardPage(
    context,
    { title: text.title },
    html`<h1>${text.title}</h1>
<p>${text.text}</p>
${backLink !== null && html`<p><a class="button" href="${backLink}">${text.back}</a></p>`}`,
  );
}
