import { html } from "hono/html";
import { page } from "./layout.ts";

/** What a person is told of a status. */
const TEXTS: Readonly<Record<number, readonly [title: string, text: string]>> = {
  400: ["This address needs https", "Open it again with https:// at its beginning."],
  404: ["Page not found", "There is nothing at this address. Check it for a typing error."],
  429: ["Too many requests", "Wait a moment, then load this page again."],
  500: ["Something went wrong", "The service failed. Try again later."],
  503: ["Not available", "The service is not available at the moment. Load this page again soon."],
};

/** The page of an error. @param requestId names the request in the log of the service */
export function errorPage(status: number, requestId: string): string {
  const [title, text] = TEXTS[status] ?? ["This did not work", "The service refused the request."];
  return page(
    title,
    html`<p class="quiet">Error ${status}</p>
<h1>${title}</h1>
<p>${text}</p>
<p><a href="/">Go to the start page</a></p>
<p class="quiet">If you ask for help, give this id: <code>${requestId}</code></p>`,
  );
}
