import { PAGE_ITEMS_DEFAULT, PAGE_ITEMS_MAX } from "../admin/api/input.ts";
import { ADMIN_PATHS } from "../endpoints/urls.ts";
import type { ManagementReason, RefusalReason } from "../errors/index.ts";
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

/** An operation of the management API, without what all of them share. */
interface Outline {
  readonly path: string;
  readonly method: Operation["method"];
  readonly id: string;
  readonly summary: string;
  readonly description?: string;
  /** Schema of the body, or none. */
  readonly body?: string;
  readonly query?: readonly Json[];
  readonly status: 200 | 201 | 204;
  /** Schema of the response, or none. */
  readonly response?: string;
  readonly problems: readonly ManagementReason[];
}

const query = (name: string, description: string, schema: Json): Json => {
  return { name, in: "query", description, schema };
};

const PAGE = [
  query("after", "The `next` of the previous page.", { type: "string" }),
  query("limit", `The maximum number of items. Default: ${PAGE_ITEMS_DEFAULT}.`, {
    type: "integer",
    minimum: 1,
    maximum: PAGE_ITEMS_MAX,
  }),
];

const ONLY_NAME = query("username", "Only the user with this name.", { type: "string" });

const ENDS = "This ends every session of the user.";
const TWICE = "Idempotent.";

/** Descriptions of path parameters, by name. */
const IN_PATH: Readonly<Record<string, string>> = {
  id: "The `sub` of the user's tokens.",
  session_id: "The id in the list of sessions.",
};

const OUTLINES: readonly Outline[] = [
  {
    ...{ path: ADMIN_PATHS.adminUsers, method: "get", id: "listUsers", status: 200 },
    ...{ summary: "List users by name", query: [...PAGE, ONLY_NAME], response: "UserList" },
    problems: ["invalid"],
  },
  {
    ...{ path: ADMIN_PATHS.adminUsers, method: "post", id: "createUser", status: 201 },
    ...{ summary: "Create a user", body: "NewUser", response: "User" },
    description: "Returns 409 when a user with the name or id exists.",
    problems: ["already_exists", "invalid"],
  },
  {
    ...{ path: ADMIN_PATHS.adminUser, method: "get", id: "getUser", status: 200 },
    ...{ summary: "Show a user", response: "User", problems: ["not_found"] },
  },
  {
    ...{ path: ADMIN_PATHS.adminUser, method: "patch", id: "updateUser", status: 200 },
    ...{
      summary: "Change the name, claims, profile or state of a user",
      body: "UserPatch",
      response: "User",
    },
    description: `A merge patch (RFC 7396). \`is_active: false\` ends every session. ${TWICE}`,
    problems: ["not_found", "already_exists", "invalid", "changed"],
  },
  {
    ...{ path: ADMIN_PATHS.adminUser, method: "delete", id: "deleteUser", status: 204 },
    ...{ summary: "Delete a user", description: `${ENDS} Deleting again returns 404.` },
    problems: ["not_found", "changed"],
  },
  {
    ...{ path: ADMIN_PATHS.adminUserPassword, method: "put", id: "setPassword", status: 204 },
    ...{ summary: "Set the password of a user", body: "NewPassword" },
    ...{ description: `${ENDS} ${TWICE}`, problems: ["not_found", "invalid", "changed"] },
  },
  {
    ...{ path: ADMIN_PATHS.adminUserPasswordReset, method: "post", id: "resetPassword" },
    ...{ status: 200, summary: "Generate a password for a user" },
    ...{ response: "MadePassword", description: `${ENDS} Each call generates another password.` },
    problems: ["not_found", "changed"],
  },
  {
    ...{ path: ADMIN_PATHS.adminUserUnlock, method: "post", id: "unlockUser", status: 204 },
    ...{ summary: "Unlock a user" },
    description: `Clears the failed logins, as a new password does. ${TWICE}`,
    problems: ["not_found", "changed"],
  },
  {
    ...{ path: ADMIN_PATHS.adminUserSessions, method: "get", id: "listUserSessions" },
    ...{ status: 200, summary: "List the sessions of a user", query: PAGE },
    ...{ response: "SessionList", description: "Active logins, by id." },
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
    ...{ path: ADMIN_PATHS.adminUserBrowserSessions, method: "get", id: "listUserBrowserSessions" },
    ...{ status: 200, summary: "List the browser sessions of a user", query: PAGE },
    ...{ response: "BrowserSessionList", description: "Where the user is signed in, by id." },
    problems: ["not_found", "invalid"],
  },
  {
    ...{ path: ADMIN_PATHS.adminUserBrowserSession, method: "delete", id: "endUserBrowserSession" },
    ...{ status: 204, summary: "End a browser session, and all logins that began in it" },
    ...{ description: TWICE, problems: ["not_found"] },
  },
  {
    ...{ path: ADMIN_PATHS.adminUserConsents, method: "get", id: "listUserConsents" },
    ...{ status: 200, summary: "List what a user allows", query: PAGE, response: "ConsentList" },
    ...{ description: "By client.", problems: ["not_found", "invalid"] },
  },
  {
    ...{ path: ADMIN_PATHS.adminUserConsent, method: "delete", id: "revokeUserConsent" },
    ...{ status: 204, summary: "Revoke what a user allowed a client, and end their logins" },
    ...{ description: TWICE, problems: ["not_found"] },
  },
  {
    ...{ path: ADMIN_PATHS.adminClients, method: "get", id: "listClients", status: 200 },
    ...{ summary: "List clients by id", query: PAGE, response: "ClientList" },
    problems: ["invalid"],
  },
  {
    ...{ path: ADMIN_PATHS.adminClients, method: "post", id: "createClient", status: 201 },
    ...{ summary: "Create a client", body: "NewClient", response: "Client" },
    description: "A generated secret is shown only once. Returns 409 when the id exists.",
    problems: ["already_exists", "invalid"],
  },
  {
    ...{ path: ADMIN_PATHS.adminClient, method: "get", id: "getClient", status: 200 },
    ...{ summary: "Show a client", response: "Client", problems: ["not_found"] },
  },
  {
    ...{ path: ADMIN_PATHS.adminClient, method: "patch", id: "updateClient", status: 200 },
    ...{ summary: "Change fields of a client", body: "ClientPatch", response: "Client" },
    description: `A merge patch (RFC 7396). \`disabled: true\` ends every session. ${TWICE}`,
    problems: ["not_found", "invalid", "changed"],
  },
  {
    ...{ path: ADMIN_PATHS.adminClient, method: "delete", id: "deleteClient", status: 204 },
    summary: "Delete a client",
    description: "This ends its sessions. Deleting again returns 404.",
    problems: ["not_found"],
  },
  {
    ...{ path: ADMIN_PATHS.adminClientSecret, method: "post", id: "rotateClientSecret" },
    ...{ status: 200, summary: "Rotate the secret of a client" },
    ...{ body: "SecretRotation", response: "Client" },
    description:
      "The old secret stays valid too, the one before it ends. The new one is shown only once.",
    problems: ["not_found", "invalid", "changed"],
  },
  {
    ...{ path: ADMIN_PATHS.adminClientSessions, method: "delete", id: "endClientSessions" },
    ...{ status: 204, summary: "End every token of a client", description: TWICE },
    problems: ["not_found"],
  },
  {
    ...{ path: ADMIN_PATHS.adminClientLogouts, method: "get", id: "listClientLogouts" },
    ...{ status: 200, summary: "List the logouts that a client is told of", query: PAGE },
    ...{ response: "LogoutList", description: "The latest first. Kept for 30 days." },
    problems: ["not_found", "invalid"],
  },
];

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
