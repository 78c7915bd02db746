import { html } from "hono/html";
import { cardPage } from "./layout.ts";
import { codeHtml, type Html, nameHtml } from "./markup.ts";
import type { PageContext } from "./page-context.ts";
import { TEXTS } from "./texts/index.ts";

/** Why an authorization request gets a page instead of a redirect. */
export interface AuthorizationProblem {
  /** The reason, as in the log. */
  readonly code: string;
  readonly facts: readonly ProblemFact[];
  /** Where the application can be reached, if that address was validated. */
  readonly backLink: string | null;
}

/** What was sent, what is registered, or what is wrong with the document of the client. */
interface ProblemFact {
  readonly label: "sent" | "registered" | "document";
  readonly value: string;
}

/** The content of the error page. */
export interface AuthorizationErrorPage {
  readonly status: number;
  readonly problem: AuthorizationProblem;
  readonly requestId: string;
}

/** Problems that the user can solve alone. */
const SOLVABLE: readonly string[] = ["form_from_elsewhere", "form_malformed"];

/** The page for an error of the authorization endpoint. */
export function authorizationErrorPage(
  context: PageContext,
  { status, problem, requestId }: AuthorizationErrorPage,
): string {
  const { code, facts, backLink } = problem;
  const { error: text, errorTitle, problems } = TEXTS[context.language];
  const isKnown = Object.hasOwn(problems, code);
  const fallback = status >= 500 ? "service" : "other";
  const { title, text: explanation } =
    problems[isKnown ? (code as keyof typeof problems) : fallback];
  const isClients = status < 500 && !SOLVABLE.includes(code);
  return cardPage(
    context,
    { title: errorTitle(title), width: facts.length > 0 ? "wide" : "narrow" },
    html`<p class="quiet">${text.status(status)}</p>
<h1>${title}</h1>
<p>${explanation}</p>
${isClients && html`<p>${text.blame}</p>`}
${backLink !== null && backHtml(backLink, text.back)}
<div class="details">
<h2>${text.details}</h2>
<dl>
<dt>${text.reason}</dt><dd>${codeHtml(code)}</dd>
${markedFacts(facts).map(({ label, value }) => {
  return html`<dt>${text[label]}</dt><dd>${value}</dd>\n`;
})}<dt>${text.requestId}</dt><dd>${codeHtml(requestId)}</dd>
</dl>
</div>`,
  );
}

/** Marks in what was sent the part that differs from the only registered value, and the reverse. */
function markedFacts(
  facts: readonly ProblemFact[],
): { label: ProblemFact["label"]; value: Html }[] {
  const only = (label: ProblemFact["label"]) => {
    const found = facts.filter((fact) => fact.label === label);
    return found.length === 1 ? found[0]?.value : undefined;
  };
  const others = { sent: only("registered"), registered: only("sent"), document: undefined };
  return facts.map(({ label, value }) => ({ label, value: markedHtml(value, others[label]) }));
}

function markedHtml(value: string, other: string | undefined): Html {
  if (other === undefined) return codeHtml(value);
  const shorter = Math.min(value.length, other.length);
  let start = 0;
  while (start < shorter && value[start] === other[start]) start++;
  let end = 0;
  while (end < shorter - start && value.at(-1 - end) === other.at(-1 - end)) end++;
  const middle = value.slice(start, value.length - end);
  const marked = middle === "" ? "" : html`<mark>${middle}</mark>`;
  return codeHtml(html`${value.slice(0, start)}${marked}${value.slice(value.length - end)}`);
}

/** A link that names its host, or the whole address of an app: `com.example.app:/callback`. */
function backHtml(address: string, text: (host: Html) => Html): Html {
  const { host, protocol } = new URL(address);
  const name = /^https?:$/.test(protocol) ? host : address;
  return html`<p><a class="button" href="${address}">${text(nameHtml(name))}</a></p>`;
}
