import type { Client } from "../clients/client.ts";
import { Refusal } from "../errors/refusal.ts";
import { PARAMETERS_MAX } from "../protocol/params.ts";

/** The parameters of OpenID Connect RP-Initiated Logout §2 that are read. Others are ignored. */
const NAMES = [
  "id_token_hint",
  "client_id",
  "post_logout_redirect_uri",
  "state",
  "ui_locales",
] as const;

type Pairs = readonly (readonly [name: string, value: string])[];

/** The values of a request; absent ones are undefined. */
export type LogoutRequest = Readonly<Partial<Record<(typeof NAMES)[number], string>>>;

/**
 * Reads the parameters from the pairs of a query or a form.
 *
 * @param pairs null: they are malformed
 * @throws Refusal `query_malformed` or `parameter_repeated`
 */
export function readLogoutRequest(pairs: Pairs | null): LogoutRequest {
  if (pairs === null || pairs.length > PARAMETERS_MAX) throw new Refusal("query_malformed");
  const values = NAMES.map((name) => {
    const [value, ...others] = pairs.filter((pair) => pair[0] === name).map((pair) => pair[1]);
    if (others.length > 0) throw new Refusal("parameter_repeated");
    return [name, value || undefined] as const;
  });
  return Object.fromEntries(values);
}

/** Writes a request as a query. */
export function formatLogoutRequest(request: LogoutRequest): string {
  return new URLSearchParams(Object.entries(request).filter(([, value]) => value)).toString();
}

/**
 * The client that asks, by its id or by its ID token. Null: neither is sent.
 *
 * @param hinted the client that the ID token was issued to, or null
 * @throws Refusal `logout_client_mismatch`
 */
export function clientOfLogout(
  { client_id: named }: LogoutRequest,
  hinted: string | null,
): string | null {
  if (named !== undefined && hinted !== null && named !== hinted) {
    throw new Refusal("logout_client_mismatch");
  }
  return named ?? hinted;
}

/**
 * Where the browser goes afterwards: only to a registered URI, byte for byte (§3).
 *
 * @param client null: the request names none, or an unknown one
 * @returns null if the request names no URI
 * @throws Refusal
 */
export function requireLogoutTarget(
  { post_logout_redirect_uri: uri }: LogoutRequest,
  clientId: string | null,
  client: Client | null,
): string | null {
  if (clientId !== null && (client === null || client.isDisabled)) {
    throw new Refusal("client_not_registered");
  }
  if (uri === undefined) return null;
  if (client === null) throw new Refusal("logout_client_missing");
  if (!client.postLogoutRedirectUris.includes(uri)) throw new Refusal("logout_redirect_mismatch");
  return uri;
}
