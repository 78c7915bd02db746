import type { Client } from "../clients/client.ts";
import { type Random, sha256, toHex } from "../crypto/bytes.ts";
import { Refusal } from "../errors/refusal.ts";
import { OPENID_SCOPE } from "../protocol/names.ts";
import { parseScope } from "../protocol/scope.ts";
import { type Consent, isRevokedSince } from "../storage/consents.ts";
import type { ImportedLogin } from "../storage/imported-tokens.ts";
import type { Lookup, Lookups } from "../storage/lookups.ts";
import { sessionKeyOf } from "../storage/sessions.ts";
import type { User } from "../storage/users.ts";
import { setLogFields } from "../telemetry/request-log.ts";
import { importedTokenHash } from "../tokens/imported-token.ts";
import { type RefreshToken, unsealRefreshToken } from "../tokens/refresh-token.ts";
import type { Grant, GrantDeps, Proof } from "./grant.ts";

/** Length of a random attempt id, in bytes. */
const ATTEMPT_ID_BYTES = 16;

/** The valid values of the `Idempotency-Key` header. */
export const IDEMPOTENCY_KEY = /^[\x20-\x7e]{1,255}$/;

/** The refresh token of a request, and its look-ups. */
type Presented =
  /** Not a token of this service. */
  | { readonly kind: "forged" }
  | {
      readonly kind: "own";
      readonly token: RefreshToken;
      readonly user: Lookup<User | null>;
      readonly consent: Lookup<Consent | null>;
      readonly isEnded: Lookup<boolean>;
    }
  /** Possibly a token of the previous server. */
  | { readonly kind: "imported"; readonly login: Lookup<ImportedLogin | null> };

/**
 * Refresh (RFC 6749 §6). This checks what the sealed token contains, with one round trip to D1. The
 * issuer checks what only the Durable Object of the family knows. A rejection here consumes
 * nothing.
 */
export const refreshTokenGrant: Grant<Presented & { readonly attemptId: string }> = {
  grantType: "refresh_token",
  summary: "The next pair of tokens",
  specification: "RFC 6749 §6",
  parameters: { refresh_token: "the latest refresh token, which works once" },
  example: { refresh_token: "tgr_..." },
  openApiFlow: null,
  refusals: [
    "refresh_token_missing",
    "idempotency_key_malformed",
    "refresh_token_forged",
    "refresh_token_of_another_client",
    "refresh_token_ended",
    "family_unknown",
    "family_expired",
    "family_revoked",
    "family_raced",
    "family_reused",
  ],
  allowsPublicClients: true,

  async read({ params, idempotencyKey }, lookups, deps) {
    const token = params.get("refresh_token");
    if (token === undefined) throw new Refusal("refresh_token_missing");
    const attemptId = await attemptIdOf(idempotencyKey, deps.random);
    return { ...(await readToken(token, lookups, deps)), attemptId };
  },

  async isIssuedTo(presented, clientId) {
    return presented.kind === "own" && presented.token.clientId === clientId;
  },

  resourcesOf(presented) {
    return presented.kind === "own" ? presented.token.resources : [];
  },

  async prove(presented, client) {
    switch (presented.kind) {
      case "forged":
        throw new Refusal("refresh_token_forged");
      case "own":
        return proveOwn(presented, client, presented.attemptId);
      case "imported":
        return proveImported(await presented.login, client, presented.attemptId);
    }
  },
};

/**
 * The same key with the same token or code returns the same tokens, so that a client can retry
 * after a lost response (draft-ietf-httpapi-idempotency-key-header). Without a key every request is
 * a new attempt, and only the Worker itself retries it.
 *
 * @throws Refusal `idempotency_key_malformed`
 */
export async function attemptIdOf(idempotencyKey: string | null, random: Random): Promise<string> {
  if (idempotencyKey === null) return toHex(random(ATTEMPT_ID_BYTES));
  if (!IDEMPOTENCY_KEY.test(idempotencyKey)) throw new Refusal("idempotency_key_malformed");
  return toHex(await sha256(idempotencyKey));
}

/** A forged token starts no look-up, unless tokens of the previous server are accepted. */
async function readToken(
  presented: string,
  lookups: Lookups,
  { refreshTokenRing, acceptsImportedTokens }: GrantDeps,
): Promise<Presented> {
  const token = await unsealRefreshToken(refreshTokenRing, presented);
  if (token !== null) {
    const isEnded = lookups.isSessionEnded(sessionKeyOf(token));
    const consent = lookups.consent(token.subject, token.clientId);
    if (token.scope.includes(OPENID_SCOPE)) lookups.profile(token.subject);
    return { kind: "own", token, user: lookups.user(token.subject), consent, isEnded };
  }
  const hash = acceptsImportedTokens ? await importedTokenHash(presented) : null;
  if (hash === null) return { kind: "forged" };
  return { kind: "imported", login: lookups.importedLogin(hash) };
}

async function proveOwn(
  { token, ...lookups }: Extract<Presented, { kind: "own" }>,
  client: Client,
  attemptId: string,
): Promise<Proof> {
  const user = requireAlive(token, await lookups.user, await lookups.consent, client);
  // Commands cannot reach the object of the family, so they mark the session as ended in D1.
  if (await lookups.isEnded) throw new Refusal("refresh_token_ended");
  const { scope, resources } = token;
  const refresh = { kind: "rotated", predecessor: token, attemptId } as const;
  return { user, login: { scope, resources }, refresh };
}

async function proveImported(
  login: ImportedLogin | null,
  client: Client,
  attemptId: string,
): Promise<Proof> {
  if (login?.token.kind !== "refresh") throw new Refusal("refresh_token_forged");
  const imported = login.token;
  const { clientId, importedAtMs: createdAtMs } = imported;
  const user = requireAlive({ clientId, createdAtMs }, login.user, login.consent, client);
  // The previous server stored no resource.
  const granted = { scope: parseScope(imported.scope) ?? [], resources: [] };
  return { user, login: granted, refresh: { kind: "imported", imported, attemptId } };
}

/**
 * The not-before times of the user, of the client and of the consent between them end all older
 * families, without an index of families.
 */
function requireAlive(
  { clientId, createdAtMs }: Pick<RefreshToken, "clientId" | "createdAtMs">,
  user: User | null,
  consent: Consent | null,
  client: Client,
): User {
  if (user !== null) setLogFields({ userId: user.id });
  if (clientId !== client.clientId) throw new Refusal("refresh_token_of_another_client");
  if (!user?.isActive) throw new Refusal("refresh_token_ended");
  const notBeforeMs = Math.max(user.notBeforeMs, client.notBeforeMs);
  if (createdAtMs < notBeforeMs || isRevokedSince(consent, createdAtMs, client)) {
    throw new Refusal("refresh_token_ended");
  }
  return user;
}
