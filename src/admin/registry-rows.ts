/**
 * Converts between rows and entries, as files, commands and the management API write them: with the
 * names of RFC 7591, lists, and instants in ISO 8601. An entry omits what is null in the row.
 */
import { type ClientFieldName, type ColumnKind, clientFieldRows } from "../clients/metadata.ts";
import { type ClientRow, words } from "../storage/clients.ts";
import type { ClientColumns } from "../storage/registry.ts";
import type { UserRow } from "../storage/users.ts";
import type { ClientEntry, UserEntry } from "./entry-schemas.ts";

/** The columns of a client that hold its secrets. */
export type SecretFields = Pick<
  ClientColumns,
  "secret_record" | "previous_secret_record" | "previous_secret_ends_at_ms"
>;

/** Neither a secret nor a previous one. */
export const NO_SECRETS: SecretFields = {
  secret_record: null,
  previous_secret_record: null,
  previous_secret_ends_at_ms: null,
};

/** A hash that no password matches, as in Django. */
export const UNUSABLE_RECORD = "!";

type Column = string | number | null;

/** Converts a value to its column and back. Undefined and null are handled by the callers. */
const COLUMNS: Readonly<
  Record<ColumnKind, { write(value: unknown): Column; read(column: Column): unknown }>
> = {
  plain: { write: (value) => value as Column, read: (column) => column },
  words: { write: (value) => (value as string[]).join(" "), read: (column) => words(`${column}`) },
  json: { write: (value) => JSON.stringify(value), read: (column) => JSON.parse(`${column}`) },
  flag: { write: (value) => (value ? 1 : 0), read: (column) => column === 1 },
};

/** The columns of a client, without its secrets. */
export function clientFieldsOf(entry: ClientEntry): Omit<ClientColumns, keyof SecretFields> {
  const values = new Map<string, unknown>(Object.entries(entry));
  const columns = clientFieldRows().map(([name, { column }]) => {
    const value = values.get(name);
    return [name, value === undefined ? null : COLUMNS[column].write(value)];
  });
  return Object.fromEntries(columns);
}

/** The columns of a client's secrets, from an entry that has their hashes. */
export function secretFieldsOf(entry: ClientEntry): SecretFields {
  const endsAt = entry.previous_secret_ends_at;
  return {
    secret_record: entry.secret_record ?? null,
    previous_secret_record: entry.previous_secret_record ?? null,
    previous_secret_ends_at_ms: endsAt === undefined ? null : new Date(endsAt).getTime(),
  };
}

/** A client as a file has it, with the hashes of its secrets. */
export function clientEntryOf(
  row: ClientColumns & Pick<ClientRow, "client_id">,
): Omit<ClientEntry, "client_secret"> {
  const endsAtMs = row.previous_secret_ends_at_ms;
  const columns = new Map<string, Column>(Object.entries(row));
  const fields = clientFieldRows().map(([name, { column }]) => {
    const value = columns.get(name) ?? null;
    return [name, value === null ? null : COLUMNS[column].read(value)];
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
