import type { Explanation, Reason } from "./explanation.ts";

const NOTHING = "Nothing: the client must change.";

const invalid = (meaning: string, client: string, status = 400): Explanation => {
  return { status, error: "invalid_request", meaning, client, operator: NOTHING };
};

/** Reasons that lie in the request itself, whoever sends it. */
export const REQUEST_EXPLANATIONS = {
  insecure_transport: {
    ...invalid(
      "The request came by http, and anybody on the way could read it (RFC 6749 §3.2). It was " +
        "not read here. Only this machine, private addresses and names such as `.test` need none.",
      "Write `https://` into the URL. A password, secret or token that was sent is known by now: " +
        "replace it.",
    ),
    operator:
      "Turn on Always Use HTTPS for the domain, which helps browsers, and see that no client " +
      "relies on being redirected.",
  },
  unknown_path: invalid(
    "The service has no such path. Paths are case-sensitive.",
    "Check the URL; the metadata at `/.well-known/oauth-authorization-server` lists every " +
      "endpoint.",
    404,
  ),
  method_not_allowed: invalid(
    "The path has no such method: tokens are asked for by POST, never by GET.",
    "Use a method that the `Allow` header names.",
    405,
  ),
  query_parameters: invalid(
    "A POST had a query string. What stands in a URL ends up in logs.",
    "Send every parameter in the body.",
  ),
  unsupported_media_type: invalid(
    "The body is of a type that the service does not read.",
    "Send a form (`application/x-www-form-urlencoded`), multipart form data or JSON.",
    415,
  ),
  content_encoded: invalid(
    "The body has a `Content-Encoding`, such as gzip. The service reads plain bodies alone.",
    "Turn off compression of request bodies for this URL.",
    415,
  ),
  body_too_large: invalid("The body is longer than 16 KiB.", "Send only what is needed.", 413),
  body_incomplete: invalid(
    "The body broke off before its end, or its chunks have no sound lengths.",
    "Send as many bytes as `Content-Length` says; look for a proxy or a limit that cuts them off.",
  ),
  too_many_parameters: invalid("There are more than 64 parameters.", "Send only what is needed."),
  repeated_parameter: invalid(
    "A parameter stands in the body twice (RFC 6749 §3.2), even if both say the same.",
    "Send each parameter once; look for a library that adds `client_id` a second time.",
  ),
  malformed_form: invalid(
    "The form is not UTF-8 behind its percent signs.",
    "Encode names and values as UTF-8, as every form encoder does.",
  ),
  malformed_json: invalid(
    "The body is not a JSON object with each name once, or a parameter of this endpoint has a " +
      "value that is not a string. Other names may have any value.",
    "Send each parameter once, as a string.",
  ),
  malformed_multipart: invalid(
    "The multipart body cannot be read, or a part is a file.",
    "Let a library write the body and its boundary; send text fields only.",
  ),
  grant_type_missing: {
    status: 400,
    error: "unsupported_grant_type",
    meaning: "There is no `grant_type`, or an empty one. Only JSON may leave it out.",
    client: "Send one of `grant_types_supported` in the metadata, in lower case.",
    operator: NOTHING,
  },
  grant_type_unknown: {
    status: 400,
    error: "unsupported_grant_type",
    meaning: "`grant_type` is misspelt, in another case, or one that this service does not have.",
    client: "Send one of `grant_types_supported` in the metadata, in lower case.",
    operator: NOTHING,
  },
  username_missing: invalid("There is no `username`, or an empty one.", "Send the user's name."),
  password_missing: invalid("There is no `password`, or an empty one.", "Send the password."),
  username_control_character: invalid(
    "The `username` has a control character, often a line break from a file.",
    "Trim what you read from files and terminals.",
  ),
  password_control_character: invalid(
    "The `password` has a control character, often a line break from a file.",
    "Trim what you read from files and terminals.",
  ),
  refresh_token_missing: invalid(
    "There is no `refresh_token`, or an empty one.",
    "Send the refresh token of the last answer; without one, log in again.",
  ),
  forwarded_address_malformed: invalid(
    "The header `Tollgate-Forwarded-For` is not one IPv4 or IPv6 address. The client has " +
      "authenticated, so the service believes what the header says.",
    "Send the address of the user's browser alone: no port, no list. Leave the header out if you " +
      "do not know it.",
  ),
  token_missing: invalid(
    "Revocation or introspection was asked for without a `token`.",
    "Send the token in the parameter `token`.",
  ),
  idempotency_key_malformed: invalid(
    "The header `Idempotency-Key` is not 1 to 255 visible ASCII characters.",
    "Send a UUID, a new one for each refresh and the same one for its retry.",
  ),
} as const satisfies Partial<Record<Reason, Explanation>>;
