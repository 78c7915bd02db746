import { html } from "hono/html";
import { cardPage } from "./layout.ts";
import { formHtml, type Html, hostHtml, nameHtml } from "./markup.ts";
import type { PageContext } from "./page-context.ts";
import { TEXTS, type Texts } from "./texts/index.ts";
import { durationIn } from "./times.ts";

/** The content of the sign-in page. */
export interface SignInPage {
  /** Path that the form is sent to. */
  readonly action: string;
  /** The sealed request. */
  readonly request: string;
  /** Where the user continues. Null: to the account page. */
  readonly client: { readonly name: string; readonly host: string | null } | null;
  /** Prefills the field. Empty: no user is known. */
  readonly username: string;
  /** Every failed sign-in is `failed`, whatever the reason. */
  readonly problem: "failed" | "throttled" | "unavailable" | null;
  readonly retryAfterSeconds: number | null;
  /** `reauthenticate`: the user is signed in and must enter the password again. */
  readonly reason: "reauthenticate" | null;
}

/** Asks for user name and password. */
export function signInPage(context: PageContext, content: SignInPage): string {
  const { action, request, client, username, reason } = content;
  const texts = TEXTS[context.language];
  const text = texts.signIn;
  const problem = problemOf(content, texts);
  const fields = html`${problem}
${usernameField(content, text.username)}
${passwordField(content, text.password)}
<div class="check">
<input id="shared_device" name="shared_device" type="checkbox" value="1" aria-describedby="shared">
<label for="shared_device">${text.sharedDevice}</label>
<p id="shared" class="quiet">${text.sharedDeviceHint}</p>
</div>
<button class="primary">${text.submit}</button>`;
  return cardPage(
    context,
    { title: problem === null ? text.title : texts.errorTitle(text.title) },
    html`<h1>${text.title}</h1>
<p class="lead">${leadOf(client, text)}</p>
${reason && html`<p>${text.reauthenticate(nameHtml(username))}</p>`}
${formHtml(action, request, fields)}`,
  );
}

function leadOf(client: SignInPage["client"], text: Texts["signIn"]): Html {
  if (client === null) return html`${text.continueToAccount}`;
  const host = client.host && html` ${hostHtml(client.host)}`;
  return text.continueTo(html`${nameHtml(client.name)}${host}`);
}

function problemOf({ problem, retryAfterSeconds }: SignInPage, texts: Texts): Html | null {
  if (problem === null) return null;
  const message =
    problem === "throttled" && retryAfterSeconds !== null
      ? texts.signIn.throttledFor(durationIn(texts.locale, retryAfterSeconds))
      : texts.signIn[problem];
  return html`<p id="problem" class="failure" role="alert">${message}</p>`;
}

function usernameField({ username, problem }: SignInPage, label: string): Html {
  return html`<label for="username">${label}</label>
<input class="field" id="username" name="username" value="${username}" dir="auto"
  autocomplete="username" autocapitalize="none" autocorrect="off" spellcheck="false"
  required${stateOf(problem)}${username === "" && html` autofocus`}>`;
}

function passwordField({ username, problem }: SignInPage, label: string): Html {
  return html`<label for="password">${label}</label>
<input class="field" id="password" name="password" type="password" autocomplete="current-password"
  required${stateOf(problem)}${username !== "" && html` autofocus`}>`;
}

/** Connects a field with the message: a screen reader reads it when the field has the focus. */
function stateOf(problem: SignInPage["problem"]): Html | null {
  if (problem === null) return null;
  return html` aria-describedby="problem"${problem === "failed" && html` aria-invalid="true"`}`;
}
