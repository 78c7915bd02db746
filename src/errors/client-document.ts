import { type ErrorRows, invalidRequest } from "./row.ts";

const DEVELOPER_FIX = "Correct the document. The page says what is wrong with it.";

/**
 * Reasons that lie in the metadata document of a client that no operator registered. Shown on a
 * page: without the document no redirect URI is known to be valid.
 */
export const CLIENT_DOCUMENT = {
  client_document_rejected: {
    ...invalidRequest("The client_id is not an acceptable URL."),
    meaning:
      "`client_id` is the URL of a client ID metadata document, but the setting `CIMD` does not " +
      "allow its host, or it is not an https URL with a public host, a path, no user name and no " +
      "fragment.",
    fix: "Check the URL. Otherwise ask the operator to allow its host.",
    operator: "To allow the host, add it to `CIMD`, or set `CIMD` to `open`.",
  },
  client_document_invalid: {
    ...invalidRequest("The metadata document of the client is not valid."),
    meaning:
      "The document at the `client_id` is a redirect, is not JSON, is longer than 5 KB, has " +
      "another `client_id`, or has invalid metadata.",
    fix: `${DEVELOPER_FIX} Failures are kept for a minute.`,
  },
  client_document_unreachable: {
    ...invalidRequest("The metadata document of the client cannot be fetched."),
    meaning: "The document at the `client_id` was not returned with status 200 within 5 seconds.",
    fix: "Make the document public, then try again after a minute.",
  },
  client_document_busy: {
    status: 503,
    error: "temporarily_unavailable",
    description: "The metadata document of the client cannot be fetched for the moment. Try again.",
    headers: { "Retry-After": "60" },
    meaning:
      "Another document of the same host was fetched within the last minute. The service fetches " +
      "one a minute from a host, so that it cannot be used to load a server.",
    fix: "Try again after a minute.",
    operator: "Register a client that is used often: then nothing has to be fetched.",
  },
  client_keys_unavailable: {
    status: 503,
    error: "temporarily_unavailable",
    description: "The keys of the client cannot be fetched for the moment. Try again.",
    headers: { "Retry-After": "60" },
    meaning:
      "The `jwks_uri` of a client that no operator registered does not respond, or was fetched " +
      "within the last minute and its keys do not verify the assertion.",
    fix: "Make the keys public. After a new key, wait a minute before it signs.",
  },
} satisfies ErrorRows;
