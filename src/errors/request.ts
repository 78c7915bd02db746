import { MEDIA_TYPES } from "../protocol/names.ts";
import { BODY_BYTES_MAX, JSON_BYTES_MAX, PARAMETERS_MAX } from "../protocol/params.ts";
import { type ErrorRows, invalidRequest, type WireError } from "./row.ts";

const MEDIA_TYPE_LIST = MEDIA_TYPES.join(" or ");

const unsupportedGrantType = (description: string): WireError => {
  return { status: 400, error: "unsupported_grant_type", description };
};

const GRANT_TYPE_FIX = "Send one of `grant_types_supported` in the metadata, in lower case.";

/** Reasons that lie in the form of the request. The last four are those of the management API. */
export const REQUEST = {
  insecure_transport: {
    ...invalidRequest("This service answers to https alone."),
    meaning:
      "The request used plain http, so others on the network could read it (RFC 6749 §3.2). The " +
      "service did not process it. Only local and private addresses, and names such as `.test`, " +
      "may use http.",
    fix:
      "Use `https://` in the URL. Replace every password, secret and token that the request " +
      "contained: treat it as exposed.",
    operator:
      "Turn on Always Use HTTPS for the domain, which helps browsers. Make sure that no client " +
      "depends on the redirect.",
  },
  unknown_path: {
    ...invalidRequest("There is no such endpoint.", 404),
    meaning: "The service has no such path. Paths are case-sensitive.",
    fix:
      "Check the URL. The metadata at `/.well-known/oauth-authorization-server` lists every " +
      "endpoint.",
  },
  method_not_allowed: {
    // The description names the methods of the path.
    status: 405,
    error: "invalid_request",
    meaning: "The path does not support this method. Tokens are requested by POST, never by GET.",
    fix: "Use a method from the `Allow` header.",
  },
  query_parameters: {
    ...invalidRequest("URL query parameters are not allowed"),
    meaning: "A POST request had a query string. URLs end up in logs.",
    fix: "Send every parameter in the body.",
  },
  unsupported_media_type: {
    ...invalidRequest(`The body must be ${MEDIA_TYPE_LIST}.`, 415),
    meaning: "The service does not read bodies of this `Content-Type`.",
    fix: "Send a form (`application/x-www-form-urlencoded`), multipart form data or JSON.",
  },
  content_encoded: {
    ...invalidRequest(`Send the body without Content-Encoding, as ${MEDIA_TYPE_LIST}.`, 415),
    // RFC 9110 §12.5.3: the encodings that the service does accept.
    headers: { "Accept-Encoding": "identity" },
    meaning: "The body has a `Content-Encoding` such as gzip. The service reads only plain bodies.",
    fix: "Turn off compression of request bodies for this URL.",
  },
  body_too_large: {
    ...invalidRequest(`The body is longer than ${BODY_BYTES_MAX} bytes.`, 413),
    meaning: "The body is longer than 16 KiB.",
    fix: "Send only the parameters that the endpoint reads.",
  },
  body_incomplete: {
    ...invalidRequest("The body broke off before its end."),
    meaning: "The connection closed before the end of the body, or its chunks are malformed.",
    fix: "Send as many bytes as `Content-Length` says. Check whether a proxy cuts the body off.",
  },
  too_many_parameters: {
    ...invalidRequest(`There are more than ${PARAMETERS_MAX} parameters.`),
    meaning:
      "The request has more than 64 parameters, or more than 8 in a query of the management API.",
    fix: "Send only the parameters that the endpoint reads.",
  },
  repeated_parameter: {
    ...invalidRequest("A parameter is repeated."),
    meaning: "The request has the same parameter twice (RFC 6749 §3.2), perhaps with equal values.",
    fix: "Send each parameter once. Some libraries add `client_id` a second time.",
  },
  malformed_form: {
    ...invalidRequest("The body is not a form in UTF-8."),
    meaning: "The decoded form is not UTF-8.",
    fix: "Encode names and values as UTF-8, as every form encoder does.",
  },
  malformed_json: {
    ...invalidRequest("The body is not a JSON object of strings, each name once."),
    meaning:
      "The body is not a JSON object, has a duplicate name, or has a parameter of this endpoint " +
      "whose value is not a string. Unknown names may have any value.",
    fix: "Send each parameter once, as a string.",
  },
  malformed_multipart: {
    ...invalidRequest("The body is not multipart form data of text fields."),
    meaning: "The multipart body is malformed, or contains a file.",
    fix: "Let a library write the body and its boundary. Send only text fields.",
  },
  grant_type_missing: {
    ...unsupportedGrantType("Missing grant_type parameter."),
    meaning: "`grant_type` is missing or empty. Only a JSON body may omit it.",
    fix: GRANT_TYPE_FIX,
  },
  grant_type_unknown: {
    ...unsupportedGrantType("Unknown grant_type."),
    meaning:
      "`grant_type` is misspelt, has another case, or is one that this service does not have.",
    fix: GRANT_TYPE_FIX,
  },
  idempotency_key_malformed: {
    ...invalidRequest("The Idempotency-Key is not 1 to 255 visible characters."),
    meaning: "The header `Idempotency-Key` is not 1 to 255 visible ASCII characters.",
    fix: "Send a UUID: a new one for each refresh, the same one for its retry.",
  },
  forwarded_address_malformed: {
    ...invalidRequest("Tollgate-Forwarded-For is not one IP address."),
    meaning:
      "The header `Tollgate-Forwarded-For` is not one IPv4 or IPv6 address. The service reads " +
      "the header only from a client that has authenticated.",
    fix:
      "Send only the address of the user's browser: no port, no list. Omit the header if you do " +
      "not know the address.",
  },
  path_id_missing: {
    ...invalidRequest("The path ends in a slash: the id after it is missing.", 404),
    meaning: "The path of a management request ends in a slash, and an id may be missing.",
    fix: "Add the id of the session, user or client. To address all of them, remove the slash.",
  },
  json_expected: {
    ...invalidRequest("The body must be application/json.", 415),
    meaning: "The body of a management request is not JSON according to its `Content-Type`.",
    fix: "Send JSON with `Content-Type: application/json`.",
  },
  json_malformed: {
    ...invalidRequest("The body is not a JSON object in UTF-8 that nests little."),
    meaning: "The body of a management request is not a JSON object, or has more than 16 levels.",
    fix: "Send one JSON object in UTF-8.",
  },
  json_too_large: {
    ...invalidRequest(`The body is longer than ${JSON_BYTES_MAX} bytes.`, 413),
    meaning: "The body of a management request is longer than 64 KiB.",
    fix: "Send only the fields that you want to set.",
  },
} satisfies ErrorRows;
