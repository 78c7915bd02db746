import { html } from "hono/html";
import { formOf, headersOf } from "./form-html.ts";
import { inlineMarkdown, type Markup, markdown } from "./markdown.ts";
import type { PageOperation, Resolve } from "./types.ts";

/** One operation: its description, a form to try it, and its responses. */
export function operationHtml(operation: PageOperation, resolve: Resolve): Markup {
  const { operationId, method, path, summary, description, responses } = operation;
  return html`<article id="${operationId}" aria-labelledby="${operationId}-title">
<h3 id="${operationId}-title">${summary}</h3>
<p class="address"><span class="method ${method}">${method.toUpperCase()}</span> <code
 data-path>${path}</code></p>
${markdown(description)}
${formOf(operation, resolve)}
${headersOf(operation)}
${fieldsOf(operation, resolve)}
<h4>Responses</h4>
<div class="responses">
${Object.entries(responses).map(([status, response]) => responseHtml(status, response))}
</div>
</article>
`;
}

/** The fields of the body with their descriptions. */
function fieldsOf({ requestBody }: PageOperation, resolve: Resolve): Markup | string {
  const [body] = Object.values(requestBody?.content ?? {});
  if (body === undefined) return "";
  const { properties = {}, required = [] } = resolve(body.schema);
  const rows = Object.entries(properties).map(([name, schema]) => {
    const mark = required.includes(name) ? html` <span class="required">required</span>` : "";
    return html`<dt><code>${name}</code>${mark}</dt>
<dd>${inlineMarkdown(schema.description ?? "")}</dd>
`;
  });
  return html`<details><summary>All fields of the body</summary>
<p class="quiet">${Object.keys(requestBody?.content ?? {}).join(", ")}</p>
<dl>${rows}</dl></details>`;
}

function responseHtml(
  status: string,
  { description, content = {} }: PageOperation["responses"][string],
): Markup {
  const examples = Object.values(content).flatMap((body) => Object.values(body.examples ?? {}));
  const kind = status.startsWith("2") ? "good" : "bad";
  const line = html`<span class="status ${kind}">${status}</span> ${inlineMarkdown(description)}`;
  if (examples.length === 0)
    return html`<p class="response">${line}</p>
`;
  const bodies = examples.map(({ value }) =>
    JSON.stringify(value, null, 1).replaceAll(/\n\s*/g, " "),
  );
  return html`<details class="response"><summary>${line}</summary>
<pre tabindex="0" aria-label="Bodies with status ${status}">${bodies.join("\n")}</pre></details>
`;
}
