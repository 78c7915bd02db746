import { html } from "hono/html";
import { codeHtml, type Html } from "./markup.ts";
import type { Texts } from "./texts/index.ts";

/** A scope, and what it allows in words, if the setting `SCOPES` describes it. */
export interface DescribedScope {
  readonly name: string;
  readonly description: string | null;
}

/** What a scope allows, in words where they are known. */
export function scopeHtml({ name, description }: DescribedScope, { scopes }: Texts): Html {
  if (description !== null) return html`${description}`;
  const isOwn = Object.hasOwn(scopes, name);
  return isOwn ? html`${scopes[name as keyof typeof scopes]}` : codeHtml(name);
}
