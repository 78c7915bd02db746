import { fromUtf8, readLimited } from "../crypto/bytes.ts";
import { Refusal } from "../errors/refusal.ts";
import { GRANTS } from "../grants/index.ts";
import { decodeJsonObject } from "../protocol/json.ts";
import type { MediaType } from "../protocol/names.ts";
import {
  BODY_BYTES_MAX,
  decodeForm,
  PARAMETER_NAMES,
  PARAMETERS_MAX,
  type Params,
} from "../protocol/params.ts";
import type { RequestContext } from "./request-context.ts";

type Pairs = readonly (readonly [name: string, value: string])[];

/** Every parameter that an endpoint or a grant reads. */
const KNOWN_NAMES: ReadonlySet<string> = new Set([
  ...PARAMETER_NAMES,
  ...GRANTS.flatMap(({ parameters }) => Object.keys(parameters)),
]);

type Decode = (body: Uint8Array, request: Request) => Promise<Pairs>;

/** How each accepted media type becomes name-value pairs. */
const DECODERS_BY_TYPE: Readonly<Record<MediaType, Decode>> = {
  "application/x-www-form-urlencoded": async (body) => {
    const pairs = mapText(body, decodeForm);
    if (pairs === null) throw new Refusal("malformed_form");
    return pairs;
  },
  "application/json": async (body) => {
    const pairs = mapText(body, (text) => decodeJsonObject(text, KNOWN_NAMES));
    if (pairs === null) throw new Refusal("malformed_json");
    return pairs;
  },
  "multipart/form-data": async (body, request) => {
    const pairs = fromUtf8(body) === null ? null : await multipartPairs(body, request);
    if (pairs === null) throw new Refusal("malformed_multipart");
    return pairs;
  },
};

/** A map, since a caller names the type. */
const DECODERS: ReadonlyMap<string, Decode> = new Map(Object.entries(DECODERS_BY_TYPE));

/**
 * Reads the parameters of a POST from its body alone.
 *
 * @throws Refusal for a query string, an unknown media type, any content encoding, or a body that
 *   is too long, malformed or repeats a parameter
 */
export async function readParams({ request, url }: RequestContext): Promise<Params> {
  if (url.search !== "") throw new Refusal("query_parameters");
  const mediaType = mediaTypeOf(request) ?? "application/x-www-form-urlencoded";
  const decode = DECODERS.get(mediaType);
  // Read first, whatever its type: see DRAINED_BYTES_MAX.
  const body = await readBody(request);
  requireNoEncoding(request);
  if (decode === undefined) throw new Refusal("unsupported_media_type");
  return toParams(await decode(body, request));
}

/**
 * Turns decoded name-value pairs into {@link Params}.
 *
 * @throws Refusal `too_many_parameters`, or `repeated_parameter` for a duplicate name (RFC 6749
 *   §3.2; DOT takes the last)
 */
export function toParams(pairs: Pairs): Params {
  if (pairs.length > PARAMETERS_MAX) throw new Refusal("too_many_parameters");
  if (new Set(pairs.map(([name]) => name)).size < pairs.length) {
    throw new Refusal("repeated_parameter");
  }
  return new Map(pairs.filter(([, value]) => value !== ""));
}

/**
 * Rejects an encoded body: decoding a few bytes could produce a gigabyte.
 *
 * @throws Refusal `content_encoded`
 */
export function requireNoEncoding({ headers }: Request): void {
  if (headers.get("Content-Encoding")) throw new Refusal("content_encoded");
}

/** Whether the body is JSON, where `grant_type` may be left out (the seed's table has none). */
export function isJson(request: Request): boolean {
  return mediaTypeOf(request) === "application/json";
}

/** The media type of a body, in lower case; null where the request names none. */
export function mediaTypeOf(request: Request): string | null {
  const contentType = request.headers.get("Content-Type");
  if (!contentType) return null;
  return contentType.replace(/;.*$/s, "").trim().toLowerCase();
}

function mapText(body: Uint8Array, decode: (text: string) => Pairs | null): Pairs | null {
  const text = fromUtf8(body);
  return text === null ? null : decode(text);
}

/** @returns null if the platform cannot parse it, or if a part is a file */
async function multipartPairs(body: Uint8Array, request: Request): Promise<Pairs | null> {
  const headers = { "Content-Type": request.headers.get("Content-Type") ?? "" };
  let form: FormData;
  try {
    form = await new Response(body, { headers }).formData();
  } catch {
    return null;
  }
  const pairs: [string, string][] = [];
  for (const [name, value] of form.entries()) {
    if (typeof value !== "string") return null;
    pairs.push([name, value]);
  }
  return pairs;
}

/**
 * How much of a body that is too long is read and discarded, in bytes. If a response is sent before
 * the body is read, the proxy of `wrangler dev` replaces it with a 500.
 */
const DRAINED_BYTES_MAX = 1024 * 1024;

/**
 * Reads the body of a request with a limit.
 *
 * @throws Refusal `tooLarge` past so many bytes; `body_incomplete` for a body that breaks off
 */
export async function readBody(
  request: Request,
  bytesMax = BODY_BYTES_MAX,
  tooLarge: "body_too_large" | "json_too_large" = "body_too_large",
): Promise<Uint8Array<ArrayBuffer>> {
  const body = await readLimited(request.body, bytesMax, DRAINED_BYTES_MAX).catch(() => {
    throw new Refusal("body_incomplete");
  });
  if (body === null) throw new Refusal(tooLarge);
  return body;
}
