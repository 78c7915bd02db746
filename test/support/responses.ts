import { expect } from "vitest";

/** A response in full, for `toEqual`: a header that is not expected fails the test too. */
export interface WholeAnswer {
  status: number;
  headers: Record<string, string>;
  /** Parsed JSON; null for no body at all. */
  body: unknown;
}

/** Every header of a response with a body, where its case asks for no more. */
export const JSON_HEADERS: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "content-type": "application/json",
  pragma: "no-cache",
};

/** What every response has and no two share: it is looked at here, and is no part of what is compared. */
const REQUEST_ID = "x-request-id";

/** The id of a request that came without Cloudflare's own. */
const RANDOM_REQUEST_ID = /^[0-9a-f]{16}$/;

/** The policy of every response but a page. */
const JSON_POLICY = "default-src 'none'; frame-ancestors 'none'";

/** What every response has for the safety of browsers. */
const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  "referrer-policy": "no-referrer",
  "strict-transport-security": "max-age=31536000",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

/**
 * The headers of a response, but for those that every response must have: its request id, and what
 * keeps browsers safe. The policy of a page stays, since each has its own.
 */
export function headersOf({ headers }: Response): Record<string, string> {
  const { [REQUEST_ID]: id, ...others } = Object.fromEntries(headers);
  expect(id).toMatch(RANDOM_REQUEST_ID);
  // With `no-referrer`, browsers send the forms of a page with `Origin: null`.
  const hasForms = others["referrer-policy"] === "same-origin";
  const expected = {
    ...SECURITY_HEADERS,
    ...(hasForms ? { "referrer-policy": "same-origin" } : {}),
  };
  expect(others).toMatchObject(expected);
  const isForAnyone = others["access-control-allow-origin"] === "*";
  const sharing = others["cross-origin-resource-policy"];
  expect(sharing).toBe(isForAnyone ? undefined : "same-origin");
  const known = [...Object.keys(SECURITY_HEADERS), "cross-origin-resource-policy"];
  if (!others["content-type"]?.startsWith("text/html")) {
    expect(others["content-security-policy"]).toBe(JSON_POLICY);
    known.push("content-security-policy");
  }
  return Object.fromEntries(Object.entries(others).filter(([name]) => !known.includes(name)));
}

/** Reads a response of the service to its end. */
export async function whole(response: Response): Promise<WholeAnswer> {
  return { ...(await answerOf(response)), headers: headersOf(response) };
}

/** Reads a response of any server to its end, with every header. */
export async function answerOf(response: Response): Promise<WholeAnswer> {
  const text = await response.text();
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: text === "" ? null : isHtml(response) ? text : JSON.parse(text),
  };
}

function isHtml({ headers }: Response): boolean {
  return headers.get("Content-Type")?.startsWith("text/html") ?? false;
}

/** The refusal that the wire contract has for a case. */
export function refusal(
  status: number,
  error: string,
  description?: string,
  headers: Record<string, string> = {},
): WholeAnswer {
  const body = description === undefined ? { error } : { error, error_description: description };
  return { status, headers: { ...JSON_HEADERS, ...headers }, body };
}

/** Some `invalid_request`, whose description the contract leaves open. */
export function invalidRequest(status = 400, description: unknown = expect.any(String)) {
  return refusal(status, "invalid_request", description as string);
}

export const INVALID_CLIENT = refusal(401, "invalid_client", "Client authentication failed.", {
  "www-authenticate": 'Basic realm="tollgate", Bearer error="invalid_client"',
});

export const INVALID_CREDENTIALS = refusal(400, "invalid_grant", "Invalid credentials given.");

export const INVALID_GRANT = refusal(
  400,
  "invalid_grant",
  "The refresh token is invalid, expired, used or revoked.",
);
export const INVALID_SCOPE = refusal(
  400,
  "invalid_scope",
  "A requested scope is not known, or not allowed for this client.",
);
export const INVALID_TARGET = refusal(
  400,
  "invalid_target",
  "The requested resource is not known, or not allowed for this client or login.",
);
export const UNAUTHORIZED_CLIENT = refusal(
  400,
  "unauthorized_client",
  "The client may not use this grant_type.",
);
export const UNSUPPORTED_GRANT_TYPE = refusal(400, "unsupported_grant_type", "Unknown grant_type.");
export const MISSING_GRANT_TYPE = refusal(
  400,
  "unsupported_grant_type",
  "Missing grant_type parameter.",
);
export const INVALID_TOKEN = refusal(
  401,
  "invalid_token",
  "The access token is invalid, expired, revoked or for another service.",
  { "www-authenticate": 'Bearer error="invalid_token"' },
);
export const INSUFFICIENT_SCOPE = refusal(
  403,
  "insufficient_scope",
  "The access token does not have the scope that this request needs.",
  { "www-authenticate": 'Bearer error="insufficient_scope"' },
);

/** Any success of the token endpoint, with a refresh token and this scope. */
export function success(scope: string, expiresInSeconds = 3600): WholeAnswer {
  const body = {
    access_token: expect.stringMatching(/^tga_[\w-]+$/),
    expires_in: expiresInSeconds,
    token_type: "Bearer",
    scope,
    refresh_token: expect.stringMatching(/^tgr_[\w-]+$/),
  };
  return { status: 200, headers: { ...JSON_HEADERS }, body };
}

/** A login with all scopes of the service. */
export const SUCCESS: WholeAnswer = success("read write groups");

/** Introspection of a token that is not active. */
export const INACTIVE: WholeAnswer = {
  status: 200,
  headers: JSON_HEADERS,
  body: { active: false },
};

/** What an outage of storage looks like from outside. */
export const UNAVAILABLE = refusal(
  503,
  "temporarily_unavailable",
  "The service is not available for the moment. Try again.",
  { "retry-after": "1" },
);
