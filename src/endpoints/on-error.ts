import { type Classified, recordError } from "../errors/classify.ts";
import { CATALOGUE, type WireError } from "../errors/index.ts";
import type { MetadataError } from "../errors/metadata-error.ts";
import { setLogFields } from "../telemetry/request-log.ts";
import { json } from "./respond.ts";

/** Translates what a request threw into its response, and notes the reason for the log. */
export function onError(thrown: unknown): Response {
  return respond(toWireError(recordError(thrown)));
}

/** What the caller sees of one error: the catalogue's row, with the `Retry-After` of this error. */
export function toWireError(classified: Classified): WireError {
  const row = CATALOGUE[classified.reason];
  const seconds = classified.kind === "refusal" ? classified.error.retryAfterSeconds : null;
  if (seconds === null) return row;
  return { ...row, headers: { ...row.headers, "Retry-After": String(seconds) } };
}

/** The response to an unsupported method. @param methods the supported ones, as in `Allow` */
export function methodNotAllowed(methods: string): Response {
  setLogFields({ reason: "method_not_allowed" });
  return respond({
    ...CATALOGUE.method_not_allowed,
    description: `This endpoint answers to ${methods.replace(", OPTIONS", "")}.`,
    headers: { Allow: methods },
  });
}

function respond(error: WireError): Response {
  setLogFields({ error: error.error });
  return json(toBody(error), error.status, error.headers);
}

/** The body of an error (RFC 6749 §5.2). */
export function toBody({ error, description }: WireError): Readonly<Record<string, string>> {
  return description === undefined ? { error } : { error, error_description: description };
}

/**
 * The response to invalid metadata of a client (RFC 7591 §3.2.2). The log does not contain the
 * description, which may quote a redirect URI.
 */
export function onMetadataError({ code, description }: MetadataError): Response {
  const isUri = code === "invalid_redirect_uri";
  const reason = isUri ? "registered_uri_invalid" : "registered_metadata_invalid";
  setLogFields({ reason });
  return respond({ ...CATALOGUE[reason], description });
}
