import type { AccountQuery, AccountStore, Accounts } from "../storage/accounts.ts";
import type { ImportedTokenStore } from "../storage/imported-tokens.ts";
import { type ImportedToken, importedTokenHash } from "../tokens/imported-token.ts";

/** What looking up a token of another server needs. */
export interface ImportedTools {
  readonly accounts: AccountStore;
  /** Null: no token of another server is good here, and none is looked up. */
  readonly importedTokens: ImportedTokenStore | null;
}

/** A token that may have been imported, before D1 is asked. */
export interface ImportedCandidate {
  readonly query: Pick<AccountQuery, "importedHashes">;
  /** @returns the token, or null when it was not imported or has expired */
  settle(accounts: Accounts): ImportedToken | null;
}

/** Tells what to look up for a token that is none of ours. @returns null for nothing at all */
export async function importedCandidate(
  token: string,
  { importedTokens }: Pick<ImportedTools, "importedTokens">,
): Promise<ImportedCandidate | null> {
  const hash = importedTokens === null ? null : await importedTokenHash(token);
  if (hash === null) return null;
  return {
    query: { importedHashes: [hash] },
    settle: (accounts) => accounts.importedToken(hash),
  };
}

/** Looks a token up that is none of ours. @throws Unavailable when D1 fails */
export async function findImported(
  token: string,
  tools: ImportedTools,
): Promise<ImportedToken | null> {
  const candidate = await importedCandidate(token, tools);
  if (candidate === null) return null;
  return candidate.settle(await tools.accounts.find(candidate.query));
}
