import { readExactJson } from "../../admin/exact-json.ts";
import { fromUtf8 } from "../../crypto/bytes.ts";
import { ManagementError } from "../../errors/management-error.ts";
import { Refusal } from "../../errors/refusal.ts";
import { JSON_BYTES_MAX } from "../../protocol/params.ts";
import { mediaTypeOf, readBody, requireNoEncoding } from "../read-params.ts";

/** Deepest nesting of a body: claims may nest, and everything that reads them is recursive. */
const LEVELS_MAX = 16;

/** The media types that a body may have. The second is for `PATCH` (RFC 7396 §4). */
const JSON_TYPES: readonly string[] = ["application/json", "application/merge-patch+json"];

/**
 * Reads a body that must be a JSON object.
 *
 * @throws Refusal for an unknown media type, any content encoding, and for a body that is too long
 *   or no such object
 * @throws ManagementError `invalid` for a number that cannot be kept as it is written
 */
export async function readJson(request: Request): Promise<Readonly<Record<string, unknown>>> {
  // Read first, whatever its type: see DRAINED_BYTES_MAX in ../read-body.ts.
  const body = await readBody(request, JSON_BYTES_MAX, "json_too_large");
  requireNoEncoding(request);
  if (!JSON_TYPES.includes(mediaTypeOf(request) ?? "")) throw new Refusal("json_expected");
  const value = parse(fromUtf8(body));
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Refusal("json_malformed");
  }
  if (!nestsWithin(value, LEVELS_MAX)) throw new Refusal("json_malformed");
  return value as Readonly<Record<string, unknown>>;
}

function parse(text: string | null): unknown {
  try {
    return text === null ? null : readExactJson(text);
  } catch (error) {
    if (error instanceof ManagementError) throw error;
    return null;
  }
}

function nestsWithin(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  return levels > 0 && Object.values(value).every((inner) => nestsWithin(inner, levels - 1));
}
