import type * as z from "zod/mini";
import { invalid } from "../errors/management-error.ts";
import { GRANTS } from "../grants/index.ts";
import { type ClientEntry, clientSchema, type UserEntry, userSchema } from "./entry-schemas.ts";
import { nearest } from "./nearest.ts";

export type { ClientEntry, UserEntry } from "./entry-schemas.ts";

/**
 * Checks one client that stands in no file.
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
 * Checks one user that stands in no file.
 *
 * @throws ManagementError `invalid` with every problem found
 */
export function parseUserEntry(value: unknown): UserEntry {
  const entry = checked(userSchema().safeParse(value));
  const problems = userContradictions(entry);
  if (problems.length > 0) throw invalid(...problems);
  return entry;
}

/** @throws ManagementError `invalid` that names the place of every problem and quotes no value */
export function checked<Value>(result: z.core.util.SafeParseResult<Value>): Value {
  if (result.success) return result.data;
  throw invalid(...result.error.issues.flatMap(problemsOfIssue));
}

function problemsOfIssue({ path, message, ...issue }: z.core.$ZodIssue): string[] {
  if (issue.code !== "unrecognized_keys") return [`${placeOf(path) || "file"}: ${message}`];
  return issue.keys.map((name) => {
    // A longer one, or one with digits, may be a token or a password in the wrong place.
    if (!/^[A-Za-z_]{1,40}$/.test(name)) return `${placeOf(path) || "file"}: ${UNKNOWN_FIELD}`;
    const near = nearest(name, FIELD_NAMES());
    const hint = near === null ? "" : `; do you mean ${near}?`;
    return `${placeOf([...path, name])}: is not a known field${hint}`;
  });
}

const UNKNOWN_FIELD = "has a field that is not known";

/** Every name that a field of a client or a user has. */
const FIELD_NAMES = onDemandNames();

function onDemandNames(): () => readonly string[] {
  let names: readonly string[] | undefined;
  return () => {
    const more = ["clients", "users", "initial_secret", "initial_password", "after", "limit"];
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

/** Whether a client of this method must have a secret. */
export function needsSecret({
  token_endpoint_auth_method: method,
}: Pick<ClientEntry, "token_endpoint_auth_method">): boolean {
  return method === "client_secret_basic" || method === "client_secret_post";
}

const SECRET_FIELDS = [
  "client_secret",
  "initial_secret",
  "secret_record",
  "previous_secret_record",
] as const;

/** What is wrong with a user's id that a client has. */
export const SHARED_ID = "is a client's id, and no token may mean both: choose another";

/** What is wrong with a client's id that a user has. */
export const ID_OF_USER = "is a user's id, and no token may mean both: choose another";

/** What fields of a client say against each other. */
export function clientContradictions(
  entry: ClientEntry & { readonly initial_secret?: string | undefined },
): string[] {
  const problems: string[] = [];
  const method = entry.token_endpoint_auth_method;
  const isPublic = method === "none";
  for (const field of SECRET_FIELDS) {
    if (needsSecret(entry) || entry[field] === undefined) continue;
    // An imported public client keeps the secret that it may send: a file may have its record.
    if (isPublic && field.endsWith("_record")) continue;
    const whose = isPublic ? 'a public client (method "none")' : `a client of method "${method}"`;
    problems.push(`${field}: ${whose} has no secret`);
  }
  if (entry.secret_record !== undefined && entry.client_secret !== undefined) {
    problems.push("secret_record: stands beside client_secret; one of them is enough");
  }
  if (entry.initial_secret !== undefined && (entry.client_secret ?? entry.secret_record)) {
    problems.push("initial_secret: only without client_secret and secret_record");
  }
  if (entry.secret_record === undefined && entry.previous_secret_record !== undefined) {
    problems.push("previous_secret_record: goes with secret_record, and only with it");
  }
  if (entry.previous_secret_record === undefined && entry.previous_secret_ends_at !== undefined) {
    problems.push("previous_secret_ends_at: goes with previous_secret_record, and only with it");
  }
  for (const { grantType, allowsPublicClients } of GRANTS) {
    if (!isPublic || allowsPublicClients || !entry.grant_types.includes(grantType)) continue;
    problems.push(`grant_types: ${grantType} is not for a public client`);
  }
  if ((method === "private_key_jwt") !== (entry.jwks !== undefined)) {
    problems.push('jwks: goes with method "private_key_jwt", and only with it');
  }
  if (entry.access_token_format === "jwt" && entry.audience.length === 0) {
    problems.push('audience: format "jwt" needs the API that the tokens are for');
  }
  return problems;
}

/** What fields of a user say against each other. */
export function userContradictions(
  entry: UserEntry & { readonly initial_password?: string | undefined },
): string[] {
  const problems: string[] = [];
  if (entry.password !== undefined && entry.password_record !== undefined) {
    problems.push("password_record: stands beside password; one of them is enough");
  }
  if (entry.initial_password !== undefined && (entry.password ?? entry.password_record)) {
    problems.push("initial_password: only without password and password_record");
  }
  return problems;
}
