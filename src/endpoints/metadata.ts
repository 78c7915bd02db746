import { PROMPTS } from "../authorization/request.ts";
import { CLIENT_AUTHENTICATORS } from "../client-auth/index.ts";
import type { Deps } from "../deps.ts";
import { Refusal } from "../errors/refusal.ts";
import { grantTypes } from "../grants/index.ts";
import { LANGUAGES } from "../pages/page-context.ts";
import { profileClaimNames } from "../users/profile.ts";
import type { RequestContext } from "./request-context.ts";
import { publicJson } from "./respond.ts";
import { endpointUrls, type Paths } from "./urls.ts";

/** A token with scope `introspection`: RFC 8414 §2 allows token types in a list of methods. */
const BEARER = "Bearer";

/**
 * Authorization server metadata (RFC 8414 §2). Derived from the lists of grants, client
 * authentication methods and paths, so that it advertises only what works.
 */
export async function metadata(context: RequestContext, deps: Deps): Promise<Response> {
  const issuer = context.issuerUrl;
  const { policy } = deps;
  const scopes = [
    ...policy.scopes,
    ...policy.openIdScopes,
    ...policy.namedScopes,
    ...policy.clientScopes,
  ];
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
    ...unregisteredMembers(urls, deps),
    scopes_supported: [...new Set(scopes)],
    ...protectedResources(deps),
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
    ...openIdMembers(urls, deps),
  });
}

/** The APIs for which every client may request tokens (RFC 9728 §4). */
function protectedResources({ policy: { resources } }: Deps): Record<string, unknown> {
  return resources.length === 0 ? {} : { protected_resources: resources.map(({ uri }) => uri) };
}

/**
 * The same document where OpenID clients look for it (OIDC Discovery §4): unknown without a key for
 * ID tokens.
 *
 * @throws Refusal `unknown_path`
 */
export async function openIdMetadata(context: RequestContext, deps: Deps): Promise<Response> {
  if (!deps.policy.hasOpenId) throw new Refusal("unknown_path");
  return metadata(context, deps);
}

/** How clients that no operator registered identify themselves. */
function unregisteredMembers(
  urls: Paths,
  { unregistered: { registration, documents } }: Deps,
): Record<string, unknown> {
  return {
    ...(registration === "off" ? {} : { registration_endpoint: urls.registration }),
    ...(documents === null ? {} : { client_id_metadata_document_supported: true }),
  };
}

/** What an ID token says of a sign-in. */
const TOKEN_CLAIMS = ["iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "amr", "sid"];

/** The members of OIDC Discovery §3. */
function openIdMembers(urls: Paths, deps: Deps): Record<string, unknown> {
  if (!deps.policy.hasOpenId) return {};
  return {
    userinfo_endpoint: urls.userinfo,
    end_session_endpoint: urls.logout,
    backchannel_logout_supported: deps.policy.hasBackchannelLogout,
    backchannel_logout_session_supported: deps.policy.hasBackchannelLogout,
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: [...(deps.signingKeys?.algorithms ?? [])],
    claim_types_supported: ["normal"],
    claims_supported: [...TOKEN_CLAIMS, ...profileClaimNames()],
    claims_parameter_supported: true,
    request_parameter_supported: false,
    request_uri_parameter_supported: false,
  };
}

/** The public keys of JWT access tokens (RFC 7517 §5); none if there is no signing key. */
export async function jwks(_: RequestContext, deps: Deps): Promise<Response> {
  return publicJson(deps.signingKeys?.publicJwks ?? { keys: [] });
}
