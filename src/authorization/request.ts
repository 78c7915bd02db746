import type { Client } from "../clients/client.ts";
import {
  type ClientPolicy,
  initialScope,
  isUnregistered,
  requireResources,
  scopesFor,
} from "../clients/policy.ts";
import { Refusal } from "../errors/refusal.ts";
import { isCodeChallenge } from "../protocol/pkce.ts";
import {
  classifyRedirectUri,
  matchesRedirectPattern,
  matchesRedirectUri,
  type RedirectKind,
} from "../protocol/redirect-uri.ts";
import type { Scope } from "../protocol/scope.ts";
import { type RequestedClaims, readClaimsParameter } from "./claims-parameter.ts";
import type { AuthorizationParams } from "./params.ts";

/** Where the result of a request goes. */
export interface RedirectTarget {
  readonly uri: string;
  readonly kind: RedirectKind;
  /** Whether the request named it. */
  readonly isSent: boolean;
  /** Whether it matches a pattern: a preview deployment. */
  readonly isPattern: boolean;
}

/** A request that its client may make. */
export interface AuthorizationRequest {
  readonly scope: Scope;
  readonly resources: readonly string[];
  readonly codeChallenge: string | null;
  readonly nonce: string | null;
  readonly prompts: ReadonlySet<Prompt>;
  /** Oldest acceptable sign-in, in seconds; null: any. */
  readonly maxAgeSeconds: number | null;
  /** The parameter `claims`; null: it was not sent. */
  readonly claims: RequestedClaims | null;
}

/** What the client wants the user to be shown (OIDC Core §3.1.2.1). */
export type Prompt = "none" | "login" | "consent" | "select_account";

/** Every {@link Prompt}. */
export const PROMPTS: readonly Prompt[] = ["none", "login", "consent", "select_account"];

/** Parameters without which there is no client to return to, if they are ambiguous. */
const DECISIVE = ["client_id", "redirect_uri", "response_type", "scope", "state"] as const;

/** Longest `state`, in characters. */
const STATE_LENGTH_MAX = 2048;

/** Longest `nonce`, in characters: every code contains it. */
const NONCE_LENGTH_MAX = 255;

/** Whether a parameter is repeated without which there is no client to return to. */
export function isAmbiguous({ repeated }: Pick<AuthorizationParams, "repeated">): boolean {
  return DECISIVE.some((name) => repeated.has(name));
}

/**
 * Reads the client id: before anything is looked up.
 *
 * @throws Refusal that must not redirect
 */
export function requireClientId({ values, repeated }: AuthorizationParams): string {
  if (isAmbiguous({ repeated })) throw new Refusal("parameter_repeated");
  const clientId = values.get("client_id");
  if (clientId === undefined) throw new Refusal("client_id_missing");
  return clientId;
}

/**
 * Decides where the result goes. Every URI is compared byte for byte with the registered ones.
 *
 * @throws Refusal that must not redirect
 */
export function requireRedirectTarget(
  { values }: AuthorizationParams,
  { redirectUris, redirectUriPatterns }: Client,
): RedirectTarget {
  const sent = values.get("redirect_uri");
  if (sent === undefined) {
    const [only, ...others] = redirectUris;
    const asksOpenId = values.get("scope")?.split(" ").includes("openid") ?? false;
    const isClear = others.length === 0 && redirectUriPatterns.length === 0 && !asksOpenId;
    if (only === undefined || !isClear) throw new Refusal("redirect_uri_missing");
    return target(only, { isSent: false, isPattern: false });
  }
  if (redirectUris.some((uri) => matchesRedirectUri(uri, sent))) {
    return target(sent, { isSent: true, isPattern: false });
  }
  if (redirectUriPatterns.some((pattern) => matchesRedirectPattern(pattern, sent))) {
    return target(sent, { isSent: true, isPattern: true });
  }
  throw new Refusal("redirect_uri_mismatch");
}

