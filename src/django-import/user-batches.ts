import { usernameKey } from "../protocol/usernames.ts";
import type { ImportedUser, ImportStore } from "../storage/import-store.ts";
import type { DumpRecord } from "./dump-record.ts";
import type { Survey } from "./survey.ts";
import { naturalKeyOf } from "./user-decisions.ts";
import { mapUser, type UserReading } from "./users.ts";

/** Maximum users of a batch. */
const USERS_PER_BATCH = 500;

/** Maximum characters of a batch: D1 limits a value to 2 MB. */
const CHARACTERS_PER_BATCH = 300_000;

/** Writes the users that the survey found to be new, in batches. */
export function createUserBatches(
  survey: Survey,
  store: ImportStore,
  usernameField: string,
  reading: UserReading,
) {
  let waiting: ImportedUser[] = [];
  let characters = 0;

  async function flush(): Promise<void> {
    if (waiting.length === 0) return;
    const batch = waiting;
    waiting = [];
    characters = 0;
    await store.addUsers(batch);
  }

  return {
    async add(record: DumpRecord): Promise<void> {
      const mapping = mapUser(record, usernameField, reading);
      if ("refusal" in mapping) return;
      const user = mapping.value;
      const known = survey.users.get(user.id ?? naturalKeyOf(user.username));
      if (known?.fate !== "new") return;
      waiting.push({ ...user, id: known.id, username_key: usernameKey(user.username) });
      characters += user.username.length + user.password_record.length + user.profile.length;
      const isFull = waiting.length >= USERS_PER_BATCH || characters >= CHARACTERS_PER_BATCH;
      if (isFull) await flush();
    },
    end: flush,
  };
}
