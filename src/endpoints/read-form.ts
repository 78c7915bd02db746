import { fromUtf8 } from "../crypto/bytes.ts";
import { Refusal } from "../errors/refusal.ts";
import { decodeForm, PARAMETERS_MAX } from "../protocol/params.ts";
import { mediaTypeOf, readBody, requireNoEncoding } from "./read-params.ts";
import type { RequestContext } from "./request-context.ts";

/** A form of a page, or an authorization request that was sent as a form. */
export interface Form {
  readonly pairs: readonly (readonly [name: string, value: string])[];
  /** The first value of a field, or null. */
  get(name: string): string | null;
}

/** @throws Refusal when the body is not a form, is too long or not UTF-8 */
export async function readForm(request: Request): Promise<Form> {
  const body = await readBody(request);
  requireNoEncoding(request);
  if (mediaTypeOf(request) !== "application/x-www-form-urlencoded") {
    throw new Refusal("unsupported_media_type");
  }
  const text = fromUtf8(body);
  const pairs = text === null ? null : decodeForm(text);
  if (pairs === null) throw new Refusal("malformed_form");
  if (pairs.length > PARAMETERS_MAX) throw new Refusal("too_many_parameters");
  return { pairs, get: (name) => pairs.find((pair) => pair[0] === name)?.[1] ?? null };
}

/**
 * Requires that a form was sent by a page of this service (CSRF). Browsers say so themselves, in a
 * header that no page can set. Older ones send the origin.
 *
 * @throws Refusal `form_from_elsewhere`
 */
export function requireOwnForm(context: RequestContext): void {
  if (!isOwnForm(context)) throw new Refusal("form_from_elsewhere");
}

/** Whether {@link requireOwnForm} accepts a form. */
export function isOwnForm({ request: { headers }, url }: RequestContext): boolean {
  const site = headers.get("Sec-Fetch-Site");
  return site === null ? headers.get("Origin") === url.origin : site === "same-origin";
}