/**
 * Whether users are asked for consent each time: no operator vouches for the client, or another
 * program on their computer can receive what is sent to a loopback URI or a custom scheme (RFC 8252
 * §8.6).
 */
export function isAskedAlways(client: Client): boolean {
  if (isUnregistered(client)) return true;
  return client.redirectUris.some((uri) => classifyRedirectUri(uri) !== "https");
}

/** Even a registered URI is checked: a row may have been written in another way. */
function target(uri: string, how: Pick<RedirectTarget, "isSent" | "isPattern">): RedirectTarget {
  const kind = classifyRedirectUri(uri);
  if (kind === null) throw new Refusal("redirect_uri_malformed");
  return { uri, kind, ...how };
}

/**
 * Checks everything else, in the order of the contract.
 *
 * @throws Refusal that the client receives by redirect
 */
export function readAuthorizationRequest(
  params: AuthorizationParams,
  client: Client,
  policy: ClientPolicy,
): AuthorizationRequest {
  const { values, repeated } = params;
  if (repeated.size > 0) throw new Refusal("repeated_parameter");
  if ((values.get("state")?.length ?? 0) > STATE_LENGTH_MAX) throw new Refusal("state_too_long");
  const nonce = values.get("nonce") ?? null;
  if ((nonce?.length ?? 0) > NONCE_LENGTH_MAX) throw new Refusal("nonce_too_long");
  if (values.has("request")) throw new Refusal("request_object_unsupported");
  if (values.has("request_uri")) throw new Refusal("request_uri_unsupported");
  const responseType = values.get("response_type");
  if (responseType === undefined) throw new Refusal("response_type_missing");
  if (responseType !== "code") throw new Refusal("response_type_unsupported");
  if ((values.get("response_mode") ?? "query") !== "query") {
    throw new Refusal("response_mode_unsupported");
  }
  if (!client.grantTypes.includes("authorization_code")) {
    throw new Refusal("grant_not_allowed");
  }
  const codeChallenge = readCodeChallenge(params, client);
  const claims = values.get("claims");
  const resources = requireResources(params.resources, client, policy);
  const available = scopesFor(resources, client, policy, policy);
  return {
    scope: initialScope(values.get("scope"), client, available),
    resources,
    codeChallenge,
    nonce,
    prompts: readPrompts(params),
    maxAgeSeconds: readMaxAge(params),
    claims: claims === undefined ? null : readClaimsParameter(claims),
  };
}

/** @throws Refusal when PKCE is required and absent, or is not S256 (RFC 7636 §4.3) */
function readCodeChallenge({ values }: AuthorizationParams, client: Client): string | null {
  const challenge = values.get("code_challenge");
  const method = values.get("code_challenge_method");
  if (challenge === undefined) {
    if (method !== undefined) throw new Refusal("code_challenge_missing");
    const isRequired = client.requiresPkce || client.authMethod === "none";
    if (isRequired) throw new Refusal("code_challenge_missing");
    return null;
  }
  // Without a method it would be `plain`, which protects nothing that is read on the way.
  if (method !== "S256") throw new Refusal("code_challenge_method_unsupported");
  if (!isCodeChallenge(challenge)) throw new Refusal("code_challenge_malformed");
  return challenge;
}

/** Unknown values are ignored, as OIDC Core §3.1.2.1 allows. */
function readPrompts({ values }: AuthorizationParams): ReadonlySet<Prompt> {
  const words = values.get("prompt")?.split(" ") ?? [];
  const prompts = new Set(PROMPTS.filter((prompt) => words.includes(prompt)));
  if (prompts.has("none") && prompts.size > 1) throw new Refusal("prompt_contradictory");
  // DOT's own parameter: ask even if the user has consented before.
  if (values.get("approval_prompt") === "force") prompts.add("consent");
  return prompts;
}

function readMaxAge({ values }: AuthorizationParams): number | null {
  const text = values.get("max_age");
  if (text === undefined) return null;
  if (!/^\d{1,9}$/.test(text)) throw new Refusal("max_age_malformed");
  return Number(text);
}
