/** The `typ` of a logout token (OpenID Connect Back-Channel Logout §2.4). */
export const LOGOUT_TOKEN_TYPE = "logout+jwt";

/** The member of `events` that makes a JWT a logout token. */
const LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout";

/** Lifetime, in seconds: the longest that §2.4 recommends. */
const LIFETIME_SECONDS = 120;

/** What ended for a client. */
export interface EndedSignIn {
  /** The `iss` of the client's ID tokens. */
  readonly issuerUrl: string;
  readonly clientId: string;
  readonly subject: string;
  /** The browser session (`sid`). */
  readonly sessionId: string;
}

/**
 * The claims of a logout token. It never has a `nonce`, so that it cannot pass for an ID token.
 *
 * @param tokenId new for each token
 */
export function logoutTokenClaims(
  { issuerUrl, clientId, subject, sessionId }: EndedSignIn,
  tokenId: string,
  nowMs: number,
): Record<string, unknown> {
  const issuedAt = Math.floor(nowMs / 1000);
  return {
    iss: issuerUrl,
    sub: subject,
    aud: clientId,
    iat: issuedAt,
    exp: issuedAt + LIFETIME_SECONDS,
    jti: tokenId,
    events: { [LOGOUT_EVENT]: {} },
    sid: sessionId,
  };
}
