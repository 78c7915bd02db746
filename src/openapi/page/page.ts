/** The page of the API, made from the OpenAPI document at build time. */
import { html } from "hono/html";
import { openApiDocument } from "../document.ts";
import { type Markup, markdown } from "./markdown.ts";
import { operationHtml } from "./operation-html.ts";
import type { PageOperation, SchemaObject } from "./types.ts";

/** The parts of the document that the page reads. */
interface Document {
  readonly info: { readonly title: string; readonly description: string };
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, PageOperation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, SchemaObject>> };
}

/** The page. It is readable without scripts; trying an operation needs them. */
export function docsPage(): string {
  const document = openApiDocument() as unknown as Document;
  const operations = Object.entries(document.paths).flatMap(([path, methods]) => {
    return Object.entries(methods).map(([method, operation]) => ({ ...operation, path, method }));
  });
  const groups = document.tags.map((tag) => {
    return { ...tag, operations: operations.filter(({ tags }) => tags.includes(tag.name)) };
  });
  const resolve = (schema: SchemaObject): SchemaObject => {
    const name = schema.$ref?.split("/").at(-1);
    return name === undefined ? schema : (document.components.schemas[name] ?? {});
  };
  return String(html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${document.info.title} API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/docs.css">
<script type="module" src="/docs/docs.js"></script>
</head>
<body>
<header class="top"><a class="name" href="/docs">${document.info.title} API</a>
<a href="/openapi.json">OpenAPI</a></header>
<div class="columns">
<nav aria-label="Operations">
${groups.map((group) => menu(group))}</nav>
<main>
<h1>${document.info.title} API</h1>
<noscript><p class="note">To try the API on this page, enable JavaScript.</p></noscript>
<p id="problem" class="note" role="alert" hidden></p>
${introduction(document.info.description)}
${credentials()}
${groups.map(({ name, description, operations: members }) => {
  return html`<section id="${name}" class="group" data-group="${name}">
<h2>${description.split(/[.:]/, 1)[0]}</h2>
${members.map((operation) => operationHtml(operation, resolve))}</section>
`;
})}</main>
</div>
</body>
</html>
`);
}

function menu(group: {
  readonly name: string;
  readonly operations: readonly PageOperation[];
}): Markup {
  return html`<div data-group="${group.name}"><p class="group-name">${group.name}</p>
<ul>
${group.operations.map(({ operationId, method, summary }) => {
  return html`<li><a href="#${operationId}"><span>${summary}</span>
<span class="method ${method}">${method.toUpperCase()}</span></a></li>
`;
})}</ul></div>
`;
}

/** The first paragraph is visible, the rest is folded. */
function introduction(description: string): Markup {
  const [first = "", ...rest] = description.split(/\n\n/);
  return html`<div class="lead">${markdown(first)}</div>
<details><summary>Clients, limits and scopes</summary>${markdown(rest.join("\n\n"))}
<p>Scopes of this service: <code data-scopes>read from its metadata</code></p></details>`;
}

function credentials(): Markup {
  return html`<form class="credentials" id="credentials" aria-labelledby="credentials-title">
<h2 id="credentials-title">Try it with</h2>
<p class="quiet">Every request on this page uses these. They are not stored and are lost when you
 close the page.</p>
<label for="client-id">Client id</label>
<input id="client-id" name="client_id" autocomplete="off" spellcheck="false">
<label for="client-secret">Client secret
 <span class="quiet">(none for a public client)</span></label>
<input id="client-secret" name="client_secret" type="password" autocomplete="off">
<label for="access-token">Access token <span class="quiet">(filled in by Get tokens)</span></label>
<input id="access-token" name="access_token" autocomplete="off" spellcheck="false">
</form>`;
}
