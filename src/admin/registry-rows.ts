/**
 * Between a row of the registry and how a file, a command or an API writes it: RFC 7591's names,
 * lists as lists, instants in ISO 8601, and no field at all for what has its default.
 */
import { type ClientRow, words } from "../storage/clients.ts";
import type { ClientColumns } from "../storage/registry.ts";
import type { UserRow } from "../storage/users.ts";
import type { ClientEntry, UserEntry } from "./entry-schemas.ts";

/** The columns of a client that hold its secrets. */
export type SecretFields = Pick<
  ClientColumns,
  "secret_record" | "previous_secret_record" | "previous_secret_ends_at_ms"
>;

/** No secret at all, and so none before it either. */
export const NO_SECRETS: SecretFields = {
  secret_record: null,
  previous_secret_record: null,
  previous_secret_ends_at_ms: null,
};

/** An unusable record, as Django has it: no password is right. */
export const UNUSABLE_RECORD = "!";

/** The columns of a client, but for its secrets. */
export function clientFieldsOf(entry: ClientEntry): Omit<ClientColumns, keyof SecretFields> {
  return {
    client_name: entry.client_name,
    token_endpoint_auth_method: entry.token_endpoint_auth_method,
    grant_types: entry.grant_types.join(" "),
    scope: entry.scope ?? null,
    default_scope: entry.default_scope ?? null,
    audience: entry.audience.join(" "),
    claims: JSON.stringify(entry.claims),
    jwks: entry.jwks === undefined ? null : JSON.stringify(entry.jwks),
    allowed_origins: entry.allowed_origins.join(" "),
    access_token_format: entry.access_token_format,
    access_token_ttl_seconds: entry.access_token_ttl_seconds ?? null,
    refresh_idle_ttl_seconds: entry.refresh_idle_ttl_seconds ?? null,
    refresh_absolute_ttl_seconds: entry.refresh_absolute_ttl_seconds ?? null,
    disabled: entry.disabled ? 1 : 0,
  };
}

/** The columns of a client's secrets, where the entry has them as records. */
export function secretFieldsOf(entry: ClientEntry): SecretFields {
  const endsAt = entry.previous_secret_ends_at;
  return {
    secret_record: entry.secret_record ?? null,
    previous_secret_record: entry.previous_secret_record ?? null,
    previous_secret_ends_at_ms: endsAt === undefined ? null : new Date(endsAt).getTime(),
  };
}

/** A client as a file would have it, with the records of its secrets. */
export function clientEntryOf(row: ClientRow | (ClientColumns & { client_id: string })) {
  const endsAtMs = row.previous_secret_ends_at_ms;
  return {
    client_id: row.client_id,
    ...present({
      secret_record: row.secret_record,
      previous_secret_record: row.previous_secret_record,
      previous_secret_ends_at: endsAtMs === null ? null : instantOf(endsAtMs),
    }),
    client_name: row.client_name,
    grant_types: words(row.grant_types),
    token_endpoint_auth_method: row.token_endpoint_auth_method,
    ...present({ scope: row.scope, default_scope: row.default_scope }),
    audience: words(row.audience),
    claims: JSON.parse(row.claims),
    ...present({ jwks: row.jwks === null ? null : JSON.parse(row.jwks) }),
    allowed_origins: words(row.allowed_origins),
    access_token_format: row.access_token_format,
    ...present({
      access_token_ttl_seconds: row.access_token_ttl_seconds,
      refresh_idle_ttl_seconds: row.refresh_idle_ttl_seconds,
      refresh_absolute_ttl_seconds: row.refresh_absolute_ttl_seconds,
    }),
    disabled: row.disabled === 1,
  } satisfies ClientEntry;
}

/** A user as a file would have it, with the record of the password. */
export function userEntryOf(row: Omit<UserRow, "not_before_ms" | "created_at_ms">) {
  return {
    id: row.id,
    username: row.username,
    password_record: row.password_record,
    claims: JSON.parse(row.claims),
    is_active: row.is_active === 1,
  } satisfies UserEntry;
}

/** Writes an instant in ISO 8601. @param ms since the epoch */
export function instantOf(ms: number): string {
  return new Date(ms).toISOString();
}

function present<Fields extends object>(
  fields: Fields,
): { [Field in keyof Fields]?: NonNullable<Fields[Field]> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== null);
  return Object.fromEntries(entries) as { [Field in keyof Fields]?: NonNullable<Fields[Field]> };
}
