import { parseUserEntry } from "../admin/entries.ts";
import { UNUSABLE_RECORD } from "../admin/registry-rows.ts";
import { ManagementError } from "../errors/management-error.ts";
import { normalizeUsername } from "../protocol/usernames.ts";
import type { DumpRecord, Mapping } from "./dump-record.ts";
import { effectOf, type Gate, type GateEffect } from "./gates.ts";
import { describeHasher, isReadable } from "./hashers.ts";
import { type EmailVerified, mapProfile } from "./profiles.ts";

/** A Django user, with the columns of `users`. */
export interface DumpedUser {
  /** Django's primary key; null: not in the dump. */
  readonly id: string | null;
  readonly username: string;
  readonly password_record: string;
  readonly is_active: 0 | 1;
  readonly profile: string;
}

/** How to read users, besides what Django itself defines. */
export interface UserReading {
  readonly emailVerified: EmailVerified;
  /** Additional gates besides `is_active`. */
  readonly gates: readonly Gate[];
  /** When the gates apply. Milliseconds since the epoch. */
  readonly nowMs: number;
}

const DJANGO_GATE: Gate = { field: "is_active", sense: "active" };
const BY_DJANGO: UserReading = { emailVerified: false, gates: [], nowMs: 0 };

/**
 * Converts a user. The password hash is kept even if it cannot be verified here: a login through
 * the old server replaces it.
 *
 * @param usernameField the model's user name field, for example `email`
 */
export function mapUser(
  { pk, fields }: DumpRecord,
  usernameField: string,
  reading: UserReading = BY_DJANGO,
): Mapping<DumpedUser> {
  const name = fields[usernameField];
  if (typeof name !== "string") return { refusal: `no text in the field ${usernameField}` };
  const username = normalizeUsername(name);
  const { record, remarks } = passwordOf(fields["password"]);
  const unclear = gatesOf(fields, reading).find(({ effect }) => effect === "unclear");
  if (unclear !== undefined) {
    const { field } = unclear;
    const fix = `if one value allows logins, use --active-field ${field}=VALUE`;
    return { refusal: `${field}: is neither a boolean nor a time; ${fix}` };
  }
  const isActive = isActiveThere(fields, reading);
  const id = pk === null ? {} : { id: pk };
  try {
    parseUserEntry({ ...id, username, password_record: record, is_active: isActive });
  } catch (error) {
    return { refusal: problemsOf(error) };
  }
  if (pk === null) remarks.push("the dump has no primary key: imported with a new id");
  const { profile, remarks: skipped } = mapProfile(fields, username, reading.emailVerified);
  const is_active = isActive ? 1 : 0;
  const value = { id: pk, username, password_record: record, is_active, profile } as const;
  return { value, remarks: [...remarks, ...skipped] };
}

/** Whether a user may log in to the old server. Without `is_active`, the gates decide. */
export function isActiveThere(
  fields: DumpRecord["fields"],
  reading: UserReading = BY_DJANGO,
): boolean {
  return gatesOf(fields, reading).every(({ effect }) => effect === "admits");
}

function gatesOf(
  fields: DumpRecord["fields"],
  { gates, nowMs }: UserReading,
): { field: string; effect: GateEffect }[] {
  const all = Object.hasOwn(fields, DJANGO_GATE.field) ? [DJANGO_GATE, ...gates] : gates;
  return all.map((gate) => {
    return { field: gate.field, effect: effectOf(gate, fields[gate.field], nowMs) };
  });
}

/** The problems of an entry, in one line. @throws any other error */
export function problemsOf(error: unknown): string {
  if (error instanceof ManagementError) return error.problems.join("; ");
  throw error;
}

function passwordOf(password: unknown): { record: string; remarks: string[] } {
  if (typeof password !== "string" || password === "") {
    return { record: UNUSABLE_RECORD, remarks: ["no password: set one to allow logins"] };
  }
  return { record: password, remarks: isReadable(password) ? [] : [describeForeign(password)] };
}

function describeForeign(record: string): string {
  const hasher = describeHasher(record);
  return `hashed with ${hasher}, which is not supported: kept for a login through the old server`;
}
