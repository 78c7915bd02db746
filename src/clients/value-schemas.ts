/** What the values of client and user fields must be. Each function makes a schema. */
import * as z from "zod/mini";
import { utf8 } from "../crypto/bytes.ts";
import { problemOfKey } from "../crypto/jwk-check.ts";
import { RESERVED_CLAIMS } from "../protocol/claims.ts";
import { parseOrigin } from "../protocol/origin.ts";
import { NAME_LENGTH_MAX } from "../protocol/params.ts";
import { classifyRedirectUri, isRedirectPattern } from "../protocol/redirect-uri.ts";
import { isResource, RESOURCE_BYTES_MAX } from "../protocol/resource.ts";
import { parseScope, SCOPE_LENGTH_MAX, SCOPE_TOKENS_MAX } from "../protocol/scope.ts";

/** Longest claims of one client or user, in bytes of JSON: every JWT contains them. */
const CLAIMS_BYTES_MAX = 2048;

/** Rejects a lone surrogate, which has no UTF-8: D1 would return another text. */
export const wellFormed = () =>
  z.refine<string>((text) => text.isWellFormed(), "is not valid Unicode");

/** A name for people. */
export const displayName = () => z.string().check(z.maxLength(NAME_LENGTH_MAX), wellFormed());

/** Scope names separated by spaces. */
export const scope = () =>
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

/** The origin of a web page, as a browser sends it. */
export const origin = () =>
  z
    .string()
    .check(
      z.refine(
        (text) => parseOrigin(text) === text,
        "is not an origin such as https://app.example.com or capacitor://localhost",
      ),
    );

/** A URI to which codes are sent, or the browser after signing out. */
export const redirectUri = () =>
  z
    .string()
    .check(
      z.refine(
        (text) => classifyRedirectUri(text) !== null,
        "is not an https URI, http on 127.0.0.1, [::1] or localhost, or a scheme of an app, " +
          "without fragment and user name",
      ),
    );

/** A URI to which the service itself sends requests. */
export const logoutUri = () =>
  z
    .string()
    .check(
      z.refine(
        (text) => ["https", "loopback"].includes(classifyRedirectUri(text) ?? ""),
        "is not an https URI, or http on 127.0.0.1, [::1] or localhost, without fragment and " +
          "user name",
      ),
    );

/** Redirect URIs that differ in the first label of the host. */
export const redirectPattern = () =>
  z
    .string()
    .check(
      z.refine(isRedirectPattern, "is not a pattern such as https://*.app.pages.dev/callback"),
    );

/** The URI of an API (RFC 8707 §2). */
export const audience = () =>
  z.string().check(
    z.refine(isResource, "is not an absolute URI"),
    z.refine(
      (text) => utf8(text).length <= RESOURCE_BYTES_MAX,
      `is longer than ${RESOURCE_BYTES_MAX} bytes`,
    ),
  );

/** Claims that every token of a client or user contains. */
export const claims = () =>
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

/** Without recursion: the caller chooses the depth. */
function hasSafeNumbers(claims: object): boolean {
  const values: unknown[] = [claims];
  for (const value of values) {
    if (typeof value === "number" && Math.abs(value) > Number.MAX_SAFE_INTEGER) return false;
    if (typeof value === "object" && value !== null) values.push(...Object.values(value));
  }
  return true;
}

/** A set of public keys (RFC 7517 §5). */
export const jwks = () =>
  z.strictObject({
    keys: z.array(publicKey()).check(z.minLength(1, "is empty"), z.maxLength(16)),
  });

/** A key that cannot verify an assertion would lock its client out. */
const publicKey = () =>
  z.looseObject({}).check(
    z.refine((key) => problemOfKey(key, "verify") === null, {
      error: ({ input }) => problemOfKey(input, "verify") ?? "",
    }),
  );

/** A lifetime in seconds, up to a year. */
export const lifetimeSeconds = () => z.int().check(z.minimum(1), z.maximum(31_536_000));
