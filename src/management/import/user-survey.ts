import type { StandingUser } from "../../storage/import-store.ts";
import { type DumpRecord, referenceTo } from "./dump-record.ts";
import type { ImportTools } from "./import-tools.ts";
import { endedMsOf, type KnownUser } from "./known-accounts.ts";
import type { Tally } from "./report.ts";
import { type DumpedUser, mapUser } from "./users.ts";

/** How many users are looked up at once. */
const USERS_PER_LOOKUP = 1000;

/** A user who could be taken, as far as the dump alone tells. */
interface Candidate {
  readonly user: DumpedUser;
  readonly remarks: readonly string[];
}

/** What is here of a candidate's name, and of its id. */
interface Rows {
  readonly named: StandingUser | undefined;
  readonly keyed: StandingUser | undefined;
}

/** Decides what becomes of each user of a dump. */
export function createUserSurvey(tools: ImportTools, tally: Tally, usernameField: string) {
  const known = new Map<string, KnownUser>();
  let waiting: Candidate[] = [];

  function add(record: DumpRecord): Promise<void> | undefined {
    const mapping = mapUser(record, usernameField);
    const name = record.pk === null ? "a user without a key" : `${record.pk}`;
    if ("refusal" in mapping) {
      refuse([record.pk], name, mapping.refusal);
      return;
    }
    waiting.push({ user: mapping.value, remarks: mapping.remarks });
    return waiting.length < USERS_PER_LOOKUP ? undefined : decide();
  }

  function refuse(keys: readonly (string | null)[], name: string, reason: string): void {
    tally.note("users", "refused", name, reason);
    for (const key of keys) if (key !== null && !known.has(key)) known.set(key, REFUSED);
  }

  async function decide(): Promise<void> {
    const candidates = waiting;
    waiting = [];
    const usernames = candidates.map(({ user }) => user.username);
    const ids = candidates.flatMap(({ user }) => user.id ?? []);
    const rows = await tools.store.findUsers(ids, usernames);
    const byName = new Map(rows.map((row) => [row.username, row]));
    const byId = new Map(rows.map((row) => [row.id, row]));
    for (const candidate of candidates) {
      const { id, username } = candidate.user;
      const keyed = id === null ? undefined : byId.get(id);
      decideOne(candidate, { named: byName.get(username), keyed });
    }
  }

  /** Why a user cannot be taken beside those of the dump and of here, or null when it can. */
  function conflictOf(user: DumpedUser, naturalKey: string, { named, keyed }: Rows): string | null {
    const { id, username } = user;
    if (known.has(naturalKey)) return "another of the dump has this name";
    if (id !== null && known.has(id)) return "another of the dump has its key";
    if (named !== undefined && id !== null && named.id !== id) {
      return "this name is here with another id";
    }
    const isForeign = keyed !== undefined && keyed.username !== username;
    return isForeign ? "its id is here with another name" : null;
  }

  function decideOne({ user, remarks }: Candidate, rows: Rows): void {
    const { id, username } = user;
    const naturalKey = naturalKeyOf(username);
    const conflict = conflictOf(user, naturalKey, rows);
    if (conflict !== null) {
      refuse([id, naturalKey], username, conflict);
      return;
    }
    const { named } = rows;
    const decided = named === undefined ? fresh(user) : kept(user, named);
    known.set(naturalKey, decided);
    if (id !== null) known.set(id, decided);
    if (named === undefined) {
      tally.note("users", remarks.length > 0 ? "changed" : "taken", username, ...remarks);
    } else {
      tally.note("users", "unchanged", username, ...differencesOf(user, named));
    }
  }

  function fresh({ id, is_active }: DumpedUser): KnownUser {
    const isActive = is_active === 1;
    return { id: id ?? tools.newUserId(), fate: "new", isActive, endedMs: 0 };
  }

  return {
    add,
    async end(): Promise<ReadonlyMap<string, KnownUser>> {
      await decide();
      return known;
    },
  };
}

const REFUSED: KnownUser = { id: "", fate: "refused", isActive: false, endedMs: 0 };

/** What stands for a user with `--natural-foreign`: a list of the name alone. */
export function naturalKeyOf(username: string): string {
  return referenceTo([username]) ?? "";
}

function kept({ is_active }: DumpedUser, row: StandingUser): KnownUser {
  const isActive = is_active === 1 && row.is_active === 1;
  return { id: row.id, fate: "kept", isActive, endedMs: endedMsOf(row) };
}

function differencesOf({ is_active }: DumpedUser, row: StandingUser): string[] {
  if (is_active === row.is_active) return [];
  return [is_active === 0 ? "inactive there and active here" : "active there and inactive here"];
}
