import type { ImportStore } from "../storage/import-store.ts";
import { type DumpRecord, referenceTo } from "./dump-record.ts";
import { closedGateOf } from "./gates.ts";
import type { Survey } from "./survey.ts";
import { hashOf, isRevoked } from "./tokens.ts";
import { knownFields } from "./unread-fields.ts";

/** Most hashes looked up at once: a fifth of the 2 MB that D1 takes. */
const HASHES_PER_BATCH = 5000;

/**
 * Ends tokens of an earlier import that the old server has ended since. That a token is not in the
 * dump says nothing of it: a dump may be of a part.
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

    /** Most end with their refresh token; this is for those that came without one. */
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
