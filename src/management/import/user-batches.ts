import type { ImportedUser, ImportWriter } from "../../storage/import-writer.ts";
import type { DumpRecord } from "./dump-record.ts";
import type { Survey } from "./survey.ts";
import { naturalKeyOf } from "./user-survey.ts";
import { mapUser } from "./users.ts";

/** Most users written at once; a record of 8,192 characters each, and they stay below 2 MB. */
const USERS_PER_BATCH = 200;

/** Writes the users that the survey found to be new, some hundred at a time. */
export function createUserBatches(survey: Survey, writer: ImportWriter, usernameField: string) {
  let waiting: ImportedUser[] = [];

  async function flush(): Promise<void> {
    if (waiting.length === 0) return;
    const batch = waiting;
    waiting = [];
    await writer.addUsers(batch);
  }

  return {
    async add(record: DumpRecord): Promise<void> {
      const mapping = mapUser(record, usernameField);
      if ("refusal" in mapping) return;
      const user = mapping.value;
      const known = survey.users.get(user.id ?? naturalKeyOf(user.username));
      if (known?.fate !== "new") return;
      waiting.push({ ...user, id: known.id });
      if (waiting.length >= USERS_PER_BATCH) await flush();
    },
    end: flush,
  };
}
