import { hasControlCharacter } from "../protocol/params.ts";
import { Refusal } from "../protocol/refusal.ts";
import type { Client } from "../storage/accounts.ts";
import { audit } from "../telemetry/audit.ts";
import type { Claim, ClaimTools } from "./claim.ts";
import type { PresentedSecret, SecretUse } from "./verdict-memory.ts";

/**
 * A claim by client id and secret, wherever the two stood.
 *
 * @param address where it comes from, or null when the platform does not say
 */
export function secretClaim(clientId: string, secret: string, address: string | null): Claim {
  return {
    clientId,
    async prove(client, tools) {
      const records = recordsFor(client, secret, tools);
      const presented: PresentedSecret = { clientId, secret, records };
      const use = await tools.verdicts.use(presented);
      try {
        const proved =
          client !== null && use.remembered !== null
            ? requireSecretMethod(client)
            : await tools.throttle.secret({ clientId, address }, () => {
                return checkSecret(client, presented, use, tools);
              });
        if (proved.isDisabled) throw new Refusal("client_disabled");
        return proved;
      } finally {
        use.end();
      }
    },
  };
}

/** The same work whoever the client is, and if there is none. @throws Refusal */
async function checkSecret(
  client: Client | null,
  { secret, records }: PresentedSecret,
  use: SecretUse,
  tools: ClaimTools,
): Promise<Client> {
  const { matched, outdated } = await tools.clientSecrets.check(secret, records);
  if (client === null) throw new Refusal("client_unknown");
  requireSecretMethod(client);
  if (matched === null) throw new Refusal("client_secret_wrong");
  use.remember(matched);
  const isToBeReplaced = outdated && !client.isDisabled;
  if (isToBeReplaced) tools.defer(replaceRecord(client, matched, secret, tools));
  return client;
}

/**
 * A public client may have a secret, as in DOT: it may send none, and a wrong one is refused. The
 * right one does not make it confidential.
 */
function requireSecretMethod(client: Client): Client {
  const hasNoSecret = client.authMethod === "none" && client.secretRecord === null;
  if (hasNoSecret || client.authMethod === "private_key_jwt") {
    throw new Refusal("client_auth_method_wrong");
  }
  return client;
}

/** The records of which one may be right: none for a secret that nobody can have. */
function recordsFor(
  client: Client | null,
  secret: string,
  { clock }: ClaimTools,
): readonly string[] {
  return client === null || hasControlCharacter(secret) ? [] : liveRecords(client, clock());
}

function liveRecords(client: Client, nowMs: number): string[] {
  const { secretRecord, previousSecretRecord, previousSecretEndsAtMs } = client;
  const records = secretRecord === null ? [] : [secretRecord];
  const previousIsLive = previousSecretEndsAtMs === null || nowMs < previousSecretEndsAtMs;
  if (previousSecretRecord !== null && previousIsLive) records.push(previousSecretRecord);
  return records;
}

/** Makes the secret cost one PBKDF2 call from now on, in whichever isolate it is used next. */
async function replaceRecord(
  client: Client,
  outdated: string,
  secret: string,
  { accounts, clientSecrets }: ClaimTools,
): Promise<void> {
  const { clientId, secretRecord, previousSecretRecord } = client;
  const sibling = outdated === secretRecord ? previousSecretRecord : secretRecord;
  const record = await clientSecrets.makeRecord(secret, sibling ?? undefined);
  const isReplaced = await accounts.replaceSecretRecord(clientId, outdated, record);
  if (isReplaced) audit({ action: "secret_rehashed", clientId });
}
