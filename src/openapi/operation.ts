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

/** One endpoint under one method, before its refusals are spelled out. */
export interface Operation {
  readonly path: string;
  readonly method: "get" | "post" | "put" | "patch" | "delete";
  /** `operationId`: what client generators call it. */
  readonly id: string;
  readonly tag: string;
  readonly summary: string;
  readonly description: string;
  readonly parameters?: readonly Json[];
  readonly requestBody?: Json;
  /** Security requirements; none where anybody may ask. */
  readonly security: readonly Json[];
  /** Status of the success; 200 unless said. */
  readonly status?: number;
  readonly success: Json;
  /** Every reason for which it can refuse. */
  readonly refusals: readonly RefusalReason[];
  /** Of management: why it can fail besides. Each answer that is no success is a problem then. */
  readonly problems?: readonly ManagementReason[];
  /** Answers by status that are not as everywhere. */
  readonly own?: Readonly<Record<number, Json>>;
}

/** What each header is for. */
const HEADER_WORDS: Readonly<Record<string, string>> = {
  "Accept-Encoding": "How a body may be encoded.",
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
  404: "There is no such user or client.",
  409: "The name or id is taken, or somebody else changed the same meanwhile.",
  413: "The body is too long.",
  415: "The body has a media type or an encoding that is not read.",
  422: "What is asked for cannot be so.",
  429: "Too many at once. Try again later.",
  500: "The service failed.",
  503: "The service is not available for the moment. Tokens stay as they are: try again.",
};

/** How long to wait after too much: the longer, the more there was. */
const DELAY = { pattern: "^[1-9][0-9]*$" };

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
    description: "The page's origin, if it is on a client's list.",
    schema: { type: "string" },
  },
  "Access-Control-Expose-Headers": {
    description: "What else the page may read.",
    schema: { type: "string" },
  },
  Vary: { description: HEADER_WORDS["Vary"], schema: { type: "string", const: "Origin" } },
};

/** For every page. */
export const CORS_HEADERS_FOR_ANYONE: Json = {
  ...headers({ "Access-Control-Allow-Origin": "*" }),
  "Access-Control-Expose-Headers": CORS_HEADERS["Access-Control-Expose-Headers"],
};

/** A reference to a schema of the document. */
export function schemaRef(name: string): Json {
  return { $ref: `#/components/schemas/${name}` };
}

/** A body in each of the media types that are read. @param examples of it, by name */
export function bodyOf(form: string, json: string, examples: Json): Json {
  const content = MEDIA_TYPES.map((type) => {
    return [type, { schema: schemaRef(type === "application/json" ? json : form), examples }];
  });
  return { required: true, content: Object.fromEntries(content) };
}

/** The Operation Object (OpenAPI 3.1 §4.8.10). @param extraHeaders of every one of its answers */
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

function errorContent(errors: readonly WireError[]): Json {
  const schema = schemaRef("Error");
  return { "application/json": { schema, examples: examples(errors, toBody) } };
}

/** What is wrong with a request that cannot be granted is said in each answer anew. */
function problemContent(errors: readonly WireError[]): Json {
  const schema = schemaRef("Problem");
  const fixed = errors.some(({ error }) => error === "invalid")
    ? {}
    : { examples: examples(errors, toProblem) };
  return { "application/problem+json": { schema, ...fixed } };
}

/** Each body that there is, once. */
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
