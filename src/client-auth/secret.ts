import type { Client } from "../clients/client.ts";
import { Refusal } from "../errors/refusal.ts";
import { hasControlCharacter } from "../protocol/params.ts";
import { type Attempt, classifyError } from "../rate-limit/attempt.ts";
import type { SecretRequest } from "../rate-limit/rate-limiter.ts";
import type { Lookup } from "../storage/lookups.ts";
import { audit } from "../telemetry/request-log.ts";
import type { ClientAuthDeps, PresentedCredentials } from "./authenticator.ts";
import type { SecretCheck } from "./secret-cache.ts";

/**
 * A client id and secret, from the header or the body.
 *
 * @param address of the request, or null if the platform does not provide it
 */
export function secretCredentials(
  clientId: string,
  secret: string,
  address: string | null,
): PresentedCredentials {
  return {
    clientId,
    async verify(lookup, deps) {
      const check = await deps.secretCache.begin(clientId, secret);
      const request: SecretRequest = { clientId, address };
      let verified: Client | null = null;
      try {
        const { client, attempt } = check.isFirst
          ? await lookUpAndAdmit(lookup, request, deps)
          : { client: await lookup, attempt: null };
        const hashes = hashesFor(client, secret, deps.clock());
        const cached = check.isFirst ? null : await check.find(hashes);
        const presented = { secret, hashes };
        const admit = async () => attempt ?? (await deps.rateLimiter.admitSecret(request));
        const proved =
          client !== null && cached !== null
            ? requireSecretMethod(client)
            : await checkSecret(client, presented, await admit(), check, deps);
        if (proved.isDisabled) throw new Refusal("client_disabled");
        verified = proved;
        return proved;
      } finally {
        check.end(verified);
      }
    },

    lastVerified: ({ secretCache }) => secretCache.lastVerified(clientId, secret),
  };
}

/** A secret that a request presents, and the stored hashes of the valid ones. */
interface PresentedSecret {
  readonly secret: string;
  /** Empty for a client that does not exist, or a secret that no client can have. */
  readonly hashes: readonly string[];
}

/** Asks D1 and the failure counter at once: each is a round trip away. */
async function lookUpAndAdmit(
  lookup: Lookup<Client | null>,
  request: SecretRequest,
  { rateLimiter, defer }: ClientAuthDeps,
): Promise<{ client: Client | null; attempt: Attempt }> {
  const admission = rateLimiter.admitSecret(request);
  try {
    const [client, attempt] = await Promise.all([lookup, admission]);
    return { client, attempt };
  } catch (error) {
    const drop = (attempt: Attempt) => attempt.end("dropped");
    defer(admission.then(drop, () => {}));
    throw error;
  }
}

async function checkSecret(
  client: Client | null,
  presented: PresentedSecret,
  attempt: Attempt,
  check: SecretCheck,
  deps: ClientAuthDeps,
): Promise<Client> {
  try {
    const proved = await compareSecret(client, presented, check, deps);
    attempt.end("succeeded");
    return proved;
  } catch (error) {
    attempt.end(classifyError(error));
    throw error;
  }
}

/** Takes the same time for all clients, including unknown ones. @throws Refusal */
async function compareSecret(
  client: Client | null,
  { secret, hashes }: PresentedSecret,
  check: SecretCheck,
  deps: ClientAuthDeps,
): Promise<Client> {
  const { matched, outdated } = await deps.clientSecrets.check(secret, hashes);
  if (client === null) throw new Refusal("client_unknown");
  requireSecretMethod(client);
  if (matched === null) throw new Refusal("client_secret_wrong");
  check.store(matched);
  if (outdated && !client.isDisabled) deps.defer(rehash(client, matched, secret, deps));
  return client;
}

/**
 * A public client may have a secret, as in DOT. It need not send it, a wrong one is rejected, and
 * the right one does not make the client confidential.
 */
function requireSecretMethod(client: Client): Client {
  const hasNoSecret = client.authMethod === "none" && client.secretHash === null;
  if (hasNoSecret || client.authMethod === "private_key_jwt") {
    throw new Refusal("client_auth_method_wrong");
  }
  return client;
}

/** The hashes that the secret may match; none for an invalid secret. */
function hashesFor(client: Client | null, secret: string, nowMs: number): readonly string[] {
  if (client === null || hasControlCharacter(secret)) return [];
  const { secretHash, previousSecretHash, previousSecretEndsAtMs } = client;
  const hashes = secretHash === null ? [] : [secretHash];
  const isPreviousValid = previousSecretEndsAtMs === null || nowMs < previousSecretEndsAtMs;
  if (previousSecretHash !== null && isPreviousValid) hashes.push(previousSecretHash);
  return hashes;
}

/** Replaces an outdated hash: a current one takes one PBKDF2 call. */
async function rehash(
  client: Client,
  outdated: string,
  secret: string,
  { clients, clientSecrets }: ClientAuthDeps,
): Promise<void> {
  const { clientId, secretHash, previousSecretHash } = client;
  const sibling = outdated === secretHash ? previousSecretHash : secretHash;
  const hash = await clientSecrets.makeHash(secret, sibling ?? undefined);
  const isReplaced = await clients.replaceSecretHash(clientId, outdated, hash);
  if (isReplaced) audit({ action: "secret_rehashed", clientId });
}
