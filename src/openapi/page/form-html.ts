import { html } from "hono/html";
import type { Markup } from "./markdown.ts";
import type { Example, PageOperation, Parameter, Resolve, SchemaObject } from "./types.ts";

const FORM = "application/x-www-form-urlencoded";
const JSON_TYPE = "application/json";

/** The form to try an operation: one per example, or one for all parameters. */
export function formOf(operation: PageOperation, resolve: Resolve): Markup {
  const { operationId, requestBody } = operation;
  const body = requestBody?.content[FORM] ?? requestBody?.content[JSON_TYPE];
  const examples = Object.entries(body?.examples ?? {});
  if (examples.length > 1) {
    return html`<div class="examples">
${examples.map(([name, example], index) => {
  return html`<details name="${operationId}"${index === 0 ? html` open` : ""}
 data-example="${name}"><summary>${example.summary}</summary>
${tryForm(operation, `${operationId}-${name}`, fields(`${operationId}-${name}`, example))}</details>
`;
})}</div>`;
  }
  const [example] = examples;
  const inputs = (operation.parameters ?? [])
    .filter((parameter) => parameter.in !== "header")
    .map((parameter) => parameterInput(operationId, parameter));
  if (example !== undefined) inputs.push(...fields(operationId, example[1]));
  else if (body !== undefined) inputs.push(jsonInput(operationId, resolve(body.schema)));
  return html`<details class="single"><summary>Try it</summary>
${tryForm(operation, operationId, inputs)}</details>`;
}

/** Request headers of the operation. */
export function headersOf({ parameters = [] }: PageOperation): Markup | string {
  const rows = parameters.filter((parameter) => parameter.in === "header");
  if (rows.length === 0) return "";
  return html`<details><summary>Headers</summary><dl>
${rows.map(({ name, description }) => {
  return html`<dt><code>${name}</code></dt><dd>${description}</dd>
`;
})}</dl></details>`;
}

function tryForm(operation: PageOperation, id: string, inputs: readonly Markup[]): Markup {
  const { method, path, security, requestBody } = operation;
  const schemes = security.flatMap((requirement) => Object.keys(requirement));
  const sendsJson = requestBody !== undefined && !(FORM in requestBody.content);
  return html`<form data-method="${method}" data-path="${path}" data-auth="${schemes.join(" ")}"
 data-json="${String(sendsJson)}" aria-label="Try it: ${id.replace("-", " ")}">
${inputs}<div class="row"><button id="${id}-send">Send</button>
<button type="button" class="plain" data-copy>Copy as curl</button></div>
<pre class="curl" tabindex="0" aria-label="The same with curl"></pre>
<div class="result" role="status"></div>
</form>`;
}

function fields(id: string, { value }: Example): Markup[] {
  return Object.entries(value).map(([name, text]) => {
    return name === "grant_type"
      ? html`<input type="hidden" name="${name}" value="${text}">
`
      : input(id, name, String(text), "body");
  });
}

function parameterInput(id: string, { name, in: place, required }: Parameter): Markup {
  return input(id, name, "", place, required === true || place === "path");
}

function input(id: string, name: string, value: string, place: string, required = false): Markup {
  return html`<label for="${id}-${name}">${name}</label>
<input id="${id}-${name}" name="${name}" value="${value}" data-in="${place}" autocomplete="off"
 spellcheck="false"${required ? html` required` : ""}>
`;
}

function jsonInput(id: string, schema: SchemaObject): Markup {
  const { properties = {}, required = [] } = schema;
  const body = Object.fromEntries(required.map((name) => [name, exampleOf(properties[name])]));
  return html`<label for="${id}-json">JSON body</label>
<textarea id="${id}-json" name="json" rows="4"
 spellcheck="false">${JSON.stringify(body, null, 2)}</textarea>
`;
}

function exampleOf(schema: SchemaObject | undefined): unknown {
  if (schema?.enum !== undefined) return schema.enum[0];
  if (schema?.type === "array") return [];
  if (schema?.type === "object") return {};
  if (schema?.type === "boolean") return true;
  return schema?.type === "integer" ? 1 : "";
}
