import * as z from "zod/mini";
import { utf8 } from "../crypto/bytes.ts";
import { PASSWORD_BYTES_MAX } from "../crypto/passwords.ts";
import { RESERVED_CLAIMS } from "../protocol/claims.ts";
import { ACCESS_TOKEN_FORMATS, CLIENT_AUTH_METHODS, GRANT_TYPES } from "../protocol/names.ts";
import { hasControlCharacter } from "../protocol/params.ts";
import { parseScope } from "../protocol/scope.ts";

/** Most clients, and most users, in one file. More belongs into an import. */
const ENTRIES_MAX = 10_000;

// zod/mini has no words of its own until it is told whose.
z.config(z.locales.en());

/** Longest client id or user name, in characters. */
const NAME_LENGTH_MAX = 255;

/** Longest claims of one client or user, in bytes of JSON: they travel in every JWT. */
const CLAIMS_BYTES_MAX = 2048;

const name = z.string().check(
  z.minLength(1, "is empty"),
  z.maxLength(NAME_LENGTH_MAX, `is longer than ${NAME_LENGTH_MAX} characters`),
  z.refine((text) => !hasControlCharacter(text), "has a control character"),
);

const secret = z.string().check(
  z.minLength(1, "is empty"),
  z.refine((text) => !hasControlCharacter(text), "has a control character"),
  z.refine(
    (text) => utf8(text).length <= PASSWORD_BYTES_MAX,
    `is longer than ${PASSWORD_BYTES_MAX} bytes`,
  ),
);

const scope = z
  .string()
  .check(
    z.refine(
      (text) => (parseScope(text) ?? []).length > 0,
      "is not scope names with spaces between",
    ),
  );

const origin = z
  .string()
  .check(
    z.refine(
      (text) => URL.parse(text)?.origin === text && !text.includes("*"),
      "is not an origin such as https://app.example.com",
    ),
  );

