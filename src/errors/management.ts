import type { ErrorRows } from "./row.ts";

/**
 * Reasons for which the management functions change nothing. HTTP responds with a problem (RFC
 * 9457), RPC with the reason, the CLI with a message.
 */
export const MANAGEMENT = {
  not_found: {
    status: 404,
    error: "not_found",
    meaning: "The user, client, session or API of a management request does not exist.",
    fix: "Check the id. A deleted user never gets the same id again.",
  },
  already_exists: {
    status: 409,
    error: "already_exists",
    meaning: "A user or client with the requested name or id already exists.",
    fix: "Choose another one. After a lost response, check whether your own request created it.",
  },
  invalid: {
    status: 422,
    error: "invalid",
    meaning: "A field of a management request is invalid. Nothing was changed.",
    fix: "Correct each field in `problems`.",
  },
  changed: {
    status: 409,
    error: "changed",
    meaning: "Other requests modified the same user or client during three attempts to change it.",
    fix: "Read it again, and repeat the request if it still makes sense.",
    operator: "Find out which two programs manage the same user or client.",
  },
} satisfies ErrorRows;
