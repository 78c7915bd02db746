import { html } from "hono/html";
import { cardPage } from "./layout.ts";
import {
  buttonHtml,
  codeHtml,
  formHtml,
  type Html,
  hostHtml,
  listHtml,
  nameHtml,
} from "./markup.ts";
import type { PageContext } from "./page-context.ts";
import { type DescribedScope, scopeHtml } from "./scope-words.ts";
import { TEXTS, type Texts } from "./texts/index.ts";

/** The content of the consent page. */
export interface ConsentPage {
  /** Path that the form is sent to. */
  readonly action: string;
  /** The sealed request. */
  readonly request: string;
  readonly client: ConsentClient;
  /** Who is signed in. */
  readonly username: string;
  readonly scopes: readonly DescribedScope[];
  readonly resources: readonly string[];
}

/** Who asks for access. */
interface ConsentClient {
  readonly name: string;
  /** Host of the redirect URI; for a custom scheme, the scheme. */
  readonly redirectHost: string;
  readonly kind: "registered" | "unregistered";
  readonly redirect: "https" | "loopback" | "custom_scheme";
  /** Whether the redirect URI matches a pattern for preview deployments. */
  readonly isPattern: boolean;
}

/** Asks whether an application may act for the user. */
export function consentPage(context: PageContext, content: ConsentPage): string {
  const { action, request, client, username, scopes, resources } = content;
  const texts = TEXTS[context.language];
  const text = texts.consent;
  const { title, heading } = headingOf(client, text);
  // The two decisions look the same where the service cannot say whether to allow.
  const allow = client.kind === "registered" ? "primary" : "secondary";
  const form = html`<div class="row">
<p>${text.signedInAs(nameHtml(username))}</p>
${buttonHtml("link", "account", "switch", texts.notYou)}
</div>
<h2>${text.scopes}</h2>
${listHtml(scopes.map((scope) => scopeHtml(scope, texts)))}
${resources.length > 0 && html`<h2>${text.resources}</h2>`}
${listHtml(resources.map(codeHtml))}
<p>${redirectOf(client, text)}</p>
<div class="choice">
${buttonHtml("secondary", "decision", "deny", text.deny)}
${buttonHtml(allow, "decision", "allow", text.allow)}
</div>`;
  return cardPage(
    context,
    { title },
    html`<h1>${text.heading(heading)}</h1>
${client.kind === "unregistered" && html`<p>${text.callsItself(nameHtml(client.name))}</p>`}
${warningsOf(client, text).map((warning) => html`<p class="warning">${warning}</p>\n`)}
${formHtml(action, request, form)}`,
  );
}

/** Anyone can choose the name of an unregistered client, so its headline is where it is. */
function headingOf(
  { kind, redirect, name, redirectHost }: ConsentClient,
  text: Texts["consent"],
): { title: string; heading: Html } {
  if (kind === "registered") return { title: text.title(name), heading: nameHtml(name) };
  if (redirect === "https") {
    return { title: text.title(redirectHost), heading: hostHtml(redirectHost) };
  }
  return redirect === "loopback"
    ? { title: text.programTitle, heading: html`${text.aProgram}` }
    : { title: text.appTitle, heading: html`${text.anApp}` };
}

function warningsOf(client: ConsentClient, text: Texts["consent"]): Html[] {
  const { kind, redirect, redirectHost, isPattern } = client;
  const host = hostHtml(redirectHost);
  const warnings: Html[] = [];
  if (isPattern) warnings.push(text.pattern(host));
  if (kind === "unregistered") {
    warnings.push(redirect === "https" ? text.unregistered(host) : text.unregisteredOnDevice);
  } else if (redirect === "loopback") warnings.push(text.loopback);
  else if (redirect === "custom_scheme") warnings.push(text.customScheme);
  return warnings;
}

function redirectOf({ redirect, redirectHost }: ConsentClient, text: Texts["consent"]): Html {
  const host = hostHtml(redirectHost);
  switch (redirect) {
    case "https":
      return text.redirect(host);
    case "loopback":
      return text.redirectToProgram(host);
    case "custom_scheme":
      return text.redirectToApp(host);
  }
}
