import { PROMPTS } from "../authorization/request.ts";
import { CLIENT_AUTHENTICATORS } from "../client-auth/index.ts";
import type { Deps } from "../deps.ts";
import { grantTypes } from "../grants/index.ts";
import { LANGUAGES } from "../pages/page-context.ts";
import { NAMED_SCOPES } from "../protocol/names.ts";
import type { RequestContext } from "./request-context.ts";
import { publicJson } from "./respond.ts";
import { endpointUrls, issuerUrlOf } from "./urls.ts";

/** A token with scope `introspection`: RFC 8414 §2 allows token types in a list of methods. */
const BEARER = "Bearer";

/**
 * Authorization server metadata (RFC 8414 §2). Derived from the lists of grants, client
 * authentication methods and paths, so that it advertises only what works.
 */
export async function metadata(context: RequestContext, deps: Deps): Promise<Response> {
  const issuer = issuerUrlOf(context, deps);
  const urls = endpointUrls(context, deps);
  const methods = [...new Set(CLIENT_AUTHENTICATORS.flatMap((one) => one.methods))];
  const algorithms = [...new Set(CLIENT_AUTHENTICATORS.flatMap((one) => one.algorithms ?? []))];
  const confidential = methods.filter((method) => method !== "none");
  return publicJson({
    issuer,
    authorization_endpoint: urls.authorization,
    token_endpoint: urls.token,
    revocation_endpoint: urls.revocation,
    introspection_endpoint: urls.introspection,
    ...(deps.signingKeys === null ? {} : { jwks_uri: urls.jwks }),
    scopes_supported: [...deps.policy.scopes, ...NAMED_SCOPES, ...deps.policy.clientScopes],
    response_types_supported: ["code"],
    response_modes_supported: ["query"],
    code_challenge_methods_supported: ["S256"],
    authorization_response_iss_parameter_supported: true,
    prompt_values_supported: PROMPTS,
    ui_locales_supported: LANGUAGES,
    grant_types_supported: grantTypes(),
    token_endpoint_auth_methods_supported: methods,
    revocation_endpoint_auth_methods_supported: methods,
    introspection_endpoint_auth_methods_supported: [...confidential, BEARER],
    token_endpoint_auth_signing_alg_values_supported: algorithms,
    revocation_endpoint_auth_signing_alg_values_supported: algorithms,
    introspection_endpoint_auth_signing_alg_values_supported: algorithms,
  });
}

/** The public keys of JWT access tokens (RFC 7517 §5); none if there is no signing key. */
export async function jwks(_: RequestContext, deps: Deps): Promise<Response> {
  return publicJson(deps.signingKeys?.publicJwks ?? { keys: [] });
}
