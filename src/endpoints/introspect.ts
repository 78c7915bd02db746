import type { Deps } from "../deps.ts";
import type { ActiveToken, TracedToken } from "../issuer/index.ts";
import { INTROSPECTION_SCOPE } from "../protocol/names.ts";
import { type Params, toParams } from "../protocol/params.ts";
import { Refusal } from "../protocol/refusal.ts";
import { parseScope } from "../protocol/scope.ts";
import type { AccountQuery, Accounts, Client } from "../storage/accounts.ts";
import { note } from "../telemetry/record.ts";
import { passAsClient, proveClient } from "./authenticate-client.ts";
import type { Exchange } from "./exchange.ts";
import { issuerUrlOf } from "./issuer-url.ts";
import { passAsHolder } from "./pass-as-holder.ts";
import { readParams } from "./read-params.ts";
import { json } from "./respond.ts";

const INACTIVE = { active: false } as const;

/**
 * `GET` and `POST /o/introspect/` (RFC 7662). The caller is a confidential client or the holder of
 * a bearer token with scope `introspection`. A client that is registered for `introspection` by
 * name is a resource server and may ask about every token; any other learns about its own tokens
 * alone, and of the rest that they are not active (RFC 7662 §2.2).
 *
 * @throws Refusal, Unavailable
 */
export async function introspect(exchange: Exchange, deps: Deps): Promise<Response> {
  const { request } = exchange;
  const params = request.method === "POST" ? await readParams(request) : queryParams(request);
  const token = params.get("token");
  if (token === undefined) throw new Refusal("token_missing");
  const bearer = bearerOf(request);
  const { traced, accounts, onlyOwn } =
    bearer === null
      ? await askedByClient(exchange, params, token, deps)
      : await askedByHolder(request, bearer, token, deps);
  const active = (await traced?.settle(accounts)) ?? null;
  if (active === null || (onlyOwn ?? active.clientId) !== active.clientId) return json(INACTIVE);
  return json(toWire(active, issuerUrlOf(request, deps)));
}

/** What a caller who may ask asked for. */
interface Question {
  readonly traced: TracedToken | null;
  readonly accounts: Accounts;
  /** The one client whose tokens the caller may ask about, or null for every client's. */
  readonly onlyOwn: string | null;
}

async function askedByClient(
  exchange: Exchange,
  params: Params,
  token: string,
  deps: Deps,
): Promise<Question> {
  const claim = await passAsClient(exchange, params, deps);
  const traced = await deps.issuer.trace(token);
  const { client, accounts } = await proveClient(exchange, claim, traced?.query ?? {}, deps);
  if (client.authMethod === "none") throw new Refusal("caller_is_public");
  return { traced, accounts, onlyOwn: isResourceServer(client) ? null : client.clientId };
}

/** At this moment: a client that loses the scope loses it for the tokens that it has, too. */
function isResourceServer(client: Client | null): boolean {
  return client?.scope?.includes(INTROSPECTION_SCOPE) === true;
}

async function askedByHolder(
  request: Request,
  bearer: string,
  token: string,
  deps: Deps,
): Promise<Question> {
  const trust = await passAsHolder(request, bearer, deps);
  const [traced, caller] = await Promise.all([deps.issuer.trace(token), deps.issuer.trace(bearer)]);
  if (caller === null) throw new Refusal("caller_token_inactive");
  const accounts = await deps.accounts.find(merge(caller.query, traced?.query ?? {}));
  const active = await caller.settle(accounts);
  if (active === null) throw new Refusal("caller_token_inactive");
  trust();
  note({ clientId: active.clientId });
  // The API that a token is for could pass it on, and with it the right to ask.
  if (active.audience !== null && active.audience !== issuerUrlOf(request, deps)) {
    throw new Refusal("caller_token_for_another");
  }
  const isGranted = parseScope(active.scope)?.includes(INTROSPECTION_SCOPE) === true;
  if (!isGranted || !isResourceServer(accounts.client(active.clientId))) {
    throw new Refusal("caller_scope_insufficient");
  }
  return { traced, accounts, onlyOwn: null };
}

function merge(...queries: readonly Partial<AccountQuery>[]): AccountQuery {
  return {
    clientIds: [...new Set(queries.flatMap(({ clientIds = [] }) => clientIds))],
    userKeys: queries.flatMap(({ userKeys = [] }) => userKeys),
    nonces: queries.flatMap(({ nonces = [] }) => nonces),
    sessions: queries.flatMap(({ sessions = [] }) => sessions),
    importedHashes: queries.flatMap(({ importedHashes = [] }) => importedHashes),
    origins: [],
  };
}

/** The token alone: credentials must not stand in a URL (RFC 6749 §2.3.1). */
function queryParams(request: Request): Params {
  const params = toParams([...new URL(request.url).searchParams]);
  return new Map([...params].filter(([name]) => name === "token"));
}

function bearerOf(request: Request): string | null {
  return /^bearer +(\S+)$/i.exec(request.headers.get("Authorization") ?? "")?.[1] ?? null;
}

/** The introspection response (RFC 7662 §2.2). Without a user the client is the subject. */
function toWire(active: ActiveToken, issuerUrl: string): Record<string, unknown> {
  return {
    ...active.claims,
    active: true,
    scope: active.scope,
    exp: Math.floor(active.expiresAtMs / 1000),
    iat: Math.floor(active.issuedAtMs / 1000),
    client_id: active.clientId,
    ...(active.username === null ? {} : { username: active.username }),
    sub: active.subject ?? active.clientId,
    ...(active.audience === null ? {} : { aud: active.audience }),
    token_type: "Bearer",
    iss: issuerUrl,
  };
}
