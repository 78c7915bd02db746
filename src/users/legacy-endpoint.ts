import { fromUtf8, readLimited, toBase64, utf8 } from "../crypto/bytes.ts";
import { callWithDeadline } from "../isolate.ts";
import { USER_AGENT } from "../protocol/names.ts";
import { usernameKey } from "../protocol/usernames.ts";

/** The token endpoint that this service replaces, and the client to use there. */
export interface LegacyOptions {
  readonly tokenEndpoint: string;
  readonly clientId: string;
  /** Null: a public client. */
  readonly clientSecret: string | null;
}

/**
 * Verifies a password at the legacy token endpoint. Not retried, since each call may count as an
 * attempt there.
 *
 * If the response contains `username`, it must be the requested one: a server that ignores accents
 * finds `ada` for `adá`, which would become a second account here.
 *
 * @throws Unavailable for any other response, so that an outage never looks like a wrong password
 */
export type LegacyLogin = (username: string, password: string) => Promise<boolean>;

/**
 * Deadline of the whole response, in milliseconds. Longer than that of storage: the call crosses
 * the internet, and the server computes a slow hash.
 */
const LEGACY_DEADLINE_MS = 5_000;

/** Longest response, in bytes. */
const LEGACY_RESPONSE_BYTES_MAX = 64 * 1024;

/** Statuses for wrong credentials (RFC 6749 §5.2). oauthlib before 3.1 uses 401. */
const WRONG_STATUSES = [400, 401];

/** Builds the {@link LegacyLogin} that speaks RFC 6749 §4.3 to an endpoint. */
export function createLegacyLogin(options: LegacyOptions): LegacyLogin {
  return (username, password) => {
    const run = () => askLegacy(options, username, password);
    return callWithDeadline("legacy.log_in", run, LEGACY_DEADLINE_MS);
  };
}

async function askLegacy(
  { tokenEndpoint, clientId, clientSecret }: LegacyOptions,
  username: string,
  password: string,
): Promise<boolean> {
  const body = new URLSearchParams({ grant_type: "password", username, password });
  const headers = new Headers({ Accept: "application/json", "User-Agent": USER_AGENT });
  if (clientSecret === null) body.set("client_id", clientId);
  else headers.set("Authorization", encodeBasic(clientId, clientSecret));
  const response = await fetch(tokenEndpoint, {
    method: "POST",
    headers,
    body,
    // Following a redirect could send the password to another host.
    redirect: "manual",
    signal: AbortSignal.timeout(LEGACY_DEADLINE_MS),
  });
  const { status } = response;
  const content = parseObject(await readText(response));
  if (status === 200 && isFilled(content["access_token"])) {
    return !isAnother(content["username"], username);
  }
  if (WRONG_STATUSES.includes(status) && content["error"] === "invalid_grant") return false;
  throw new Error(`neither a token nor invalid_grant with status ${status}`);
}

/** HTTP Basic with form-encoded id and secret (RFC 6749 §2.3.1). */
function encodeBasic(clientId: string, secret: string): string {
  return `Basic ${toBase64(utf8(`${formEncode(clientId)}:${formEncode(secret)}`))}`;
}

function formEncode(text: string): string {
  return new URLSearchParams([["", text]]).toString().slice(1);
}

async function readText({ body }: Response): Promise<string> {
  const bytes = await readLimited(body, LEGACY_RESPONSE_BYTES_MAX);
  if (bytes === null) throw new Error("the response is too long");
  return fromUtf8(bytes) ?? "";
}

/** @returns {} for anything else, since the error of `JSON.parse` would quote the response */
function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null ? { ...parsed } : {};
  } catch {
    return {};
  }
}

/** @param named from the response; most servers do not return it */
function isAnother(named: unknown, username: string): boolean {
  return typeof named === "string" && usernameKey(named) !== usernameKey(username);
}

function isFilled(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}
