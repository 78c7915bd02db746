import { html } from "hono/html";

/** Escaped HTML. */
export type Html = ReturnType<typeof html>;

/** A name that a user or an application chose. Its writing direction affects no other text. */
export function nameHtml(name: string): Html {
  return html`<strong><bdi>${name}</bdi></strong>`;
}

/** An address, identifier or scope, as programs write it. */
export function codeHtml(text: string | Html): Html {
  return html`<code><bdi>${text}</bdi></code>`;
}

/** A host name. A long one breaks before a dot, so that its parts stay readable. */
export function hostHtml(host: string): Html {
  const [first = "", ...others] = host.split(".");
  return codeHtml(html`${first}${others.map((label) => html`<wbr>.${label}`)}`);
}

/** A list, or another element if the list is empty. */
export function listHtml(items: readonly Html[], whenEmpty: Html = html``): Html {
  if (items.length === 0) return whenEmpty;
  return html`<ul class="rows">
${items.map((item) => html`<li>${item}</li>\n`)}</ul>`;
}

/** The hidden field that tells our own form from a request of a client: no parameter of OAuth. */
export const SEALED_FIELD = "sealed_form";

/** A form that posts to this service, with one sealed value. */
export function formHtml(action: string, request: string, content: Html) {
  return html`<form method="post" action="${action}">
<input type="hidden" name="${SEALED_FIELD}" value="${request}">
${content}
</form>`;
}

/** A submit button. The kind is its class; `secondary` looks less important than `primary`. */
export function buttonHtml(
  kind: "primary" | "secondary" | "link",
  name: string,
  value: string,
  text: string | Html,
): Html {
  return html`<button class="${kind}" name="${name}" value="${value}">${text}</button>`;
}
