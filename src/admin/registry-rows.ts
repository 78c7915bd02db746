/**
 * Converts between rows and entries, as files, commands and the management API write them: with the
 * names of RFC 7591, lists, and instants in ISO 8601. An entry omits what is null in the row.
 */
import type { FieldColumns, NewClientRow, SecretColumns } from "../clients/client.ts";
import type { ColumnKind } from "../clients/field.ts";
import { type ClientFieldName, clientFieldRows } from "../clients/metadata.ts";
import { COLUMN_READERS, type Column } from "../storage/clients.ts";
import type { UserRow } from "../storage/users.ts";
import type { ClientEntry, UserEntry } from "./entry-schemas.ts";

/** Neither a secret nor a previous one. */
export const NO_SECRETS: SecretColumns = {
  secret_record: null,
  previous_secret_record: null,
  previous_secret_ends_at_ms: null,
};

/** A hash that no password matches, as in Django. */
export const UNUSABLE_RECORD = "!";

/** Convert a value to its column. Undefined is handled by the caller. */
const WRITERS: Readonly<Record<ColumnKind, (value: unknown) => Column>> = {
  plain: (value) => value as Column,
  scope: (value) => value as Column,
  words: (value) => (value as string[]).join(" "),
  json: (value) => JSON.stringify(value),
  flag: (value) => (value ? 1 : 0),
};

/** Convert a column to its value. In an entry, a scope is a text. */
const READERS = { ...COLUMN_READERS, scope: COLUMN_READERS.plain };

/** The columns of a client, without its secrets. */
export function clientFieldsOf(entry: ClientEntry): FieldColumns {
  const values = new Map<string, unknown>(Object.entries(entry));
  const columns = clientFieldRows().map(([name, { column }]) => {
    const value = values.get(name);
    return [name, value === undefined ? null : WRITERS[column](value)];
  });
  return Object.fromEntries(columns);
}

/** The columns of a client's secrets, from an entry that has their hashes. */
export function secretFieldsOf(entry: ClientEntry): SecretColumns {
  const endsAt = entry.previous_secret_ends_at;
  return {
    secret_record: entry.secret_record ?? null,
    previous_secret_record: entry.previous_secret_record ?? null,
    previous_secret_ends_at_ms: endsAt === undefined ? null : new Date(endsAt).getTime(),
  };
}

/** A client as a file has it, with the hashes of its secrets. */
export function clientEntryOf(row: NewClientRow): Omit<ClientEntry, "client_secret"> {
  const endsAtMs = row.previous_secret_ends_at_ms;
  const fields = clientFieldRows().map(([name, { column }]) => {
    const value = row[name];
    return [name, value === null ? null : READERS[column](value)];
  });
  return {
    client_id: row.client_id,
    ...present({
      secret_record: row.secret_record,
      previous_secret_record: row.previous_secret_record,
      previous_secret_ends_at: endsAtMs === null ? null : instantOf(endsAtMs),
    }),
    ...(present(Object.fromEntries(fields)) as Pick<ClientEntry, ClientFieldName>),
  };
}

/** A user as a file has it, with the hash of the password. */
export function userEntryOf(
  row: Pick<UserRow, "id" | "username" | "password_record" | "claims" | "profile" | "is_active">,
) {
  return {
    id: row.id,
    username: row.username,
    password_record: row.password_record,
    claims: JSON.parse(row.claims),
    profile: JSON.parse(row.profile),
    is_active: row.is_active === 1,
  } satisfies UserEntry;
}

/** Formats an instant in ISO 8601. @param ms since the epoch */
export function instantOf(ms: number): string {
  return new Date(ms).toISOString();
}

function present<Fields extends object>(
  fields: Fields,
): { [Field in keyof Fields]?: NonNullable<Fields[Field]> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== null);
  return Object.fromEntries(entries) as { [Field in keyof Fields]?: NonNullable<Fields[Field]> };
}
