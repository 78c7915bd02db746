import { html } from "hono/html";
import { deviceName } from "./device-name.ts";
import { cardPage } from "./layout.ts";
import { buttonHtml, codeHtml, formHtml, type Html, listHtml, nameHtml } from "./markup.ts";
import type { PageContext } from "./page-context.ts";
import { type DescribedScope, scopeHtml } from "./scope-words.ts";
import { TEXTS, type Texts } from "./texts/index.ts";
import { dayHtml, timeHtml } from "./times.ts";

/** The content of the user's own page. */
export interface AccountPage {
  /** Path that the form is sent to. */
  readonly action: string;
  /** The sealed form. */
  readonly request: string;
  readonly username: string;
  readonly email: string | null;
  readonly sessions: readonly AccountSession[];
  readonly logins: readonly AccountLogin[];
  readonly applications: readonly AccountApplication[];
  /** What the previous request did. */
  readonly message: "session_ended" | "login_ended" | "all_ended" | "revoked" | null;
}

/** A browser that the user is signed in with. */
interface AccountSession {
  readonly id: string;
  /** Its `User-Agent`, or an empty string. */
  readonly label: string;
  /** Its cookie alone knows when it was used last. */
  readonly signedInAtMs: number;
  readonly isCurrent: boolean;
}

/** An application that is signed in. */
interface AccountLogin {
  readonly id: string;
  readonly clientName: string;
  /** Its `User-Agent`, or an empty string. */
  readonly label: string;
  readonly createdAtMs: number;
  /** Known to the day. */
  readonly lastUsedAtMs: number;
}

/** What the user allowed an application. */
interface AccountApplication {
  readonly clientId: string;
  readonly name: string;
  readonly scopes: readonly DescribedScope[];
  readonly resources: readonly string[];
  readonly grantedAtMs: number;
}

/** Shows where the user is signed in and what applications may do, newest first, to end it. */
export function accountPage(context: PageContext, content: AccountPage): string {
  const { action, request, username, email, sessions, logins, applications, message } = content;
  const texts = TEXTS[context.language];
  const text = texts.account;
  const sessionRows = newestFirst(sessions, "signedInAtMs").map((one) => sessionRow(one, texts));
  const loginRows = newestFirst(logins, "lastUsedAtMs").map((one) => loginRow(one, texts));
  const applicationRows = newestFirst(applications, "grantedAtMs").map((one) => {
    return applicationRow(one, texts);
  });
  const hasOthers = sessions.length + logins.length > 1;
  const sections = html`<div class="row">
<p>${text.signedInAs(nameHtml(username))}${email !== null && html`<br><bdi>${email}</bdi>`}</p>
${buttonHtml("secondary", "sign_out", "1", text.signOut)}
</div>
<h2>${text.sessions}</h2>
${listHtml(sessionRows)}
<h2>${text.logins}</h2>
${listHtml(loginRows, html`<p class="quiet">${text.noLogins}</p>`)}
${hasOthers && html`<p>${buttonHtml("secondary", "end_all", "1", text.endAll)}</p>`}
<h2>${text.applications}</h2>
${listHtml(applicationRows, html`<p class="quiet">${text.noApplications}</p>`)}`;
  return cardPage(
    context,
    { title: text.title, width: "wide" },
    html`<h1>${text.title}</h1>
${message !== null && html`<p class="done" role="status">${text[message]}</p>`}
${formHtml(action, request, sections)}`,
  );
}

function newestFirst<K extends string, T extends Readonly<Record<K, number>>>(
  rows: readonly T[],
  time: K,
): T[] {
  return rows.toSorted((one, other) => other[time] - one[time]);
}

function sessionRow(session: AccountSession, { locale, account: text }: Texts): Html {
  const { id, label, signedInAtMs, isCurrent } = session;
  const device = html`<bdi>${deviceName(label, text)}</bdi>`;
  return html`<div class="row">
<p><strong>${device}</strong><br>
<span class="quiet">${isCurrent && html`${text.thisBrowser}<br>`}
${text.signedInSince(timeHtml(locale, signedInAtMs))}</span></p>
${isCurrent ? "" : buttonHtml("secondary", "end_session", id, text.end(device))}
</div>`;
}

function loginRow(login: AccountLogin, { locale, account: text }: Texts): Html {
  const { id, clientName, label, createdAtMs, lastUsedAtMs } = login;
  return html`<div class="row">
<p>${nameHtml(clientName)}<br>
<span class="quiet"><bdi>${deviceName(label, text)}</bdi><br>
${text.signedInSince(timeHtml(locale, createdAtMs))}${
  lastUsedAtMs > createdAtMs && html`<br>\n${text.lastUsed(dayHtml(locale, lastUsedAtMs))}`
}</span></p>
${buttonHtml("secondary", "end_login", id, text.end(nameHtml(clientName)))}
</div>`;
}

function applicationRow(application: AccountApplication, texts: Texts): Html {
  const { clientId, name, scopes, resources, grantedAtMs } = application;
  const { locale, account: text, consent } = texts;
  return html`<div class="row">
<div>
<p>${nameHtml(name)}<br>
<span class="quiet">${text.allowedSince(timeHtml(locale, grantedAtMs))}</span></p>
<ul>
${scopes.map((scope) => html`<li>${scopeHtml(scope, texts)}</li>\n`)}</ul>
${
  resources.length > 0 &&
  html`<p>${consent.resources}</p>
<ul>
${resources.map((resource) => html`<li>${codeHtml(resource)}</li>\n`)}</ul>`
}
</div>
${buttonHtml("secondary", "revoke", clientId, text.revoke(nameHtml(name)))}
</div>`;
}
