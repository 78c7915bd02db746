import { toProblem } from "../endpoints/admin/on-problem.ts";
import { toBody } from "../endpoints/on-error.ts";
import { NO_STORE, PUBLIC } from "../endpoints/respond.ts";
import {
  CATALOGUE,
  type ManagementReason,
  type RefusalReason,
  type WireError,
} from "../errors/index.ts";
import { MEDIA_TYPES } from "../protocol/names.ts";

/** A part of the document. */
export type Json = Readonly<Record<string, unknown>>;

/** One endpoint under one method, before its error responses are added. */
export interface Operation {
  readonly path: string;
  readonly method: "get" | "post" | "put" | "patch" | "delete";
  /** `operationId`, from which client generators derive a name. */
  readonly id: string;
  readonly tag: string;
  readonly summary: string;
  readonly description: string;
  readonly parameters?: readonly Json[];
  readonly requestBody?: Json;
  /** Security requirements; empty for a public endpoint. */
  readonly security: readonly Json[];
  /** Status of the success; the default is 200. */
  readonly status?: number;
  readonly success: Json;
  /** Every reason for which it rejects a request. */
  readonly refusals: readonly RefusalReason[];
  /** For management: further reasons. Every error response is then a problem (RFC 9457). */
  readonly problems?: readonly ManagementReason[];
  /** Responses that differ from the common ones, by status. */
  readonly own?: Readonly<Record<number, Json>>;
}

/** What each header means. */
const HEADER_WORDS: Readonly<Record<string, string>> = {
  "Accept-Encoding": "Encodings that a request body may have.",
  "Access-Control-Allow-Origin": "The origin whose pages may read the response.",
  "Cache-Control": "Whether caches may store the response.",
  Pragma: "The same, for HTTP/1.0 caches.",
  "Retry-After": "Seconds to wait before a retry.",
  Vary: "Request headers that the response depends on.",
  "WWW-Authenticate": "How to authenticate.",
};

const STATUS_WORDS: Readonly<Record<number, string>> = {
  400: "The request is invalid or not allowed.",
  401: "The caller is not authenticated.",
  403: "The token of the caller lacks the scope.",
  404: "There is no such user or client.",
  409: "The name or id exists already, or a concurrent request changed the same record.",
  413: "The body is too large.",
  415: "The media type or encoding of the body is not supported.",
  422: "A value is invalid.",
  429: "Too many requests. Retry later.",
  500: "The service failed.",
  503: "The service is temporarily unavailable. Tokens are unchanged: retry.",
};

/** The delay of a 429 grows with the number of failures. */
const DELAY = { pattern: "^[1-9][0-9]*$" };

/** Headers that are always present, with these values. */
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
    description: "Identifies the request in the log of the service. Tell it to the operator.",
    required: true,
    schema: { type: "string", pattern: "^[0-9a-f]{16}(-[A-Z]{3})?$" },
  },
};

/** Headers of every response that caches must not store. */
export const NO_STORE_HEADERS: Json = { ...headers(NO_STORE), ...REQUEST_ID };

/** Headers of every public response. */
export const PUBLIC_HEADERS: Json = { ...headers(PUBLIC), ...REQUEST_ID };

/** CORS for the `allowed_origins` of clients. */
export const CORS_HEADERS: Json = {
  "Access-Control-Allow-Origin": {
    description: "The origin of the page, if `allowed_origins` of a client contains it.",
    schema: { type: "string" },
  },
  "Access-Control-Expose-Headers": {
    description: "Further headers that the page may read.",
    schema: { type: "string" },
  },
  Vary: { description: HEADER_WORDS["Vary"], schema: { type: "string", const: "Origin" } },
};

/** CORS for every origin. */
export const CORS_HEADERS_FOR_ANYONE: Json = {
  ...headers({ "Access-Control-Allow-Origin": "*" }),
  "Access-Control-Expose-Headers": CORS_HEADERS["Access-Control-Expose-Headers"],
};

