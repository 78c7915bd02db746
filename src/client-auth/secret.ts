import { hasControlCharacter } from "../protocol/params.ts";
import { Refusal } from "../protocol/refusal.ts";
import type { Client } from "../storage/accounts.ts";
import type { Claim, ClaimTools } from "./claim.ts";

/** A claim by client id and secret, wherever the two stood. */
export function secretClaim(clientId: string, secret: string): Claim {
  return {
    clientId,
    async prove(client, tools) {
      const isRight = await isSecretOf(client, secret, tools);
      if (client === null) throw new Refusal("client_unknown");
      if (client.authMethod === "none" || client.authMethod === "private_key_jwt") {
        throw new Refusal("client_auth_method_wrong");
      }
      if (!isRight) throw new Refusal("client_secret_wrong");
      if (client.isDisabled) throw new Refusal("client_disabled");
      return client;
    },
  };
}

async function isSecretOf(
  client: Client | null,
  secret: string,
  { clientSecrets, verdicts, clock }: ClaimTools,
): Promise<boolean> {
  const nowMs = clock();
  const records = client === null || hasControlCharacter(secret) ? [] : liveRecords(client, nowMs);
  for (const record of records) {
    if (await verdicts.recalls(record, secret, nowMs)) return true;
  }
  const { matched } = await clientSecrets.check(secret, records);
  if (matched !== null) await verdicts.remember(matched, secret, nowMs);
  return matched !== null;
}

function liveRecords(client: Client, nowMs: number): string[] {
  const { secretRecord, previousSecretRecord, previousSecretEndsAtMs } = client;
  const records = secretRecord === null ? [] : [secretRecord];
  const previousIsLive = previousSecretEndsAtMs === null || nowMs < previousSecretEndsAtMs;
  if (previousSecretRecord !== null && previousIsLive) records.push(previousSecretRecord);
  return records;
}
