import { toHex } from "../crypto/bytes.ts";
import { sha256 } from "../crypto/digest.ts";
import type { Random } from "../crypto/random.ts";
import { Refusal } from "../protocol/refusal.ts";
import type { Scope } from "../protocol/scope.ts";
import type { Client, User } from "../storage/accounts.ts";
import { refreshedAudience } from "./audience.ts";
import { type Grant, lifetimesOf } from "./grant.ts";
import { allowedScope, requestedWithin } from "./granted-scope.ts";
import { type ContinuedLogin, readPresentedToken } from "./presented-token.ts";

/** Bytes that tell one attempt to refresh from any other. */
const ATTEMPT_ID_BYTES = 16;

/** What the `Idempotency-Key` header may be. */
export const IDEMPOTENCY_KEY = /^[\x20-\x7e]{1,255}$/;

/**
 * Refreshing (RFC 6749 §6). Everything that the sealed token says is checked here, after one round
 * trip to D1; only what the family's object alone can know is left to the issuer, so a refusal here
 * consumes nothing.
 */
export const refreshTokenGrant: Grant = {
  grantType: "refresh_token",

  async prepare({ params, idempotencyKey }, tools) {
    const presented = params.get("refresh_token");
    if (presented === undefined) throw new Refusal("refresh_token_missing");
    const attemptId = await attemptIdOf(idempotencyKey, tools.random);
    const { query, loginOf } = await readPresentedToken(presented, tools);
    return {
      query,

      userOf(accounts) {
        const login = loginOf(accounts);
        return login && accounts.user({ id: login.subject });
      },

      async authorize(client, user, accounts) {
        const login = loginOf(accounts);
        if (login === null) throw new Refusal("refresh_token_forged");
        const subject = requireAlive(login, client, user);
        return {
          clientId: client.clientId,
          subject: subject.id,
          scope: refreshedScope(params.get("scope"), login, allowedScope(client, tools.scopes)),
          audience: refreshedAudience(params.get("resource"), login.resource, client),
          claims: { ...client.claims, ...subject.claims },
          accessTokenFormat: client.accessTokenFormat,
          lifetimes: lifetimesOf(client, tools.lifetimes),
          continuation: login.continuation(attemptId),
        };
      },
    };
  },
};

/**
 * The same key with the same token asks for the same successor again, so that a lost answer strands
 * nobody (draft-ietf-httpapi-idempotency-key-header). Without a key every request is its own
 * attempt, repeated by the Worker alone.
 *
 * @throws Refusal `idempotency_key_malformed`
 */
async function attemptIdOf(idempotencyKey: string | null, random: Random): Promise<string> {
  if (idempotencyKey === null) return toHex(random(ATTEMPT_ID_BYTES));
  if (!IDEMPOTENCY_KEY.test(idempotencyKey)) throw new Refusal("idempotency_key_malformed");
  return toHex(await sha256(idempotencyKey));
}

/**
 * A not-before time on either row ends every older family, without an index over families; a mark
 * on the session's row ends one. Written by whoever has D1 alone, such as the CLI.
 */
function requireAlive(login: ContinuedLogin, client: Client, user: User | null): User {
  if (login.clientId !== client.clientId) throw new Refusal("refresh_token_of_another_client");
  if (!user?.isActive || login.isEnded) throw new Refusal("refresh_token_ended");
  const notBeforeMs = Math.max(user.notBeforeMs, client.notBeforeMs);
  if (login.createdAtMs < notBeforeMs) throw new Refusal("refresh_token_ended");
  return user;
}

/**
 * The original scope, as far as the client may still have it, or the narrower one it asks for. A
 * login without any scope comes from an import alone: DOT grants none where `DEFAULT_SCOPES` is
 * empty, and such a login goes on as it does there.
 */
function refreshedScope(
  requested: string | undefined,
  login: ContinuedLogin,
  allowed: Scope,
): Scope {
  const granted = login.scope.filter((name) => allowed.includes(name));
  if (requested !== undefined) return requestedWithin(requested, granted);
  if (granted.length === 0 && login.scope.length > 0) throw new Refusal("scope_not_allowed");
  return granted;
}