/** A reference to a schema of the document. */
export function schemaRef(name: string): Json {
  return { $ref: `#/components/schemas/${name}` };
}

/** A body in each supported media type. @param examples by name */
export function bodyOf(form: string, json: string, examples: Json): Json {
  const content = MEDIA_TYPES.map((type) => {
    return [type, { schema: schemaRef(type === "application/json" ? json : form), examples }];
  });
  return { required: true, content: Object.fromEntries(content) };
}

/** The Operation Object (OpenAPI 3.1 §4.8.10). @param extraHeaders of its error responses */
export function toOperationObject(operation: Operation, extraHeaders: Json = {}): Json {
  const { id, tag, summary, description, parameters, requestBody, security, success } = operation;
  const { problems, status: successStatus = 200 } = operation;
  const refusals = operation.refusals.map((reason) => CATALOGUE[reason]);
  const others = (problems ?? []).map((reason) => CATALOGUE[reason]);
  const all = [...refusals, ...others, CATALOGUE.unexpected_error, CATALOGUE.storage_failed];
  const failures = [...Map.groupBy(all, ({ status }) => status)].map(
    ([status, errors]): [string, Json] => {
      const content = problems === undefined ? errorContent(errors) : problemContent(errors);
      return [String(status), failure(status, errors, content, extraHeaders)];
    },
  );
  return {
    operationId: id,
    tags: [tag],
    summary,
    description,
    ...(parameters === undefined ? {} : { parameters }),
    ...(requestBody === undefined ? {} : { requestBody }),
    security,
    responses: { [successStatus]: success, ...Object.fromEntries(failures), ...operation.own },
  };
}

function failure(
  status: number,
  errors: readonly WireError[],
  content: Json,
  extraHeaders: Json,
): Json {
  const own = errors.map((error) => error.headers ?? {});
  const names = [...new Set(own.flatMap((some) => Object.keys(some)))];
  const ownHeaders = names.map((name): [string, Json] => {
    const values = [...new Set(own.map((some) => some[name]))];
    const always = !values.includes(undefined);
    const known = values.filter((value) => value !== undefined);
    const isDelay = status === 429 && name === "Retry-After";
    const schema = { type: "string", ...(isDelay ? DELAY : { enum: known }) };
    return [name, { description: HEADER_WORDS[name], required: always, schema }];
  });
  return {
    description: STATUS_WORDS[status],
    headers: { ...NO_STORE_HEADERS, ...Object.fromEntries(ownHeaders), ...extraHeaders },
    content,
  };
}

/** Errors whose bodies depend on the request, so that there can be no complete list of examples. */
const VARYING: readonly WireError["error"][] = ["invalid", "invalid_redirect_uri"];

function errorContent(errors: readonly WireError[]): Json {
  return { "application/json": { schema: schemaRef("Error"), ...examplesOf(errors, toBody) } };
}

function problemContent(errors: readonly WireError[]): Json {
  const schema = schemaRef("Problem");
  return { "application/problem+json": { schema, ...examplesOf(errors, toProblem) } };
}

function examplesOf(errors: readonly WireError[], write: (error: WireError) => Json): Json {
  const isVarying = errors.some(({ error }) => VARYING.includes(error));
  return isVarying ? {} : { examples: examples(errors, write) };
}

/** Each different body, once. */
function examples(errors: readonly WireError[], write: (error: WireError) => Json): Json {
  const named: Record<string, Json> = {};
  const bodies = new Map(errors.map((one) => [JSON.stringify(write(one)), one]));
  for (const wireError of bodies.values()) {
    const { error, description = error } = wireError;
    const same = Object.keys(named).filter((name) => name.startsWith(error)).length;
    const name = same === 0 ? error : `${error}_${same + 1}`;
    named[name] = { summary: description, value: write(wireError) };
  }
  return named;
}
