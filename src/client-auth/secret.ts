import type { PasswordCheck } from "../crypto/passwords.ts";
import { hasControlCharacter } from "../protocol/params.ts";
import { Refusal } from "../protocol/refusal.ts";
import type { Client } from "../storage/accounts.ts";
import { audit } from "../telemetry/audit.ts";
import type { Claim, ClaimTools } from "./claim.ts";

/** A claim by client id and secret, wherever the two stood. */
export function secretClaim(clientId: string, secret: string): Claim {
  return {
    clientId,
    async prove(client, tools) {
      const { matched, outdated } = await checkSecret(client, secret, tools);
      if (client === null) throw new Refusal("client_unknown");
      if (client.authMethod === "none" || client.authMethod === "private_key_jwt") {
        throw new Refusal("client_auth_method_wrong");
      }
      if (matched === null) throw new Refusal("client_secret_wrong");
      if (client.isDisabled) throw new Refusal("client_disabled");
      if (outdated) tools.defer(replaceRecord(client, matched, secret, tools));
      return client;
    },
  };
}

async function checkSecret(
  client: Client | null,
  secret: string,
  { clientSecrets, verdicts, clock }: ClaimTools,
): Promise<PasswordCheck> {
  const nowMs = clock();
  const records = client === null || hasControlCharacter(secret) ? [] : liveRecords(client, nowMs);
  const remembered = await verdicts.recall(records, secret, nowMs);
  if (remembered !== null) return { matched: remembered, outdated: false };
  const check = await clientSecrets.check(secret, records);
  if (check.matched !== null) await verdicts.remember(check.matched, secret, nowMs);
  return check;
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
