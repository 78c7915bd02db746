import { parsePasswordRecord } from "../../crypto/password-record.ts";
import { normalizeUsername } from "../../protocol/usernames.ts";
import { parseUserEntry } from "../entries.ts";
import { ManagementError } from "../management-error.ts";
import { UNUSABLE_RECORD } from "../registry-rows.ts";
import type { DumpRecord, Mapping } from "./dump-record.ts";
import { hasherOf } from "./hashers.ts";

/** A user of Django's, as `users` is to have it. */
export interface DumpedUser {
  /** Django's primary key; null where the dump does not have it. */
  readonly id: string | null;
  readonly username: string;
  readonly password_record: string;
  readonly is_active: 0 | 1;
}

/**
 * Reads a user. The record of the password is kept as it is, also where no password can be right
 * for it here: a login through the old server replaces it.
 *
 * @param usernameField of the model, such as `email`
 */
export function mapUser({ pk, fields }: DumpRecord, usernameField: string): Mapping<DumpedUser> {
  const name = fields[usernameField];
  if (typeof name !== "string") return { refusal: `has no text in the field ${usernameField}` };
  const username = normalizeUsername(name);
  const { record, remarks } = passwordOf(fields["password"]);
  const isActive = isActiveThere(fields);
  const id = pk === null ? {} : { id: pk };
  try {
    parseUserEntry({ ...id, username, password_record: record, is_active: isActive });
  } catch (error) {
    return { refusal: problemsOf(error) };
  }
  if (pk === null) remarks.push("the dump lacks its primary key, so that its id is new");
  const value = { id: pk, username, password_record: record, is_active: isActive ? 1 : 0 } as const;
  return { value, remarks };
}

/** Whether the old server lets a user in. A model without the field has no other users. */
export function isActiveThere(fields: DumpRecord["fields"]): boolean {
  return fields["is_active"] !== false;
}

/** What is wrong with an entry, in one line. @throws what is no problem of the entry */
export function problemsOf(error: unknown): string {
  if (error instanceof ManagementError) return error.problems.join("; ");
  throw error;
}

function passwordOf(password: unknown): { record: string; remarks: string[] } {
  if (typeof password !== "string" || password === "") {
    return { record: UNUSABLE_RECORD, remarks: ["has no password: no login until it gets one"] };
  }
  const isReadable = password.startsWith(UNUSABLE_RECORD) || parsePasswordRecord(password) !== null;
  return { record: password, remarks: isReadable ? [] : [describeForeign(password)] };
}

function describeForeign(record: string): string {
  const hasher = hasherOf(record) ?? "what Django does not name";
  return `hashed by ${hasher}, which is not read here: kept for a login through the old server`;
}
