import { parseScope, type Scope } from "../protocol/scope.ts";
import type { AccountQuery, Accounts } from "../storage/accounts.ts";
import type { Continuation } from "../tokens/authorization.ts";
import { importedTokenHash } from "../tokens/imported-token.ts";
import { type RefreshToken, unsealRefreshToken } from "../tokens/refresh-token.ts";
import type { GrantTools } from "./grant.ts";

/** The login that a refresh token continues, as far as it is known without the family's object. */
export interface ContinuedLogin {
  readonly clientId: string;
  readonly subject: string;
  /** What was granted at login. */
  readonly scope: Scope;
  /** The API that was named at login, or null. */
  readonly resource: string | null;
  readonly createdAtMs: number;
  /** Whether the session was ended by management. */
  readonly isEnded: boolean;
  /** How it goes on. @param attemptId as in `Continuation` */
  continuation(attemptId: string): Continuation;
}

/** A refresh token as a request presents it. */
export interface PresentedToken {
  readonly query: Partial<AccountQuery>;
  /** @returns null when it is no token that was ever good here */
  loginOf(accounts: Accounts): ContinuedLogin | null;
}

const FORGED: PresentedToken = { query: {}, loginOf: () => null };

/**
 * Reads a refresh token without touching storage. One that is not ours is looked up only while
 * tokens of another server are good here.
 */
export async function readPresentedToken(
  presented: string,
  { refreshTokenRing, acceptsImportedTokens }: GrantTools,
): Promise<PresentedToken> {
  const token = await unsealRefreshToken(refreshTokenRing, presented);
  if (token !== null) return ownToken(token);
  const hash = acceptsImportedTokens ? await importedTokenHash(presented) : null;
  return hash === null ? FORGED : importedToken(hash);
}

function ownToken(token: RefreshToken): PresentedToken {
  const { familyId, clientId, subject, scope, resource, createdAtMs } = token;
  return {
    query: { userKeys: [{ id: subject }], sessions: [{ userId: subject, familyId }] },
    loginOf: (accounts) => ({
      ...{ clientId, subject, scope, resource, createdAtMs },
      isEnded: accounts.isSessionEnded(familyId),
      continuation: (attemptId) => ({ kind: "rotation", predecessor: token, attemptId }),
    }),
  };
}

function importedToken(hash: string): PresentedToken {
  return {
    query: { importedHashes: [hash] },
    loginOf: (accounts) => {
      const imported = accounts.importedToken(hash);
      if (imported?.kind !== "refresh") return null;
      const { clientId, userId: subject, importedAtMs: createdAtMs } = imported;
      return {
        ...{ clientId, subject, createdAtMs },
        scope: parseScope(imported.scope) ?? [],
        resource: null,
        // Ending it removes it.
        isEnded: false,
        continuation: (attemptId) => ({ kind: "adoption", imported, attemptId }),
      };
    },
  };
}
