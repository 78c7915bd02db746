import { html } from "hono/html";
import { cardPage } from "./layout.ts";
import { buttonHtml, formHtml, nameHtml } from "./markup.ts";
import type { PageContext } from "./page-context.ts";
import { TEXTS } from "./texts/index.ts";

/** The content of the page that asks before signing out. */
export interface SignOutPage {
  /** Where the form is sent to. */
  readonly action: string;
  /** The sealed form. */
  readonly request: string;
  /** The application that asks, or null: it does not say. */
  readonly clientName: string | null;
  /** Who is signed in. */
  readonly username: string;
}

/** Asks whether to sign out. */
export function signOutPage(context: PageContext, content: SignOutPage): string {
  const { action, request, clientName, username } = content;
  const text = TEXTS[context.language].signOut;
  return cardPage(
    context,
    { title: text.title },
    html`<h1>${text.title}</h1>
<p class="lead">${clientName === null ? text.asked : text.askedBy(nameHtml(clientName))}</p>
<p>${text.signedInAs(nameHtml(username))}</p>
${formHtml(action, request, buttonHtml("primary", "decision", "sign_out", text.submit))}`,
  );
}
