/** An S256 code challenge: 32 bytes in base64url (RFC 7636 §4.2). */
const CHALLENGE = /^[\w-]{43}$/;

/** A code verifier (RFC 7636 §4.1). */
const VERIFIER = /^[\w.~-]{43,128}$/;

/** Whether a text can be an S256 code challenge. */
export function isCodeChallenge(text: string): boolean {
  return CHALLENGE.test(text);
}

/** Whether a text can be a code verifier. */
export function isCodeVerifier(text: string): boolean {
  return VERIFIER.test(text);
}
