import type { ErrorRows } from "./row.ts";

const FIX = "Correct what the description names, and register again.";

/** Reasons that lie in a registration request (RFC 7591 §3.2.2). */
export const REGISTRATION = {
  registration_not_json: {
    status: 400,
    error: "invalid_client_metadata",
    description: "The body must be a JSON object with Content-Type application/json.",
    meaning: "The body of a registration request is not JSON, or does not say that it is.",
    fix: "Send the metadata as `application/json`.",
  },
  registered_metadata_invalid: {
    status: 400,
    error: "invalid_client_metadata",
    meaning:
      "The metadata of a client that registers itself is invalid, or too long for a client id " +
      "of 1024 characters.",
    fix: FIX,
  },
  registered_uri_invalid: {
    status: 400,
    error: "invalid_redirect_uri",
    meaning:
      "A redirect URI of a client that registers itself is not https, http on this computer, or " +
      "a scheme of an app.",
    fix: FIX,
  },
} satisfies ErrorRows;
