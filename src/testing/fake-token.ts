import type { VerifiedToken } from "../resource-server/verification.ts";

/** Content of a token for the fake verifier. Omitted fields have defaults. */
export type FakeToken = Partial<VerifiedToken>;

/** Prefix of fake tokens, so that they cannot be mistaken for real ones. */
const PREFIX = "fake.";

/**
 * Creates a token that only the fake verifier accepts. It is neither secret nor signed: it contains
 * the result of its verification as JSON.
 */
export function fakeToken(token: FakeToken = {}): string {
  const bytes = new TextEncoder().encode(JSON.stringify(token));
  const base64 = btoa(String.fromCharCode(...bytes));
  return PREFIX + base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** A token that the fake verifier rejects like a revoked one. */
export const revokedToken: string = `${PREFIX}revoked`;

/** A token for which the fake verifier returns `unavailable`, as in an outage. */
export const unavailableToken: string = `${PREFIX}unavailable`;

/** Reads a token of {@link fakeToken}. @returns null when it is invalid or expired */
export function readFakeToken(text: string, nowMs: number): VerifiedToken | null {
  if (!text.startsWith(PREFIX) || text === revokedToken) return null;
  const token = parse(text.slice(PREFIX.length));
  if (token === null) return null;
  const defaults: VerifiedToken = {
    clientId: "test-client",
    subject: "test-user",
    scope: [],
    audience: null,
    claims: {},
    expiresAt: Math.floor(nowMs / 1000) + 3600,
  };
  const verified = { ...defaults, ...token };
  return verified.expiresAt * 1000 > nowMs ? verified : null;
}

function parse(encoded: string): FakeToken | null {
  try {
    const binary = atob(encoded.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
    const token: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof token === "object" ? (token as FakeToken | null) : null;
  } catch {
    return null;
  }
}
