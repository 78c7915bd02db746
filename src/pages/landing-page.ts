import { html } from "hono/html";
import { page } from "./layout.ts";

/** The content of the page at `/`. */
export interface LandingPage {
  readonly name: string;
  readonly description: string;
  /** Paths on the same host. */
  readonly links: {
    readonly documentation: string;
    readonly openapi: string;
    readonly metadata: string;
    readonly jwks: string;
  };
}

/** The page at `/`: a description with links. */
export function landingPage({ name, description, links }: LandingPage): string {
  const rows = [
    [links.documentation, "The API", "Read it and try it"],
    [links.openapi, "OpenAPI", "The same, for programs"],
    [links.metadata, "Metadata", "What this server supports (RFC 8414)"],
    [links.jwks, "Public keys", "To verify JWT access tokens"],
  ] as const;
  return page(
    "en",
    name,
    html`<h1>${name}</h1>
<p>${description} It issues, refreshes, revokes and checks access tokens.</p>
<ul class="links">
${rows.map(([href, title, text]) => {
  return html`<li><a href="${href}"><strong>${title}</strong> <span>${text}</span></a></li>
`;
})}</ul>`,
  );
}
