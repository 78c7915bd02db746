import { parseUserEntry } from "../admin/entries.ts";
import { UNUSABLE_RECORD } from "../admin/registry-rows.ts";
import { ManagementError } from "../errors/management-error.ts";
import { normalizeUsername } from "../protocol/usernames.ts";
import type { DumpRecord, Mapping } from "./dump-record.ts";
import { effectOf, type Gate, type GateEffect } from "./gates.ts";
import { describeHasher, isReadable } from "./hashers.ts";

/** A user of Django's, as `users` is to have it. */
export interface DumpedUser {
  /** Django's primary key; null where the dump does not have it. */
  readonly id: string | null;
  readonly username: string;
  readonly password_record: string;
  readonly is_active: 0 | 1;
}

/** The fields besides `is_active` that say whether a user may log in, and the time to compare. */
export interface UserAdmission {
  readonly gates: readonly Gate[];
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
}

const DJANGO_GATE: Gate = { field: "is_active", sense: "active" };
const BY_DJANGO: UserAdmission = { gates: [], nowMs: 0 };

/**
 * Reads a user. The record of the password is kept as it is, also where no password can be right
 * for it here: a login through the old server replaces it.
 *
 * @param usernameField of the model, such as `email`
 */
export function mapUser(
  { pk, fields }: DumpRecord,
  usernameField: string,
  admission: UserAdmission = BY_DJANGO,
): Mapping<DumpedUser> {
  const name = fields[usernameField];
  if (typeof name !== "string") return { refusal: `has no text in the field ${usernameField}` };
  const username = normalizeUsername(name);
  const { record, remarks } = passwordOf(fields["password"]);
  const unclear = gatesOf(fields, admission).find(({ effect }) => effect === "unclear");
  if (unclear !== undefined) {
    const { field } = unclear;
    const cure = `if one value lets in, give --active-field ${field}=VALUE`;
    return { refusal: `${field}: is neither yes, no nor a time; ${cure}` };
  }
  const isActive = isActiveThere(fields, admission);
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

/** Whether the old server lets a user in. A model without `is_active` has no other users. */
export function isActiveThere(
  fields: DumpRecord["fields"],
  admission: UserAdmission = BY_DJANGO,
): boolean {
  return gatesOf(fields, admission).every(({ effect }) => effect === "admits");
}

function gatesOf(
  fields: DumpRecord["fields"],
  { gates, nowMs }: UserAdmission,
): { field: string; effect: GateEffect }[] {
  const all = Object.hasOwn(fields, DJANGO_GATE.field) ? [DJANGO_GATE, ...gates] : gates;
  return all.map((gate) => {
    return { field: gate.field, effect: effectOf(gate, fields[gate.field], nowMs) };
  });
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
  return { record: password, remarks: isReadable(password) ? [] : [describeForeign(password)] };
}

function describeForeign(record: string): string {
  const hasher = describeHasher(record);
  return `hashed by ${hasher}, which is not read here: kept for a login through the old server`;
}
