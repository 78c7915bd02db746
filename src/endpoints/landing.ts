import type { Deps } from "../deps.ts";
import { landingPage } from "../pages/landing-page.ts";
import { PAGE_POLICY } from "../pages/layout.ts";
import { prefersHtml } from "./for-browsers.ts";
import type { RequestContext } from "./request-context.ts";
import { publicHtml, publicJson } from "./respond.ts";
import { ASSET_PATHS, endpointUrls, type Paths, pathsUnder } from "./urls.ts";

const NAME = "Tollgate";
const DESCRIPTION = "An OAuth 2 token service.";

const pageOf = ({ metadata, jwks }: Paths): string => {
  const links = { ...ASSET_PATHS, metadata, jwks };
  return landingPage({ name: NAME, description: DESCRIPTION, links });
};

/** `GET /`: a description with links. JSON for programs, a page for browsers. */
export async function landing(context: RequestContext, deps: Deps): Promise<Response> {
  const headers = { Vary: "Accept" };
  if (prefersHtml(context.request)) {
    return publicHtml(pageOf(pathsUnder(deps.pathPrefixes[0] ?? "")), {
      ...headers,
      "Content-Security-Policy": PAGE_POLICY,
    });
  }
  const urls = endpointUrls(context, deps);
  const { origin } = new URL(urls.landing);
  const body = {
    name: NAME,
    description: DESCRIPTION,
    documentation: origin + ASSET_PATHS.documentation,
    openapi: origin + ASSET_PATHS.openapi,
    metadata: urls.metadata,
    jwks: urls.jwks,
    ...(deps.hasManagementApi ? { management: `${origin}/admin/` } : {}),
  };
  return publicJson(body, headers);
}
