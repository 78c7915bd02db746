import { parseAccept } from "hono/utils/accept";
import type { Deps } from "../deps.ts";
import type { Exchange } from "./exchange.ts";
import { urlsOf } from "./issuer-url.ts";
import { ASSET_PATHS, type Paths, pathsUnder } from "./paths.ts";
import { publicHtml, publicJson } from "./respond.ts";

const NAME = "Tollgate";
const DESCRIPTION = "An OAuth 2 token service.";

const STYLE = "body{max-width:40rem;margin:4rem auto;padding:0 1rem;font:1rem/1.6 system-ui}";

/** SHA-256 of {@link STYLE}, the only style that the page may have; a test computes it again. */
const STYLE_HASH = "sha256-p9GvBHf4inU+Bs34IofRXcQyoNsH0jF1q1eryoPkTo4=";

/** No script, no other host, no frame: the page is text, links and one style. */
const POLICY =
  `default-src 'none'; style-src '${STYLE_HASH}'; img-src data:; ` +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const pageOf = (paths: Paths): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<link rel="icon" href="data:,">
<title>${NAME}</title>
<style>${STYLE}</style>
<h1>${NAME}</h1>
<p>${DESCRIPTION} It issues, refreshes, ends and checks access tokens.
<ul>
<li><a href="${ASSET_PATHS.documentation}">The API, to read and to try</a>
<li><a href="${ASSET_PATHS.openapi}">The same for programs (OpenAPI)</a>
<li><a href="${paths.metadata}">What it can do (RFC 8414 metadata)</a>
<li><a href="${paths.jwks}">Public keys of JWT access tokens</a>
</ul>
`;

/**
 * `GET /`: what this is and where to read on. JSON for programs, a page for whoever prefers one:
 * the one answer of the Worker that is not JSON, and only when it is asked for.
 */
export async function landing({ request }: Exchange, deps: Deps): Promise<Response> {
  const headers = { Vary: "Accept" };
  if (prefersHtml(request.headers.get("Accept") ?? "")) {
    return publicHtml(pageOf(pathsUnder(deps.pathPrefixes[0] ?? "")), {
      ...headers,
      "Content-Security-Policy": POLICY,
    });
  }
  const urls = urlsOf(request, deps);
  const { origin } = new URL(urls.landing);
  const body = {
    name: NAME,
    description: DESCRIPTION,
    documentation: origin + ASSET_PATHS.documentation,
    openapi: origin + ASSET_PATHS.openapi,
    metadata: urls.metadata,
    jwks: urls.jwks,
  };
  return publicJson(body, headers);
}

/** Whoever takes anything gets JSON. */
function prefersHtml(accept: string): boolean {
  const ranges = parseAccept(accept).filter(({ q }) => q > 0);
  const first = ranges.find(({ type }) => /^(?:text\/html|application\/json|\*\/\*)$/i.test(type));
  return first?.type.toLowerCase() === "text/html";
}
