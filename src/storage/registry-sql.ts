import type { UsernameMode } from "../protocol/usernames.ts";
import { clientInsertions, nameColumns, splitJson, userInsertions } from "./registry-inserts.ts";
import { buildRemoval } from "./registry-removals.ts";
import { buildUpdates, describeColumns, type RowUpdate, TABLES } from "./registry-updates.ts";
import { type RegistryWrite, subjectOf } from "./registry-writes.ts";
import { setResource } from "./resources.ts";
import { reportEndForNamed } from "./session-clients.ts";
import { requireNameIsFree } from "./usernames.ts";

/** SQLite's message for a row that exists already. */
const TAKEN = /UNIQUE constraint failed/;

/** SQLite's message when a failing guard makes it parse invalid JSON, on purpose. */
const GUARD_FAILED = /malformed JSON/;

type ClientUpdate = Extract<RegistryWrite, { kind: "update_client" }>;
type UserUpdate = Extract<RegistryWrite, { kind: "update_user" }>;

/**
 * The statements of writes. Their transaction fails if a row is not as expected, or if a user name
 * is taken. Successive writes that {@link canShareStatements} are made together.
 *
 * @param mode how user names are compared
 */
export function buildStatements(
  db: D1Database,
  writes: readonly RegistryWrite[],
  mode: UsernameMode,
): D1PreparedStatement[] {
  return groupWrites(writes).flatMap((group) => {
    return [
      ...clientInsertions(
        db,
        group.filter((write) => write.kind === "insert_client"),
      ),
      ...userInsertions(
        db,
        group.filter((write) => write.kind === "insert_user"),
        mode,
      ),
      ...buildUpdates(
        db,
        TABLES.clients,
        group.filter((write) => write.kind === "update_client").map(toClientUpdate),
      ),
      ...updateUsers(
        db,
        group.filter((write) => write.kind === "update_user"),
        mode,
      ),
      ...group.flatMap((write) => (write.kind === "set_resource" ? setResource(db, write) : [])),
      ...group.flatMap((write) => buildRemoval(db, write)),
    ];
  });
}

/** Whether a write can use the statements of the one before it, which makes it cheaper. */
export function canShareStatements(previous: RegistryWrite, write: RegistryWrite): boolean {
  const kind = describeStatements(write);
  return kind !== null && kind === describeStatements(previous);
}

/** Equal for writes that can share statements; null: the write cannot. */
function describeStatements(write: RegistryWrite): string | null {
  switch (write.kind) {
    case "insert_client":
    case "insert_user":
      return write.kind;
    case "update_client":
      return write.kind + describeColumns(toClientUpdate(write));
    case "update_user":
      // Names are checked one by one, because one rename may free the name of the next.
      if (write.fields.username !== undefined) return null;
      return write.kind + describeColumns(toUserUpdate(write));
    default:
      return null;
  }
}

/** Groups successive writes that share statements. No row is updated twice in a group. */
function groupWrites(writes: readonly RegistryWrite[]): RegistryWrite[][] {
  const groups: RegistryWrite[][] = [];
  let names = new Set<string>();
  for (const write of writes) {
    const group = groups.at(-1);
    const previous = group?.at(-1);
    const name = subjectOf(write);
    if (group && previous && canShareStatements(previous, write) && !names.has(name)) {
      group.push(write);
    } else {
      groups.push([write]);
      names = new Set();
    }
    names.add(name);
  }
  return groups;
}

function toClientUpdate({ clientId, fields, expected = {}, endsSessions }: ClientUpdate) {
  const nowColumns = endsSessions ? ["not_before_ms"] : [];
  return { name: clientId, fields, expected, nowColumns };
}

function toUserUpdate({ username, fields, expected = {}, ...write }: UserUpdate): RowUpdate {
  const { username: newName, ...others } = fields;
  const unlocks = write.unlocks || others.password_record !== undefined;
  return {
    name: username,
    fields: { ...others, ...(newName === undefined ? {} : nameColumns(newName)) },
    expected,
    nowColumns: [
      ...(write.endsSessions ? ["not_before_ms"] : []),
      ...(others.profile === undefined ? [] : ["profile_updated_at_ms"]),
      ...(unlocks ? ["unlocked_at_ms"] : []),
    ],
  };
}

function updateUsers(
  db: D1Database,
  writes: readonly UserUpdate[],
  mode: UsernameMode,
): D1PreparedStatement[] {
  const renamings = writes.flatMap(({ username, fields: { username: newName } }) => {
    return newName === undefined ? [] : [requireNameIsFree(db, newName, mode, username)];
  });
  const ending = writes.filter(({ endsSessions }) => endsSessions);
  const reports = splitJson(ending.map(({ username }) => [username])).flatMap((names) => {
    return reportEndForNamed(db, names);
  });
  return [...reports, ...renamings, ...buildUpdates(db, TABLES.users, writes.map(toUserUpdate))];
}

/** Whether D1 rejected a transaction because a row was not as expected. */
export function isConflict(error: unknown): boolean {
  const text = String(error);
  return TAKEN.test(text) || GUARD_FAILED.test(text);
}