const audience = z
  .string()
  .check(z.refine((text) => URL.canParse(text) && !/[\s#]/.test(text), "is not an absolute URI"));

const claims = z.record(z.string(), z.json()).check(
  z.refine(
    (object) => Object.keys(object).every((claim) => !RESERVED_CLAIMS.has(claim)),
    "has a name that tokens use themselves",
  ),
  z.refine(
    (object) => utf8(JSON.stringify(object)).length <= CLAIMS_BYTES_MAX,
    `is longer than ${CLAIMS_BYTES_MAX} bytes`,
  ),
);

const jwks = z.strictObject({
  keys: z.array(z.looseObject({ kty: z.enum(["EC", "OKP", "RSA"]) })).check(
    z.minLength(1, "is empty"),
    z.maxLength(16),
    z.refine((keys) => keys.every((key) => !("d" in key)), "has a private key"),
  ),
});

const lifetimeSeconds = z.int().check(z.minimum(1), z.maximum(31_536_000));

const client = z.strictObject({
  client_id: name.check(z.regex(/^[\x20-\x7e]+$/, "has a character other than printable ASCII")),
  client_secret: z.optional(secret),
  client_name: z._default(z.string().check(z.maxLength(NAME_LENGTH_MAX)), ""),
  grant_types: z._default(z.array(z.enum(GRANT_TYPES)), ["password", "refresh_token"]),
  token_endpoint_auth_method: z._default(z.enum(CLIENT_AUTH_METHODS), "client_secret_basic"),
  scope: z.optional(scope),
  default_scope: z.optional(scope),
  audience: z._default(z.array(audience), []),
  claims: z._default(claims, {}),
  jwks: z.optional(jwks),
  allowed_origins: z._default(z.array(origin), []),
  access_token_format: z._default(z.enum(ACCESS_TOKEN_FORMATS), "opaque"),
  access_token_ttl_seconds: z.optional(lifetimeSeconds),
  refresh_idle_ttl_seconds: z.optional(lifetimeSeconds),
  refresh_absolute_ttl_seconds: z.optional(lifetimeSeconds),
  disabled: z._default(z.boolean(), false),
});

const user = z.strictObject({
  username: name,
  password: z.optional(secret),
  claims: z._default(claims, {}),
  is_active: z._default(z.boolean(), true),
});

const registryFile = z.strictObject({
  clients: z._default(z.array(client).check(z.maxLength(ENTRIES_MAX)), []),
  users: z._default(z.array(user).check(z.maxLength(ENTRIES_MAX)), []),
});

/** A client as a file describes it; names of RFC 7591 §2. What is absent has its default. */
export type ClientEntry = z.infer<typeof client>;

/** A user as a file describes it. */
export type UserEntry = z.infer<typeof user>;

/** The clients and users that a file asks for. */
export type RegistryFile = z.infer<typeof registryFile>;

/** The file is not what it should be. Each problem names its place; none quotes a value. */
export class RegistryFileError extends Error {
  override readonly name = "RegistryFileError";
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.problems = problems;
  }
}

/**
 * Reads a file of clients and users.
 *
 * @param text JSON
 * @throws RegistryFileError with every problem found
 */
export function parseRegistryFile(text: string): RegistryFile {
  const parsed = registryFile.safeParse(parseJson(text));
  if (!parsed.success) {
    throw new RegistryFileError(parsed.error.issues.map((issue) => describeIssue(issue)));
  }
  const problems = [
    ...repeats(parsed.data.clients.map((entry) => entry.client_id)).map(
      (index) => `clients[${index}].client_id: stands twice`,
    ),
    ...repeats(parsed.data.users.map((entry) => entry.username)).map(
      (index) => `users[${index}].username: stands twice`,
    ),
    ...parsed.data.clients.flatMap((entry, index) => contradictions(entry, `clients[${index}]`)),
  ];
  if (problems.length > 0) throw new RegistryFileError(problems);
  return parsed.data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new RegistryFileError([`${placeOfMistake(text)}: not valid JSON`]);
  }
}

/**
 * V8 says only sometimes where it stopped, and quotes the text around, which may be a secret. So
 * the place is sought: after the longest part from the start that more text could still make JSON.
 */
function placeOfMistake(text: string): string {
  let [longest, tooLong] = [0, text.length + 1];
  while (tooLong - longest > 1) {
    const middle = Math.floor((longest + tooLong) / 2);
    if (isStartOfJson(text.slice(0, middle))) longest = middle;
    else tooLong = middle;
  }
  const lines = text.slice(0, longest).split("\n");
  return `line ${lines.length} column ${(lines.at(-1) ?? "").length + 1}`;
}

function isStartOfJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    const position = /at position (\d+)/.exec(String(error))?.[1];
    const isAtEnd = position !== undefined && Number(position) >= text.length;
    return isAtEnd || /end of JSON input|Unterminated string/.test(String(error));
  }
}

function describeIssue(issue: z.core.$ZodIssue): string {
  const place = issue.path.reduce<string>(
    (path, key) => path + (typeof key === "number" ? `[${key}]` : `${path && "."}${String(key)}`),
    "",
  );
  return `${place || "file"}: ${issue.message}`;
}

function repeats(names: readonly string[]): number[] {
  return [...names.keys()].filter((index) => names.indexOf(names[index] ?? "") < index);
}

function contradictions(entry: ClientEntry, place: string): string[] {
  const problems: string[] = [];
  const method = entry.token_endpoint_auth_method;
  const isPublic = method === "none";
  if (isPublic && entry.client_secret !== undefined) {
    problems.push(`${place}.client_secret: a public client (method "none") has no secret`);
  }
  if (isPublic && entry.grant_types.includes("client_credentials")) {
    problems.push(`${place}.grant_types: client_credentials is not for a public client`);
  }
  if (method === "private_key_jwt" && entry.client_secret !== undefined) {
    problems.push(`${place}.client_secret: a client of method "private_key_jwt" has no secret`);
  }
  if ((method === "private_key_jwt") !== (entry.jwks !== undefined)) {
    problems.push(`${place}.jwks: goes with method "private_key_jwt", and only with it`);
  }
  if (entry.access_token_format === "jwt" && entry.audience.length === 0) {
    problems.push(`${place}.audience: format "jwt" needs the API that the tokens are for`);
  }
  return problems;
}
