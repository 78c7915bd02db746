import type { ImportStore } from "../storage/import-store.ts";
import { type DumpRecord, referenceTo } from "./dump-record.ts";
import { closedGateOf } from "./gates.ts";
import type { Survey } from "./survey.ts";
import { hashOf, isRevoked } from "./tokens.ts";
import { knownFields } from "./unread-fields.ts";

/** Maximum hashes of a lookup: a fifth of D1's limit of 2 MB. */
const HASHES_PER_BATCH = 5000;

/**
 * Ends tokens of an earlier import that the old server has revoked since. A token that is missing
 * in the dump is kept, because a dump may be partial.
 */
export function createEndings({ users }: Pick<Survey, "users">, store: ImportStore, nowMs: number) {
  const known = {
    refresh: knownFields("refresh_tokens"),
    access: knownFields("access_tokens"),
  };
  let hashes: string[] = [];
  let ended = 0;

  async function flush(): Promise<void> {
    if (hashes.length === 0) return;
    const batch = hashes;
    hashes = [];
    ended += await store.endTokens(batch);
  }

  function hasInactiveUser({ user }: DumpRecord["fields"]): boolean {
    const key = referenceTo(user);
    return key !== null && users.get(key)?.isActive === false;
  }

  async function end(fields: DumpRecord["fields"]): Promise<void> {
    const hash = await hashOf(fields);
    if (hash !== null) hashes.push(hash);
    if (hashes.length >= HASHES_PER_BATCH) await flush();
  }

  return {
    async addRefreshToken({ fields }: DumpRecord): Promise<void> {
      const isClosed = closedGateOf(fields, known.refresh, nowMs) !== null;
      if (isRevoked(fields) || isClosed || hasInactiveUser(fields)) await end(fields);
    },

    /** For access tokens without a refresh token; the others end with it. */
    async addAccessToken({ fields }: DumpRecord): Promise<void> {
      const isClosed = closedGateOf(fields, known.access, nowMs) !== null;
      if (isClosed || hasInactiveUser(fields)) await end(fields);
    },

    /** @returns how many tokens were ended */
    async end(): Promise<number> {
      await flush();
      return ended;
    },
  };
}
