import type { UserRow } from "../storage/account-rows.ts";
import {
  type Page,
  RegistryConflict,
  type RegistryWrite,
  type UserFields,
} from "../storage/registry.ts";
import { parseUserEntry, type UserEntry } from "./entries.ts";
import { ManagementError, type ManagementReason } from "./management-error.ts";
import { instantOf, UNUSABLE_RECORD, userEntryOf } from "./registry-rows.ts";
import type { ManagementTools } from "./tools.ts";

/** A user as it is shown: all that its file entry has but the record, and a few instants. */
export interface UserView extends Omit<UserEntry, "password" | "password_record"> {
  /** False: no password is right. */
  readonly has_password: boolean;
  readonly created_at: string;
  /** Sessions that began before have ended. */
  readonly sessions_valid_from: string;
}

/**
 * Makes a user; without a password none is right.
 *
 * @param input as in a file; anything may be wrong with it
 * @returns the id, which is the subject of the user's tokens
 * @throws ManagementError `invalid` or `already_exists`
 */
export async function createUser(input: object, tools: ManagementTools): Promise<string> {
  const entry = parseUserEntry(input);
  const { password, username } = entry;
  const id = entry.id ?? tools.newUserId();
  const fields: UserFields = {
    password_record:
      password === undefined ? UNUSABLE_RECORD : await tools.userPasswords.makeRecord(password),
    claims: JSON.stringify(entry.claims),
    is_active: entry.is_active ? 1 : 0,
  };
  await write({ kind: "insert_user", id, username, fields }, "already_exists", tools);
  return id;
}

/** Shows users by name, one page. */
export async function listUsers(page: Page, tools: ManagementTools): Promise<UserView[]> {
  return (await tools.registry.listUsers(page)).map(viewOf);
}

/** @throws ManagementError `not_found` */
export async function showUser(username: string, tools: ManagementTools): Promise<UserView> {
  return viewOf(await findUser(username, tools));
}

/**
 * Gives a user another password, which ends every session of the user.
 *
 * @throws ManagementError `invalid` or `not_found`
 */
export async function setPassword(
  username: string,
  password: string,
  tools: ManagementTools,
): Promise<void> {
  parseUserEntry({ username, password });
  await findUser(username, tools);
  const fields = { password_record: await tools.userPasswords.makeRecord(password) };
  await write({ kind: "update_user", username, fields, endsSessions: true }, "not_found", tools);
}

/**
 * Lets a user log in, or ends every session of the user and lets none begin.
 *
 * @throws ManagementError `not_found`
 */
export async function setUserActive(
  username: string,
  isActive: boolean,
  tools: ManagementTools,
): Promise<void> {
  const row = await findUser(username, tools);
  if ((row.is_active === 1) === isActive) return;
  const change = { fields: { is_active: isActive ? 1 : 0 }, endsSessions: !isActive };
  await write({ kind: "update_user", username, ...change }, "not_found", tools);
}

/** Ends every session of a user, who can log in again. @throws ManagementError `not_found` */
export async function endSessions(username: string, tools: ManagementTools): Promise<void> {
  await write(
    { kind: "update_user", username, fields: {}, endsSessions: true },
    "not_found",
    tools,
  );
}

/** Deletes a user, which ends every session of the user. @throws ManagementError `not_found` */
export async function deleteUser(username: string, tools: ManagementTools): Promise<void> {
  await write({ kind: "delete_user", username }, "not_found", tools);
}

async function write(
  change: Extract<RegistryWrite, { username: string }>,
  onConflict: ManagementReason,
  { registry }: ManagementTools,
): Promise<void> {
  try {
    await registry.write([change]);
  } catch (error) {
    if (!(error instanceof RegistryConflict)) throw error;
    throw new ManagementError(onConflict, { kind: "user", name: change.username });
  }
}

async function findUser(username: string, { registry }: ManagementTools): Promise<UserRow> {
  const row = (await registry.findUsers([username])).get(username);
  if (row !== undefined) return row;
  throw new ManagementError("not_found", { kind: "user", name: username });
}

function viewOf(row: UserRow): UserView {
  const { password_record: record, ...entry } = userEntryOf(row);
  return {
    ...entry,
    has_password: !record.startsWith(UNUSABLE_RECORD),
    created_at: instantOf(row.created_at_ms),
    sessions_valid_from: instantOf(row.not_before_ms),
  };
}
