import type { VerifiedToken } from "../resource-server/verification.ts";

/** A token for the fake verifier. What is left out has a harmless default. */
export type FakeToken = Partial<VerifiedToken>;

/** Begins every token of the fake verifier, so that none can be mistaken for a real one. */
const PREFIX = "fake.";

/**
 * Writes a token that only the fake verifier accepts. It is not secret and not signed: it says in
 * plain JSON what it is to be verified as.
 */
export function fakeToken(token: FakeToken = {}): string {
  const bytes = new TextEncoder().encode(JSON.stringify(token));
  const base64 = btoa(String.fromCharCode(...bytes));
  return PREFIX + base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** A token that the fake verifier refuses, as the real one refuses one that was revoked. */
export const revokedToken: string = `${PREFIX}revoked`;

/** A token of which the fake verifier says that nobody can tell, as in an outage. */
export const unavailableToken: string = `${PREFIX}unavailable`;

/** Reads what {@link fakeToken} wrote. @returns null for anything else, and once it has expired */
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
