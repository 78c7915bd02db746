import type * as z from "zod/mini";
import { invalid } from "../errors/management-error.ts";
import { GRANTS } from "../grants/index.ts";
import { needsSecret } from "../protocol/names.ts";
import { classifyRedirectUri } from "../protocol/redirect-uri.ts";
import { profileFieldRows } from "../users/profile-fields.ts";
import { type ClientEntry, clientSchema, type UserEntry, userSchema } from "./entry-schemas.ts";
import { nearest } from "./nearest.ts";

export type { ClientEntry, UserEntry } from "./entry-schemas.ts";

/**
 * Checks one client of a command or a request.
 *
 * @throws ManagementError `invalid` with every problem found
 */
export function parseClientEntry(value: unknown): ClientEntry {
  const entry = checked(clientSchema().safeParse(value));
  const problems = clientContradictions(entry);
  if (problems.length > 0) throw invalid(...problems);
  return entry;
}

/**
 * Checks one user of a command or a request.
 *
 * @throws ManagementError `invalid` with every problem found
 */
export function parseUserEntry(value: unknown): UserEntry {
  const entry = checked(userSchema().safeParse(value));
  const problems = userContradictions(entry);
  if (problems.length > 0) throw invalid(...problems);
  return entry;
}

/** @throws ManagementError `invalid` with the place of every problem, without any value */
export function checked<Value>(result: z.core.util.SafeParseResult<Value>): Value {
  if (result.success) return result.data;
  throw invalid(...result.error.issues.flatMap(problemsOfIssue));
}

function problemsOfIssue({ path, message, ...issue }: z.core.$ZodIssue): string[] {
  if (issue.code !== "unrecognized_keys") return [`${placeOf(path) || "file"}: ${message}`];
  return issue.keys.map((name) => {
    // A longer name, or one with digits, may be a misplaced token or password.
    if (!/^[A-Za-z_]{1,40}$/.test(name)) return `${placeOf(path) || "file"}: ${UNKNOWN_FIELD}`;
    const near = nearest(name, FIELD_NAMES());
    const hint = near === null ? "" : `; did you mean ${near}?`;
    return `${placeOf([...path, name])}: is not a known field${hint}`;
  });
}

const UNKNOWN_FIELD = "has an unknown field";

/** The names of all fields of clients and users, for hints. */
const FIELD_NAMES = onDemandNames();

function onDemandNames(): () => readonly string[] {
  let names: readonly string[] | undefined;
  return () => {
    const more = ["clients", "users", "initial_secret", "initial_password", "after", "limit"];
    more.push(...profileFieldRows().map(([name]) => name));
    names ??= [...more, ...[clientSchema(), userSchema()].flatMap((one) => Object.keys(one.shape))];
    return names;
  };
}

/** Writes a place in JSON, such as `clients[1].scope`. */
export function placeOf(path: readonly PropertyKey[]): string {
  return path.reduce<string>((place, key) => {
    return place + (typeof key === "number" ? `[${key}]` : `${place && "."}${String(key)}`);
  }, "");
}

const SECRET_FIELDS = [
  "client_secret",
  "initial_secret",
  "secret_record",
  "previous_secret_record",
] as const;

/** The problem of a new user with the id of a client. */
export const SHARED_ID = "is the id of a client, and a token must not mean both: choose another";

/** The problem of a new client with the id of a user. */
export const ID_OF_USER = "is the id of a user, and a token must not mean both: choose another";

/** Problems between several fields of a client. */
export function clientContradictions(
  entry: ClientEntry & { readonly initial_secret?: string | undefined },
): string[] {
  const problems: string[] = [];
  const method = entry.token_endpoint_auth_method;
  const isPublic = method === "none";
  for (const field of SECRET_FIELDS) {
    if (needsSecret(method) || entry[field] === undefined) continue;
    // An imported public client may send its old secret: a file may have the hash of it.
    if (isPublic && field.endsWith("_record")) continue;
    const whose = isPublic ? 'a public client (method "none")' : `a client of method "${method}"`;
    problems.push(`${field}: ${whose} has no secret`);
  }
  if (entry.secret_record !== undefined && entry.client_secret !== undefined) {
    problems.push("secret_record: cannot be combined with client_secret");
  }
  if (entry.initial_secret !== undefined && (entry.client_secret ?? entry.secret_record)) {
    problems.push("initial_secret: cannot be combined with client_secret or secret_record");
  }
  if (entry.secret_record === undefined && entry.previous_secret_record !== undefined) {
    problems.push("previous_secret_record: requires secret_record");
  }
  if (entry.previous_secret_record === undefined && entry.previous_secret_ends_at !== undefined) {
    problems.push("previous_secret_ends_at: requires previous_secret_record");
  }
  for (const { grantType, allowsPublicClients } of GRANTS) {
    if (!isPublic || allowsPublicClients || !entry.grant_types.includes(grantType)) continue;
    problems.push(`grant_types: ${grantType} is not for a public client`);
  }
  if ((method === "private_key_jwt") !== (entry.jwks !== undefined)) {
    problems.push('jwks: is required with method "private_key_jwt", and invalid with any other');
  }
  if (isPublic && !entry.require_pkce) {
    problems.push("require_pkce: a public client must use PKCE");
  }
  if (entry.skip_consent) problems.push(...consentProblems(entry));
  if (entry.access_token_format === "jwt" && entry.audience.length === 0) {
    problems.push('audience: format "jwt" requires at least one API');
  }
  return problems;
}

/** Another program can receive what is sent to this computer or to a scheme (RFC 8252 §8.6). */
function consentProblems({ redirect_uris, redirect_uri_patterns }: ClientEntry): string[] {
  const isHttps = redirect_uris.every((uri) => classifyRedirectUri(uri) === "https");
  if (isHttps && redirect_uri_patterns.length === 0) return [];
  return ["skip_consent: every redirect URI must be https, and none a pattern"];
}

/** Problems between several fields of a user. */
export function userContradictions(
  entry: UserEntry & { readonly initial_password?: string | undefined },
): string[] {
  const problems: string[] = [];
  if (entry.password !== undefined && entry.password_record !== undefined) {
    problems.push("password_record: cannot be combined with password");
  }
  if (entry.initial_password !== undefined && (entry.password ?? entry.password_record)) {
    problems.push("initial_password: cannot be combined with password or password_record");
  }
  return problems;
}
