import type { RefusalReason } from "../errors/index.ts";
import { OUTLINES, type Outline } from "./management-outlines.ts";
import { type Json, NO_STORE_HEADERS, type Operation, schemaRef } from "./operation.ts";

/** Reasons to reject a caller of the management API. */
const CALLER_REFUSALS: readonly RefusalReason[] = [
  "address_throttled",
  "caller_token_missing",
  "caller_token_inactive",
  "caller_token_for_another",
  "caller_is_user",
  "caller_scope_insufficient",
];

const QUERY_REFUSALS: readonly RefusalReason[] = ["too_many_parameters", "repeated_parameter"];
const JSON_REFUSALS: readonly RefusalReason[] = [
  "body_incomplete",
  "json_expected",
  "json_malformed",
  "json_too_large",
];

/** Descriptions of path parameters, by name. */
const IN_PATH: Readonly<Record<string, string>> = {
  id: "The `sub` of the user's tokens.",
  session_id: "The id in the list of sessions.",
  uri: "The URI of the API, percent-encoded.",
};

/** Every operation of the management API. */
export const MANAGEMENT_OPERATIONS: readonly Operation[] = OUTLINES.map(toOperation);

function toOperation(outline: Outline): Operation {
  const { path, method, id, summary, body, response, status, problems } = outline;
  const content = { "application/json": { schema: schemaRef(response ?? "") } };
  const location = {
    description: "The URL of the new resource.",
    required: true,
    schema: { type: "string" },
  };
  const parameters = [...(outline.query ?? []), ...inPath(path)];
  return {
    ...{ path, method, id, summary, status, problems },
    tag: "management",
    description: outline.description ?? `${summary}.`,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: bodyContent(method, body) } }),
    security: [{ management: [] }],
    success: {
      description: response === undefined ? "Done." : "The current state.",
      headers: { ...NO_STORE_HEADERS, ...(status === 201 ? { Location: location } : {}) },
      ...(response === undefined ? {} : { content }),
    },
    refusals: [
      ...CALLER_REFUSALS,
      ...(outline.query === undefined ? [] : QUERY_REFUSALS),
      ...(body === undefined ? [] : JSON_REFUSALS),
    ],
  };
}

function inPath(path: string): Json[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    description: IN_PATH[name ?? ""] ?? "Percent-encoded.",
    schema: { type: "string" },
  }));
}

function bodyContent(method: Operation["method"], schema: string): Json {
  const content = { schema: schemaRef(schema) };
  const patch = method === "patch" ? { "application/merge-patch+json": content } : {};
  return { "application/json": content, ...patch };
}
