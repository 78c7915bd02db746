import { decodeForm, PARAMETERS_MAX, type Params } from "../protocol/params.ts";

/** The parameters of an authorization request. */
export interface AuthorizationParams {
  /** By name; of a repeated parameter the first value. */
  readonly values: Params;
  /** `resource` may be repeated (RFC 8707 §2). */
  readonly resources: readonly string[];
  /** Names that occur twice. */
  readonly repeated: ReadonlySet<string>;
}

/** The parameters that are read (RFC 6749 §4.1.1, OIDC Core §3.1.2.1). Any other is ignored. */
const NAMES: ReadonlySet<string> = new Set([
  "response_type",
  "client_id",
  "redirect_uri",
  "scope",
  "state",
  "code_challenge",
  "code_challenge_method",
  "resource",
  "nonce",
  "prompt",
  "max_age",
  "login_hint",
  "id_token_hint",
  "ui_locales",
  "acr_values",
  "response_mode",
  "claims",
  "approval_prompt",
  "request",
  "request_uri",
]);

type Pairs = readonly (readonly [name: string, value: string])[];

/** @returns the pairs of a query, or null if it is not UTF-8 or has too many */
export function parseQuery(query: string): Pairs | null {
  const pairs = decodeForm(query);
  return pairs === null || pairs.length > PARAMETERS_MAX ? null : pairs.filter(isKnown);
}

/** Reads the parameters from pairs. An empty value is an absent one (RFC 6749 §3.1). */
export function toAuthorizationParams(pairs: Pairs): AuthorizationParams {
  const known = pairs.filter(isKnown);
  const names = known.map(([name]) => name).filter((name) => name !== "resource");
  const values = new Map<string, string>();
  for (const [name, value] of known) {
    if (value !== "" && !values.has(name)) values.set(name, value);
  }
  return {
    values,
    resources: known.flatMap(([name, value]) => (name === "resource" && value ? [value] : [])),
    repeated: new Set(names.filter((name, index) => names.indexOf(name) < index)),
  };
}

/** Writes the parameters that are read as a query. */
export function formatQuery(pairs: Pairs): string {
  return new URLSearchParams(
    pairs.filter(isKnown).map(([name, value]) => [name, value]),
  ).toString();
}

function isKnown([name]: readonly [name: string, value: string]): boolean {
  return NAMES.has(name);
}
