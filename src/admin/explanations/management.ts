import type { Explanation, Reason } from "./explanation.ts";

const NOTHING = "Nothing: the client must change.";

/** Reasons that only the management API has. Its answers are problems (RFC 9457). */
export const MANAGEMENT_EXPLANATIONS = {
  path_id_missing: {
    status: 404,
    error: "invalid_request",
    meaning: "The path of a call to the management API ends in a slash, and an id may be missing.",
    client: "Send the id of the session, user or client; to mean all of them, leave the slash out.",
    operator: NOTHING,
  },
  json_expected: {
    status: 415,
    error: "invalid_request",
    meaning: "A body for the management API is not said to be JSON.",
    client: "Send JSON, with `Content-Type: application/json`.",
    operator: NOTHING,
  },
  json_malformed: {
    status: 400,
    error: "invalid_request",
    meaning: "A body for the management API is no JSON object, or nests deeper than 16 levels.",
    client: "Send one JSON object in UTF-8.",
    operator: NOTHING,
  },
  json_too_large: {
    status: 413,
    error: "invalid_request",
    meaning: "A body for the management API is longer than 64 KiB.",
    client: "Send only what is needed.",
    operator: NOTHING,
  },
  caller_token_missing: {
    status: 401,
    error: "invalid_token",
    meaning: "A call to the management API came without a bearer token.",
    client: "Get a token by `client_credentials` with the scope `admin`, and send it.",
    operator: "Register a client for it: `client create ID --grant-types client_credentials`.",
  },
  caller_token_for_another: {
    status: 401,
    error: "invalid_token",
    meaning:
      "The bearer token of a call to introspection or to the management API is for another API " +
      "(its audience), which could pass it on.",
    client: "Ask for a token without `resource`, as a client that has no `audience`.",
    operator: "Register a client of its own for this, without an `audience`.",
  },
  caller_is_user: {
    status: 403,
    error: "insufficient_scope",
    meaning: "A user's token came to the management API, which no user's token may call.",
    client: "Call it from your server, with a token by `client_credentials`.",
    operator: "Look how the client came to send a user's token there.",
  },
  not_found: {
    status: 404,
    error: "not_found",
    meaning: "The user or client that a call to the management API names is not there.",
    client: "Check the id; a user who was deleted never comes back under the same one.",
    operator: NOTHING,
  },
  already_exists: {
    status: 409,
    error: "already_exists",
    meaning: "There is a user or client of the name or id that a call wants to give.",
    client: "Choose another. After a lost answer, look whether yours is the one.",
    operator: NOTHING,
  },
  invalid: {
    status: 422,
    error: "invalid",
    meaning: "What a call to the management API asks for cannot be so; nothing has changed.",
    client: "`problems` names each field and what is wrong with it.",
    operator: NOTHING,
  },
  changed: {
    status: 409,
    error: "changed",
    meaning: "Somebody else changed the same user or client three times while a call tried to.",
    client: "Look at it again, and repeat the call if it still makes sense.",
    operator: "Find out which two programs manage the same thing.",
  },
} as const satisfies Partial<Record<Reason, Explanation>>;
