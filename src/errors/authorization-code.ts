import { type ErrorRows, invalidRequest, type WireError } from "./row.ts";

const INVALID_CODE: WireError = {
  status: 400,
  error: "invalid_grant",
  description: "The authorization code is invalid, expired, used or revoked.",
};

const AUTHORIZE_AGAIN = "Send the browser to the authorization endpoint again.";

/** Reasons that lie in an authorization code. */
export const AUTHORIZATION_CODE = {
  code_missing: {
    ...invalidRequest("Missing code parameter."),
    meaning: "`code` is missing or empty.",
    fix: "Send the `code` from the query of the redirect URI.",
  },
  code_forged: {
    ...INVALID_CODE,
    meaning:
      "This service did not issue the code, or its key is no longer in `TOKEN_KEYS`. A truncated " +
      "or altered code counts as forged, too.",
    fix: AUTHORIZE_AGAIN,
  },
  code_expired: {
    ...INVALID_CODE,
    meaning: "The code is older than `AUTHORIZATION_CODE_TTL_SECONDS`.",
    fix: "Exchange the code at once. A test must not stop the clock.",
  },
  code_of_another_client: {
    ...INVALID_CODE,
    meaning: "The code belongs to another client, or to another issuer.",
    fix: "Exchange it as the client that sent the browser to the authorization endpoint.",
  },
  code_ended: {
    ...INVALID_CODE,
    meaning:
      "Since the code was issued, the user or the client was deactivated, the password changed, " +
      "the browser session was ended or the consent revoked.",
    fix: AUTHORIZE_AGAIN,
  },
  code_verifier_missing: {
    ...invalidRequest("Code verifier required."),
    meaning: "The authorization request had a `code_challenge`, and `code_verifier` is missing.",
    fix: "Send the `code_verifier` of this authorization request.",
  },
  code_verifier_wrong: {
    status: 400,
    error: "invalid_grant",
    description: "The code verifier does not match.",
    meaning:
      "`code_verifier` does not match the `code_challenge` of the authorization request, or that " +
      "request had none.",
    fix: "Store the verifier together with `state`, one for each authorization request.",
  },
  code_redirect_mismatch: {
    status: 400,
    error: "invalid_grant",
    description: "Mismatching redirect URI.",
    meaning:
      "`redirect_uri` differs from that of the authorization request; or is missing, although " +
      "that request had one and no `code_challenge`.",
    fix: "Send the same `redirect_uri` again, or leave it out if you use PKCE.",
  },
  code_resource_mismatch: {
    status: 400,
    error: "invalid_target",
    description: "The resource is not one of the authorization request.",
    meaning: "`resource` is not among those of the authorization request (RFC 8707 §2.2).",
    fix: "Name all resources in the authorization request.",
  },
  code_raced: {
    ...INVALID_CODE,
    meaning:
      "The code was exchanged a moment ago, by another request or by one whose response was " +
      "lost. The login continues with the tokens of that response.",
    fix:
      "Exchange each code once: a page that loads twice must not do it twice. Send an " +
      "`Idempotency-Key`, so that a retry gets the lost response.",
  },
  code_reused: {
    ...INVALID_CODE,
    meaning:
      "The code was exchanged again, too late for a retry, so it was probably stolen. The login " +
      "was revoked (RFC 6749 §4.1.2).",
    fix: "Sign in again. Look for the code in logs and browser histories.",
    operator: "The audit event `family_revoked` has the ids.",
  },
  code_superseded: {
    ...INVALID_CODE,
    meaning:
      "Another code of the same authorization request was exchanged: the user went back and " +
      "approved twice. One request yields one login.",
    fix: "Use the tokens that the first code yielded, or start a new authorization request.",
  },
} satisfies ErrorRows;
