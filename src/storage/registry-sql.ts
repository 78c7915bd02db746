import type { ClientColumns } from "../clients/client.ts";
import type { UsernameMode } from "../protocol/usernames.ts";
import {
  type BrowserSessionReference,
  endBrowserSession,
  removeBrowserSessions,
} from "./browser-sessions.ts";
import { removeConsentsOfClient, removeConsentsOfUser, revokeConsent } from "./consents.ts";
import { clientDeletion, userDeletion } from "./deleted-accounts.ts";
import {
  type ClientInsert,
  clientInsertions,
  nameColumns,
  splitJson,
  type UserColumns,
  type UserInsert,
  userInsertions,
} from "./registry-inserts.ts";
import {
  buildDeletion,
  buildUpdates,
  describeColumns,
  type RowUpdate,
} from "./registry-updates.ts";
import { reportEnd, reportEndForNamed, reportEndOfLogin } from "./session-clients.ts";
import {
  endSessionStatements,
  removeSessionsStatements,
  type SessionReference,
} from "./session-rows.ts";
import { requireNameIsFree } from "./usernames.ts";
import type { UserRow } from "./users.ts";

/**
 * A row to insert, change or delete. `expected` columns must be unchanged since the caller read
 * them; `endsSessions` ends all families that began before.
 */
export type RegistryWrite =
  | ClientInsert
  | UserInsert
  | {
      readonly kind: "update_client";
      readonly clientId: string;
      readonly fields: Partial<ClientColumns>;
      readonly expected?: Partial<ClientColumns>;
      readonly endsSessions: boolean;
    }
  | { readonly kind: "delete_client"; readonly clientId: string }
  | {
      readonly kind: "update_user";
      readonly username: string;
      readonly fields: Partial<UserColumns & Pick<UserRow, "username">>;
      readonly expected?: ExpectedUser;
      readonly endsSessions: boolean;
      /** Whether to reset failed logins; a new password resets them too. */
      readonly unlocks?: boolean;
    }
  | {
      readonly kind: "delete_user";
      readonly username: string;
      readonly expected?: ExpectedUser;
    }
  | (SessionReference & { readonly kind: "end_session"; readonly username: string })
  | (BrowserSessionReference & {
      readonly kind: "end_browser_session";
      readonly username: string;
    })
  | {
      readonly kind: "revoke_consent";
      readonly username: string;
      readonly userId: string;
      /** Not `clientId`: the client itself does not change. */
      readonly consentedTo: string;
    };

/** The id makes sure that it is the user that was read, even if names were swapped since. */
type ExpectedUser = Partial<UserColumns & Pick<UserRow, "id">>;

/** SQLite's message for a row that exists already. */
const TAKEN = /UNIQUE constraint failed/;

/** SQLite's message when a failing guard makes it parse invalid JSON, on purpose. */
const GUARD_FAILED = /malformed JSON/;

type ClientUpdate = Extract<RegistryWrite, { kind: "update_client" }>;
type UserUpdate = Extract<RegistryWrite, { kind: "update_user" }>;

const CLIENTS = { table: "clients", key: "client_id" } as const;
const USERS = { table: "users", key: "username" } as const;

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
        CLIENTS,
        group.filter((write) => write.kind === "update_client").map(toClientUpdate),
      ),
      ...updateUsers(
        db,
        group.filter((write) => write.kind === "update_user"),
        mode,
      ),
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
    const name = "clientId" in write ? write.clientId : write.username;
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
  return [...reports, ...renamings, ...buildUpdates(db, USERS, writes.map(toUserUpdate))];
}

/** The statements of a deletion or of the end of a session; none for other writes. */
function buildRemoval(db: D1Database, write: RegistryWrite): D1PreparedStatement[] {
  switch (write.kind) {
    case "delete_client":
      return [
        clientDeletion(db, write.clientId),
        removeConsentsOfClient(db, write.clientId),
        ...buildDeletion(db, CLIENTS, write.clientId),
      ];
    case "delete_user":
      return [
        ...reportEndForNamed(db, JSON.stringify([[write.username]])),
        ...removeSessionsStatements(db, write.username),
        removeBrowserSessions(db, write.username),
        removeConsentsOfUser(db, write.username),
        userDeletion(db, write.username),
        ...buildDeletion(db, USERS, write.username, write.expected),
      ];
    case "end_session":
      return [
        ...reportEndOfLogin(db, write.userId, write.sessionId),
        ...endSessionStatements(db, write),
      ];
    case "end_browser_session":
      // The device may be lost: logins with offline access end too.
      return [
        endBrowserSession(db, write, "all", null),
        ...reportEnd(db, { userId: write.userId, sessionId: write.sessionId }),
      ];
    case "revoke_consent":
      return [
        revokeConsent(db, { userId: write.userId, clientId: write.consentedTo }, null),
        ...reportEnd(db, { userId: write.userId, clientId: write.consentedTo }),
      ];
    default:
      return [];
  }
}

/** Whether D1 rejected a transaction because a row was not as expected. */
export function isConflict(error: unknown): boolean {
  const text = String(error);
  return TAKEN.test(text) || GUARD_FAILED.test(text);
}
