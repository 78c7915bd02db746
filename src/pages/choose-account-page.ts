import { html } from "hono/html";
import { cardPage } from "./layout.ts";
import { buttonHtml, formHtml, nameHtml } from "./markup.ts";
import type { PageContext } from "./page-context.ts";
import { TEXTS } from "./texts/index.ts";

/** The content of the page for `prompt=select_account`. */
export interface ChooseAccountPage {
  /** Path that the form is sent to. */
  readonly action: string;
  /** The sealed request. */
  readonly request: string;
  readonly clientName: string;
  /** Who is signed in. */
  readonly username: string;
}

/** Asks whether to continue as the user who is signed in. */
export function chooseAccountPage(context: PageContext, content: ChooseAccountPage): string {
  const { action, request, clientName, username } = content;
  const text = TEXTS[context.language].chooseAccount;
  const buttons = html`<div class="stack">
${buttonHtml("primary", "account", "continue", text.continueAs(nameHtml(username)))}
${buttonHtml("secondary", "account", "switch", text.switch)}
</div>`;
  return cardPage(
    context,
    { title: text.title },
    html`<h1>${text.title}</h1>
<p class="lead">${text.continueTo(nameHtml(clientName))}</p>
${formHtml(action, request, buttons)}`,
  );
}
