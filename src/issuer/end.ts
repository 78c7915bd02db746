import { sealAccessToken } from "../tokens/access-token.ts";
import type { FamilyState } from "../tokens/family.ts";
import type { IssueTools } from "./issued.ts";

/** A family that has just ended. */
export type EndedFamily = Pick<FamilyState, "subject" | "live"> & { readonly familyId: string };

/** What ending needs. */
export type EndTools = Pick<IssueTools, "accessTokens" | "accessTokenRing" | "sessions" | "defer">;

/**
 * Takes a family that has ended out of KV and, after the answer, out of the lists of sessions. Its
 * object knows already: this is for those who do not ask it.
 *
 * @throws Unavailable when KV fails
 */
export async function forgetFamily(family: EndedFamily, tools: EndTools): Promise<void> {
  tools.defer(tools.sessions.remove(family.subject, family.familyId));
  await forgetAccessToken(family, tools);
}

async function forgetAccessToken(
  { familyId, live: { generation, keyId } }: EndedFamily,
  { accessTokens, accessTokenRing }: EndTools,
): Promise<void> {
  const key = accessTokenRing.find(keyId);
  // Nobody can present a token whose key has retired.
  if (key === undefined) return;
  const reference = { kind: "family", familyId, generation } as const;
  await accessTokens.delete(await sealAccessToken(key, reference));
}
