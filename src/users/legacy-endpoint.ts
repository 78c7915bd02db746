import { concat, fromUtf8, toBase64, utf8 } from "../crypto/bytes.ts";
import { callWithDeadline } from "../deadline.ts";
import { usernameKey } from "../protocol/usernames.ts";

/** The token endpoint that this service replaces, and the client that is called there. */
export interface LegacyOptions {
  readonly tokenEndpoint: string;
  readonly clientId: string;
  /** Null: a public client. */
  readonly clientSecret: string | null;
}

/**
 * Asks the old token endpoint whether a password is right there. One call, never repeated: each may
 * count as an attempt there.
 *
 * If the answer names the account in `username`, it must be the one that was asked for: a server
 * that ignores accents finds `ada` for `adá`, which would be a second account here.
 *
 * @throws Unavailable when it does not say, so that its outage never looks like a wrong password
 */
export type LegacyLogin = (username: string, password: string) => Promise<boolean>;

/**
 * How long the whole answer may take, in milliseconds. Longer than one of storage: it crosses the
 * open network, and a slow hash is computed on the way.
 */
export const LEGACY_DEADLINE_MS = 5_000;

/** Longest answer that is read, in bytes. */
export const LEGACY_ANSWER_BYTES_MAX = 64 * 1024;

/** What says that name or password is wrong (RFC 6749 §5.2). Before 3.1 oauthlib made it a 401. */
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
  const headers = new Headers({ Accept: "application/json" });
  if (clientSecret === null) body.set("client_id", clientId);
  else headers.set("Authorization", encodeBasic(clientId, clientSecret));
  const response = await fetch(tokenEndpoint, {
    method: "POST",
    headers,
    body,
    // Followed, a redirect could carry the password to anybody.
    redirect: "manual",
    signal: AbortSignal.timeout(LEGACY_DEADLINE_MS),
  });
  const { status } = response;
  const answer = parseObject(await readAnswer(response));
  if (status === 200 && isFilled(answer["access_token"])) {
    return !isAnother(answer["username"], username);
  }
  if (WRONG_STATUSES.includes(status) && answer["error"] === "invalid_grant") return false;
  throw new Error(`neither a token nor invalid_grant with status ${status}`);
}

/** HTTP Basic as RFC 6749 §2.3.1 has it: id and secret are form-encoded first. */
function encodeBasic(clientId: string, secret: string): string {
  return `Basic ${toBase64(utf8(`${formEncode(clientId)}:${formEncode(secret)}`))}`;
}

function formEncode(text: string): string {
  return new URLSearchParams([["", text]]).toString().slice(1);
}

async function readAnswer({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = body?.getReader();
  while (reader !== undefined) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > LEGACY_ANSWER_BYTES_MAX) {
      await reader.cancel();
      throw new Error("an answer that is too long");
    }
    chunks.push(value);
  }
  return fromUtf8(concat(...chunks)) ?? "";
}

/** @returns an empty object for what is none: `JSON.parse` would quote the answer in its error */
function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null ? { ...parsed } : {};
  } catch {
    return {};
  }
}

/** @param named in the answer; most servers name no account */
function isAnother(named: unknown, username: string): boolean {
  return typeof named === "string" && usernameKey(named) !== usernameKey(username);
}

function isFilled(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}
