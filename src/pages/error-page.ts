import { html } from "hono/html";
import { page } from "./layout.ts";

/** Title and text for each status. */
const TEXTS: Readonly<Record<number, readonly [title: string, text: string]>> = {
  400: ["This address requires https", "Open it again with https:// at the start."],
  404: ["Page not found", "There is no page at this address. Check the address for typos."],
  429: ["Too many requests", "Wait a moment, then load this page again."],
  500: ["Something went wrong", "The service failed. Try again later."],
  503: ["Not available", "The service is temporarily unavailable. Reload this page in a moment."],
};

/** The page for an error. @param requestId identifies the request in the log */
export function errorPage(status: number, requestId: string): string {
  const [title, text] = TEXTS[status] ?? ["Request failed", "The service rejected the request."];
  return page(
    title,
    html`<p class="quiet">Error ${status}</p>
<h1>${title}</h1>
<p>${text}</p>
<p><a href="/">Go to the start page</a></p>
<p class="quiet">If you contact support, include this id: <code>${requestId}</code></p>`,
  );
}
