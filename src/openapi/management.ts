import { PAGE_ITEMS_DEFAULT, PAGE_ITEMS_MAX } from "../admin/api/input.ts";
import { ADMIN_PATHS } from "../endpoints/paths.ts";
import type { ManagementReason, RefusalReason } from "../errors/index.ts";
import { type Json, NO_STORE_HEADERS, type Operation, schemaRef } from "./operation.ts";

/** Why a caller may not manage. */
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

/** An operation of the management API, before what they have in common. */
interface Outline {
  readonly path: string;
  readonly method: Operation["method"];
  readonly id: string;
  readonly summary: string;
  readonly description?: string;
  /** Schema of the body; none: it has none. */
  readonly body?: string;
  readonly query?: readonly Json[];
  readonly status: 200 | 201 | 204;
  /** Schema of the answer; none: it has none. */
  readonly answer?: string;
  readonly problems: readonly ManagementReason[];
}

const query = (name: string, description: string, schema: Json): Json => {
  return { name, in: "query", description, schema };
};

const PAGE = [
  query("after", "The `next` of the page before.", { type: "string" }),
  query("limit", `Most items, ${PAGE_ITEMS_DEFAULT} unless said.`, {
    type: "integer",
    minimum: 1,
    maximum: PAGE_ITEMS_MAX,
  }),
];

const ONLY_NAME = query("username", "Only the user of this name.", { type: "string" });

const ENDS = "Every session of the user ends.";
const TWICE = "Doing it twice leaves the same.";

/** What stands in a path, by its name there. */
const IN_PATH: Readonly<Record<string, string>> = {
  id: "The `sub` of the user's tokens.",
  session_id: "As the list of sessions has it.",
};

const OUTLINES: readonly Outline[] = [
  {
    ...{ path: ADMIN_PATHS.adminUsers, method: "get", id: "listUsers", status: 200 },
    ...{ summary: "List users by name", query: [...PAGE, ONLY_NAME], answer: "UserList" },
    problems: ["invalid"],
  },
  {
    ...{ path: ADMIN_PATHS.adminUsers, method: "post", id: "createUser", status: 201 },
    ...{ summary: "Make a user", body: "NewUser", answer: "User" },
    description: "A second time with the same name or id: 409.",
    problems: ["already_exists", "invalid"],
  },
  {
    ...{ path: ADMIN_PATHS.adminUser, method: "get", id: "getUser", status: 200 },
    ...{ summary: "Show a user", answer: "User", problems: ["not_found"] },
  },
  {
    ...{ path: ADMIN_PATHS.adminUser, method: "patch", id: "updateUser", status: 200 },
    ...{ summary: "Change name, claims or state of a user", body: "UserPatch", answer: "User" },
    description: `A merge patch (RFC 7396). With \`is_active\` false every session ends. ${TWICE}`,
    problems: ["not_found", "already_exists", "invalid", "changed"],
  },
  {
    ...{ path: ADMIN_PATHS.adminUser, method: "delete", id: "deleteUser", status: 204 },
    ...{ summary: "Delete a user", description: `${ENDS} A second time: 404.` },
    problems: ["not_found", "changed"],
  },
  {
    ...{ path: ADMIN_PATHS.adminUserPassword, method: "put", id: "setPassword", status: 204 },
    ...{ summary: "Give a user another password", body: "NewPassword" },
    ...{ description: `${ENDS} ${TWICE}`, problems: ["not_found", "invalid", "changed"] },
  },
  {
    ...{ path: ADMIN_PATHS.adminUserPasswordReset, method: "post", id: "resetPassword" },
    ...{ status: 200, summary: "Give a user a password that is made here" },
    ...{ answer: "MadePassword", description: `${ENDS} Each time makes another password.` },
    problems: ["not_found", "changed"],
  },
  {
    ...{ path: ADMIN_PATHS.adminUserUnlock, method: "post", id: "unlockUser", status: 204 },
    ...{ summary: "Forget the failed logins of a user" },
    description: `The user may try again at once. A new password does the same. ${TWICE}`,
    problems: ["not_found", "changed"],
  },
  {
    ...{ path: ADMIN_PATHS.adminUserSessions, method: "get", id: "listUserSessions" },
    ...{ status: 200, summary: "List the sessions of a user", query: PAGE, answer: "SessionList" },
    description: "Logins that have not ended, by id.",
    problems: ["not_found", "invalid"],
  },
  {
    ...{ path: ADMIN_PATHS.adminUserSession, method: "delete", id: "endUserSession" },
    ...{ status: 204, summary: "End one session of a user", description: TWICE },
    problems: ["not_found"],
  },
  {
    ...{ path: ADMIN_PATHS.adminUserSessions, method: "delete", id: "endUserSessions" },
    ...{ status: 204, summary: "End every session of a user", description: TWICE },
    problems: ["not_found", "changed"],
  },
  {
    ...{ path: ADMIN_PATHS.adminClients, method: "get", id: "listClients", status: 200 },
    ...{ summary: "List clients by id", query: PAGE, answer: "ClientList" },
    problems: ["invalid"],
  },
  {
    ...{ path: ADMIN_PATHS.adminClients, method: "post", id: "createClient", status: 201 },
    ...{ summary: "Make a client", body: "NewClient", answer: "Client" },
    description: "A secret that is made here is shown this once. A second time: 409.",
    problems: ["already_exists", "invalid"],
  },
  {
    ...{ path: ADMIN_PATHS.adminClient, method: "get", id: "getClient", status: 200 },
    ...{ summary: "Show a client", answer: "Client", problems: ["not_found"] },
  },
  {
    ...{ path: ADMIN_PATHS.adminClient, method: "patch", id: "updateClient", status: 200 },
    ...{ summary: "Change fields of a client", body: "ClientPatch", answer: "Client" },
    description: `A merge patch (RFC 7396). With \`disabled\` true every session ends. ${TWICE}`,
    problems: ["not_found", "invalid", "changed"],
  },
  {
    ...{ path: ADMIN_PATHS.adminClient, method: "delete", id: "deleteClient", status: 204 },
    ...{ summary: "Delete a client", description: "Its sessions end. A second time: 404." },
    problems: ["not_found"],
  },
  {
    ...{ path: ADMIN_PATHS.adminClientSecret, method: "post", id: "rotateClientSecret" },
    ...{ status: 200, summary: "Make a new secret", body: "SecretRotation", answer: "Client" },
    description: "The old secret stays good beside it, the one before ends. Shown this once.",
    problems: ["not_found", "invalid", "changed"],
  },
  {
    ...{ path: ADMIN_PATHS.adminClientSessions, method: "delete", id: "endClientSessions" },
    ...{ status: 204, summary: "End every token of a client", description: TWICE },
    problems: ["not_found"],
  },
];

/** Every operation of the management API. */
export const MANAGEMENT_OPERATIONS: readonly Operation[] = OUTLINES.map(toOperation);

function toOperation(outline: Outline): Operation {
  const { path, method, id, summary, body, answer, status, problems } = outline;
  const content = { "application/json": { schema: schemaRef(answer ?? "") } };
  const location = {
    description: "Where it is found.",
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
      description: answer === undefined ? "It is done." : "As it is now.",
      headers: { ...NO_STORE_HEADERS, ...(status === 201 ? { Location: location } : {}) },
      ...(answer === undefined ? {} : { content }),
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
