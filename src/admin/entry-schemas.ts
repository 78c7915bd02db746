import * as z from "zod/mini";
import { utf8 } from "../crypto/bytes.ts";
import { problemOfKey } from "../crypto/jwk-check.ts";
import { PASSWORD_BYTES_MAX } from "../crypto/passwords.ts";
import { grantTypes } from "../grants/index.ts";
import { RESERVED_CLAIMS } from "../protocol/claims.ts";
import { ACCESS_TOKEN_FORMATS, CLIENT_AUTH_METHODS } from "../protocol/names.ts";
import { parseOrigin } from "../protocol/origin.ts";
import { hasControlCharacter, NAME_LENGTH_MAX } from "../protocol/params.ts";
import { parseScope, SCOPE_LENGTH_MAX, SCOPE_TOKENS_MAX } from "../protocol/scope.ts";
import { onDemand } from "./on-demand.ts";

/** Longest API, in bytes: a refresh token carries it together with the longest scope. */
const AUDIENCE_BYTES_MAX = 400;

/** Longest claims of one client or user, in bytes of JSON: they travel in every JWT. */
const CLAIMS_BYTES_MAX = 2048;

const name = () =>
  z.string().check(
    z.minLength(1, "is empty"),
    z.maxLength(NAME_LENGTH_MAX, `is longer than ${NAME_LENGTH_MAX} characters`),
    z.refine((text) => !hasControlCharacter(text), "has a control character"),
  );

/** The shape of a secret and of a password. */
export const secretSchema = () =>
  z.string().check(
    z.minLength(1, "is empty"),
    z.refine((text) => !hasControlCharacter(text), "has a control character"),
    z.refine(
      (text) => utf8(text).length <= PASSWORD_BYTES_MAX,
      `is longer than ${PASSWORD_BYTES_MAX} bytes`,
    ),
  );

const scope = () =>
  z.string().check(
    z.refine((text) => !text.includes(","), "has a comma; separate the names by spaces"),
    z.maxLength(SCOPE_LENGTH_MAX, `is longer than ${SCOPE_LENGTH_MAX} characters`),
    z.refine(
      (text) => text.split(" ").filter(Boolean).length <= SCOPE_TOKENS_MAX,
      `has more than ${SCOPE_TOKENS_MAX} names`,
    ),
    z.refine(
      (text) => text.length > SCOPE_LENGTH_MAX || isScopeText(text),
      "is not scope names with spaces between",
    ),
  );

/** Whether a text is one scope name or more, however many. */
function isScopeText(text: string): boolean {
  const names = text.split(" ").filter(Boolean);
  return names.length > 0 && names.every((name) => parseScope(name) !== null);
}

const origin = () =>
  z
    .string()
    .check(
      z.refine(
        (text) => parseOrigin(text) === text,
        "is not an origin such as https://app.example.com or capacitor://localhost",
      ),
    );

const audience = () =>
  z.string().check(
    z.refine((text) => URL.canParse(text) && !/[\s#\p{Cc}]/u.test(text), "is not an absolute URI"),
    z.refine(
      (text) => utf8(text).length <= AUDIENCE_BYTES_MAX,
      `is longer than ${AUDIENCE_BYTES_MAX} bytes`,
    ),
  );

const claims = () =>
  z.record(z.string(), z.json()).check(
    z.refine(
      (object) => Object.keys(object).every((claim) => !RESERVED_CLAIMS.has(claim)),
      "has a name that tokens use themselves",
    ),
    z.refine(hasSafeNumbers, "has a number beyond 2^53 - 1, which readers round: write a string"),
    z.refine(
      (object) => utf8(JSON.stringify(object)).length <= CLAIMS_BYTES_MAX,
      `is longer than ${CLAIMS_BYTES_MAX} bytes`,
    ),
  );

const jwks = () =>
  z.strictObject({
    keys: z.array(publicKey()).check(z.minLength(1, "is empty"), z.maxLength(16)),
  });

/** A key that no assertion could be verified with would lock its client out. */
const publicKey = () =>
  z.looseObject({}).check(
    z.refine((key) => problemOfKey(key, "verify") === null, {
      error: ({ input }) => problemOfKey(input, "verify") ?? "",
    }),
  );

/** Without recursion, whose depth the caller would choose. */
function hasSafeNumbers(claims: object): boolean {
  const values: unknown[] = [claims];
  for (const value of values) {
    if (typeof value === "number" && Math.abs(value) > Number.MAX_SAFE_INTEGER) return false;
    if (typeof value === "object" && value !== null) values.push(...Object.values(value));
  }
  return true;
}

/** What stands in for a secret. Whether this service can read it, `canRead` says. */
const record = () => z.string().check(z.minLength(1, "is empty"), z.maxLength(8192, "is too long"));

const lifetimeSeconds = () => z.int().check(z.minimum(1), z.maximum(31_536_000));

/** The shape of a client in a file, without what only several fields together can break. */
export const clientSchema = onDemand(() =>
  z.strictObject({
    client_id: name().check(
      z.regex(/^[\x20-\x7e]+$/, "has a character other than printable ASCII"),
    ),
    client_secret: z.optional(secretSchema()),
    secret_record: z.optional(record()),
    previous_secret_record: z.optional(record()),
    previous_secret_ends_at: z.optional(
      z.iso.datetime("is not an instant such as 2030-01-31T12:00:00Z"),
    ),
    client_name: z._default(z.string().check(z.maxLength(NAME_LENGTH_MAX)), ""),
    grant_types: z._default(z.array(z.enum(grantTypes())), ["password", "refresh_token"]),
    token_endpoint_auth_method: z._default(z.enum(CLIENT_AUTH_METHODS), "client_secret_basic"),
    scope: z.optional(scope()),
    default_scope: z.optional(scope()),
    audience: z._default(z.array(audience()), []),
    claims: z._default(claims(), {}),
    jwks: z.optional(jwks()),
    allowed_origins: z._default(z.array(origin()), []),
    access_token_format: z._default(z.enum(ACCESS_TOKEN_FORMATS), "opaque"),
    access_token_ttl_seconds: z.optional(lifetimeSeconds()),
    refresh_idle_ttl_seconds: z.optional(lifetimeSeconds()),
    refresh_absolute_ttl_seconds: z.optional(lifetimeSeconds()),
    disabled: z._default(z.boolean(), false),
  }),
);

/** The shape of a user in a file. */
export const userSchema = onDemand(() =>
  z.strictObject({
    id: z.optional(z.string().check(z.regex(/^[\x21-\x7e]{1,255}$/, "is not printable ASCII"))),
    username: name(),
    password: z.optional(secretSchema()),
    password_record: z.optional(record()),
    claims: z._default(claims(), {}),
    is_active: z._default(z.boolean(), true),
  }),
);

/** A client as a file describes it; names of RFC 7591 §2. What is absent has its default. */
export type ClientEntry = z.infer<ReturnType<typeof clientSchema>>;

/** A user as a file describes it. */
export type UserEntry = z.infer<ReturnType<typeof userSchema>>;
