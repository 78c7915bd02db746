import {
  SERVER_ERROR,
  toBody,
  UNAVAILABLE,
  WIRE_ERRORS,
  type WireError,
} from "../endpoints/on-error.ts";
import { MEDIA_TYPES } from "../endpoints/read-params.ts";
import { NO_STORE, PUBLIC } from "../endpoints/respond.ts";
import type { RefusalReason } from "../protocol/refusal.ts";

/** A part of the document. */
export type Json = Readonly<Record<string, unknown>>;

/** One endpoint under one method, before its refusals are spelled out. */
export interface Operation {
  readonly path: string;
  readonly method: "get" | "post";
  /** `operationId`: what client generators call it. */
  readonly id: string;
  readonly tag: string;
  readonly summary: string;
  readonly description: string;
  readonly parameters?: readonly Json[];
  readonly requestBody?: Json;
  /** Security requirements; none where anybody may ask. */
  readonly security: readonly Json[];
  readonly success: Json;
  /** Every reason for which it can refuse. */
  readonly refusals: readonly RefusalReason[];
  /** Answers by status that are not as everywhere. */
  readonly own?: Readonly<Record<number, Json>>;
}

/** What each header is for. */
const HEADER_WORDS: Readonly<Record<string, string>> = {
  "Access-Control-Allow-Origin": "Which pages may read this.",
  "Cache-Control": "Who may keep this.",
  Pragma: "The same, for old caches.",
  "Retry-After": "Seconds to wait before the same request is tried again.",
  Vary: "What this depends on.",
  "WWW-Authenticate": "How to authenticate.",
};

const STATUS_WORDS: Readonly<Record<number, string>> = {
  400: "The request cannot be granted as it is.",
  401: "The caller is not authenticated.",
  403: "The caller's token lacks the scope.",
  413: "The body is too long.",
  415: "The body has a media type that is not read.",
  429: "Too many at once. Try again later.",
  500: "The service failed.",
  503: "The service is not available for the moment. Tokens stay as they are: try again.",
};

/** Headers with these values, always. */
export function headers(values: Readonly<Record<string, string>>): Json {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      const schema = { type: "string", const: value };
      return [name, { description: HEADER_WORDS[name], required: true, schema }];
    }),
  );
}

const REQUEST_ID: Json = {
  "X-Request-Id": {
    description: "Names the request in the log of the service: quote it to its operator.",
    required: true,
    schema: { type: "string", pattern: "^[0-9a-f]{16}(-[A-Z]{3})?$" },
  },
};

/** Headers of every answer that no cache keeps. */
export const NO_STORE_HEADERS: Json = { ...headers(NO_STORE), ...REQUEST_ID };

/** Headers of every answer that is for anyone. */
export const PUBLIC_HEADERS: Json = { ...headers(PUBLIC), ...REQUEST_ID };

/** For pages of an origin on the client's list. */
export const CORS_HEADERS: Json = {
  "Access-Control-Allow-Origin": {
    description: "The page's origin, if it is on the list of the client that was named.",
    schema: { type: "string" },
  },
  Vary: { description: HEADER_WORDS["Vary"], schema: { type: "string", const: "Origin" } },
};

/** A reference to a schema of the document. */
export function schemaRef(name: string): Json {
  return { $ref: `#/components/schemas/${name}` };
}

/** A body in each of the media types that are read. */
export function bodyOf(form: string, json: string = form): Json {
  const content = MEDIA_TYPES.map((type) => {
    return [type, { schema: schemaRef(type === "application/json" ? json : form) }];
  });
  return { required: true, content: Object.fromEntries(content) };
}

/** The Operation Object (OpenAPI 3.1 §4.8.10). @param extraHeaders of every one of its answers */
export function toOperationObject(operation: Operation, extraHeaders: Json = {}): Json {
  const { id, tag, summary, description, parameters, requestBody, security, success } = operation;
  const refusals = operation.refusals.map((reason) => WIRE_ERRORS[reason]);
  const byStatus = Map.groupBy([...refusals, SERVER_ERROR, UNAVAILABLE], ({ status }) => status);
  const failures = [...byStatus].map(([status, errors]): [string, Json] => {
    return [String(status), failure(status, errors, extraHeaders)];
  });
  return {
    operationId: id,
    tags: [tag],
    summary,
    description,
    ...(parameters === undefined ? {} : { parameters }),
    ...(requestBody === undefined ? {} : { requestBody }),
    security,
    responses: { 200: success, ...Object.fromEntries(failures), ...operation.own },
  };
}

function failure(status: number, errors: readonly WireError[], extraHeaders: Json): Json {
  const own = errors.map((error) => error.headers ?? {});
  const names = [...new Set(own.flatMap((some) => Object.keys(some)))];
  const ownHeaders = names.map((name): [string, Json] => {
    const values = [...new Set(own.map((some) => some[name]))];
    const always = !values.includes(undefined);
    const schema = { type: "string", enum: values.filter((value) => value !== undefined) };
    return [name, { description: HEADER_WORDS[name], required: always, schema }];
  });
  return {
    description: STATUS_WORDS[status],
    headers: { ...NO_STORE_HEADERS, ...Object.fromEntries(ownHeaders), ...extraHeaders },
    content: { "application/json": { schema: schemaRef("Error"), examples: examples(errors) } },
  };
}

/** Each body that there is, once. */
function examples(errors: readonly WireError[]): Json {
  const named: Record<string, Json> = {};
  for (const wireError of new Set(errors)) {
    const { error, description = error } = wireError;
    const same = Object.keys(named).filter((name) => name.startsWith(error)).length;
    const name = same === 0 ? error : `${error}_${same + 1}`;
    named[name] = { summary: description, value: toBody(wireError) };
  }
  return named;
}
