import { invalid } from "../errors/management-error.ts";
import { deletedUserFinder } from "../storage/deleted-accounts.ts";
import { type DjangoModels, type DumpRecord, detached } from "./dump-record.ts";
import { createHasherWatch } from "./hashers.ts";
import type { ImportDeps } from "./import-deps.ts";
import type { KnownUser } from "./known-accounts.ts";
import type { EmailVerified } from "./profiles.ts";
import type { Tally } from "./report.ts";
import { createSlowRecordWatch } from "./slow-records.ts";
import type { UnreadField } from "./unread-fields.ts";
import {
  conflictOf,
  type DecidedUsers,
  differencesOf,
  type ExistingAccounts,
  keptUser,
  naturalKeyOf,
  newUser,
  refusedUser,
} from "./user-decisions.ts";
import { createUserGateCheck } from "./user-gates.ts";
import { type DumpedUser, isActiveThere, mapUser, type UserReading } from "./users.ts";

/** Number of users of one lookup. */
const USERS_PER_LOOKUP = 1000;

/** A user who is valid on its own, before it is compared with existing data. */
interface Candidate {
  readonly user: DumpedUser;
  readonly remarks: readonly string[];
}

/** The name of a user in the report, and whether the user may log in to the old server. */
interface Named {
  readonly name: string;
  readonly isActive: boolean;
}

/** Options of {@link createUserSurvey}. */
interface UserOptions {
  readonly models: DjangoModels;
  readonly emailVerified: EmailVerified;
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
  /** Whether to import users who were deleted here. */
  readonly restoresDeleted: boolean;
}

/** Decides which users of a dump to import. */
export function createUserSurvey(deps: ImportDeps, tally: Tally, options: UserOptions) {
  const { models, emailVerified, nowMs, restoresDeleted } = options;
  const decided = new Map<string, KnownUser>();
  const nameKeys = new Set<string>();
  const fields = createFieldCheck(models);
  const gates = createUserGateCheck(models);
  const reading: UserReading = { emailVerified, gates: models.userGates ?? [], nowMs };
  const records = createRecordWatch(tally);
  const waiting: Candidate[] = [];

  function refuse(keys: readonly (string | null)[], { name, isActive }: Named, reason: string) {
    tally.note("users", "refused", name, reason);
    const refused = refusedUser(isActive);
    for (const key of keys) if (key !== null && !decided.has(key)) decided.set(key, refused);
  }

  async function decideAll(): Promise<void> {
    const candidates = waiting.splice(0);
    const existingOf = await findExisting(candidates, nameKeys, deps);
    for (const candidate of candidates) decide(candidate, existingOf(candidate));
  }

  function decide({ user, remarks }: Candidate, existing: ExistingAccounts): void {
    const { id, username } = user;
    const keys = [id, naturalKeyOf(username)];
    const conflict = conflictOf(user, decided, existing, restoresDeleted);
    if (conflict !== null) {
      refuse(keys, { name: username, isActive: user.is_active === 1 }, conflict);
      return;
    }
    const { named } = existing;
    const known =
      named === undefined
        ? newUser(id ?? deps.newUserId(), user, existing.deleted)
        : keptUser(user, named);
    for (const key of keys) if (key !== null) decided.set(key, known);
    if (named === undefined) records.note(user.password_record);
    noteDecision(user, named, remarks, tally);
  }

  return {
    async add(record: DumpRecord): Promise<void> {
      fields.note(record);
      gates.note(record);
      const mapping = mapUser(record, models.usernameField, reading);
      if ("refusal" in mapping) {
        const name = record.pk ?? "without a key";
        const isActive = isActiveThere(record.fields, reading);
        return refuse([record.pk], { name, isActive }, mapping.refusal);
      }
      waiting.push({ user: mapping.value, remarks: mapping.remarks });
      if (waiting.length >= USERS_PER_LOOKUP) await decideAll();
    },

    /** @throws ManagementError `invalid` when the user name field or who may log in is unknown */
    async end(unread: readonly UnreadField[]): Promise<DecidedUsers> {
      fields.end();
      for (const warning of gates.end(unread)) tally.warn(warning);
      await decideAll();
      records.end();
      return decided;
    },
  };
}

function noteDecision(
  user: DumpedUser,
  named: ExistingAccounts["named"],
  remarks: readonly string[],
  tally: Tally,
): void {
  const { username } = user;
  if (named !== undefined) {
    tally.note("users", "unchanged", username, ...differencesOf(user, named));
  } else {
    tally.note("users", remarks.length > 0 ? "changed" : "taken", username, ...remarks);
  }
}

/** @param nameKeys keys of earlier candidates; each candidate's key is added */
async function findExisting(
  candidates: readonly Candidate[],
  nameKeys: Set<string>,
  { store, registry: { nameKeyOf } }: ImportDeps,
) {
  const usernames = candidates.map(({ user }) => user.username);
  const ids = candidates.flatMap(({ user }) => user.id ?? []);
  const rows = await store.findUsers(ids, usernames);
  const byName = new Map(rows.map((row) => [nameKeyOf(row.username), row]));
  const byId = new Map(rows.map((row) => [row.id, row]));
  const deletedOf = deletedUserFinder(await store.findDeletedUsers(ids, usernames));
  const clientIds = new Set(await store.findClientIds(ids));
  return ({ user: { id, username } }: Candidate): ExistingAccounts => {
    const nameKey = nameKeyOf(username);
    const keyed = id === null ? undefined : byId.get(id);
    const isRepeated = nameKeys.has(nameKey);
    nameKeys.add(detached(nameKey));
    const deleted = deletedOf(id, username);
    const isClient = id !== null && clientIds.has(id);
    return { named: byName.get(nameKey), keyed, isRepeated, deleted, isClient };
  };
}

/** Checks the password hashes of new users. */
function createRecordWatch(tally: Tally) {
  const slow = createSlowRecordWatch();
  const hashers = createHasherWatch();
  return {
    note(record: string): void {
      slow.note(record);
      hashers.note(record);
    },
    end(): void {
      for (const warning of slow.warnings()) tally.warn(warning);
      for (const note of hashers.notes()) tally.tell(note);
    },
  };
}

/** Checks whether any user has the user name field. */
function createFieldCheck({ user, usernameField }: DjangoModels) {
  let isThere = false;
  let first: DumpRecord | null = null;
  return {
    note(record: DumpRecord): void {
      first ??= record;
      isThere ||= Object.hasOwn(record.fields, usernameField);
    },
    end(): void {
      if (first === null || isThere) return;
      const names = Object.keys(first.fields).sort().join(", ");
      const problem = `no ${user} has the field ${usernameField}; see --username-field`;
      throw invalid(`${problem}. Its fields: ${names}`);
    },
  };
}
