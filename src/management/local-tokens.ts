import type { Random } from "../crypto/random.ts";
import { createIssuer, type Issuer } from "../issuer/index.ts";
import type { MintTools } from "../issuer/mint.ts";
import { parseScope, type Scope } from "../protocol/scope.ts";
import type { AccessTokenStore } from "../storage/access-tokens.ts";
import type { AccountStore, Client, User } from "../storage/accounts.ts";
import type { FamilyStore } from "../storage/families.ts";
import type { SessionStore } from "../storage/sessions.ts";
import type { Lifetimes } from "../tokens/authorization.ts";
import { invalid, ManagementError } from "./management-error.ts";
import { instantOf } from "./registry-rows.ts";

export { deriveMintTools } from "../issuer/mint.ts";

/** What a token for the tests of an API is to be. */
export interface LocalTokenRequest {
  readonly clientId: string;
  /** Null: the client acts for itself. */
  readonly username: string | null;
  /** As on the wire, of any names; null: all that the client may ask for. */
  readonly scope: string | null;
  /** How long ago it was issued. */
  readonly ageSeconds: number;
  readonly state: LocalTokenState;
}

/** States in which a token can be minted. */
export const LOCAL_TOKEN_STATES = ["active", "expired", "revoked"] as const;

/** One of {@link LOCAL_TOKEN_STATES}. */
export type LocalTokenState = (typeof LOCAL_TOKEN_STATES)[number];

/** Local state and the keys of the service that runs on it. */
export interface LocalTokenTools {
  readonly accounts: AccountStore;
  readonly accessTokens: AccessTokenStore;
  readonly mintTools: MintTools;
  /** Every scope of the service. */
  readonly scopes: Scope;
  readonly lifetimes: Lifetimes;
  readonly random: Random;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

/**
 * Mints an opaque access token without a family into local state, for the tests of an API: of any
 * scope, age and state. It goes through the service's own mint.
 *
 * @throws ManagementError when there is no such client or user, or no such token can be active
 * @throws Unavailable when local state fails
 */
export async function mintLocalToken(
  request: LocalTokenRequest,
  tools: LocalTokenTools,
): Promise<string> {
  const { client, user } = await findAccounts(request, tools);
  const accessTokenSeconds = client.accessTokenTtlSeconds ?? tools.lifetimes.accessTokenSeconds;
  const issuedAtMs = issueTime(request, accessTokenSeconds, tools.clock());
  if (request.state === "active") requireActive(client, user, issuedAtMs);
  const issuer = issuerAt(issuedAtMs, tools);
  const authorization = {
    clientId: client.clientId,
    subject: user?.id ?? null,
    scope: scopeOf(request, client, tools),
    audience: client.audiences[0] ?? null,
    claims: { ...client.claims, ...user?.claims },
    accessTokenFormat: "opaque",
    lifetimes: { ...tools.lifetimes, accessTokenSeconds },
    continuation: { kind: "none" },
  } as const;
  // A JWT would name its issuer; an opaque token names none.
  const context = { issuerUrl: "", authorizedAtMs: issuedAtMs, label: "", address: null };
  const { accessToken } = await issuer.issue(authorization, context);
  if (request.state === "revoked") await issuer.revoke(accessToken, client.clientId);
  return accessToken;
}

async function findAccounts(
  { clientId, username }: LocalTokenRequest,
  { accounts }: LocalTokenTools,
): Promise<{ client: Client; user: User | null }> {
  const userKeys = username === null ? [] : [{ username }];
  const found = await accounts.find({ clientIds: [clientId], userKeys });
  const client = found.client(clientId);
  const user = username === null ? null : found.user({ username });
  if (client === null) throw new ManagementError("not_found", { kind: "client", name: clientId });
  if (username !== null && user === null)
    throw new ManagementError("not_found", { kind: "user", name: username });
  return { client, user };
}

function issueTime(
  { ageSeconds, state }: LocalTokenRequest,
  lifetimeSeconds: number,
  nowMs: number,
): number {
  if (state === "expired") return nowMs - Math.max(ageSeconds, lifetimeSeconds) * 1000;
  if (ageSeconds < lifetimeSeconds) return nowMs - ageSeconds * 1000;
  throw invalid(`After ${lifetimeSeconds} seconds a token of this client has expired.`);
}

/** The service would call such a token inactive, however it was made. */
function requireActive(client: Client, user: User | null, issuedAtMs: number): void {
  if (client.isDisabled) throw invalid("The client is disabled.");
  if (user?.isActive === false) throw invalid("The user is not active.");
  const notBeforeMs = Math.max(client.notBeforeMs, user?.notBeforeMs ?? 0);
  if (issuedAtMs >= notBeforeMs) return;
  const since = instantOf(notBeforeMs);
  throw invalid(`No token from before ${since} is active: client or user is younger.`);
}

function scopeOf({ scope }: LocalTokenRequest, client: Client, tools: LocalTokenTools): Scope {
  if (scope === null) return client.scope ?? tools.scopes;
  const parsed = parseScope(scope);
  if (parsed !== null && parsed.length > 0) return parsed;
  throw invalid("The scope must be scope names with spaces between.");
}

function issuerAt(issuedAtMs: number, tools: LocalTokenTools): Issuer {
  return createIssuer({
    ...tools,
    ...tools.mintTools,
    families: NO_FAMILIES,
    sessions: NO_SESSIONS,
    importedTokens: null,
    refreshRetry: "reject",
    refreshRetryWindowSeconds: 0,
    digestOrigin: async () => undefined,
    accessTokenSeconds: tools.lifetimes.accessTokenSeconds,
    clock: () => issuedAtMs,
    defer: () => undefined,
  });
}

/** Durable Objects are the running service's alone, and a token without a family needs none. */
const NO_FAMILIES: FamilyStore = {
  newId: outOfReach,
  adoptedId: outOfReach,
  start: outOfReach,
  rotate: outOfReach,
  revoke: outOfReach,
  inspect: outOfReach,
};

const NO_SESSIONS: SessionStore = { note: outOfReach, remove: outOfReach };

function outOfReach(): never {
  throw new TypeError("families are out of reach here");
}
