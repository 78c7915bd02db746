import { PAGE_ITEMS_DEFAULT, PAGE_ITEMS_MAX } from "../admin/api/input.ts";
import { ADMIN_PATHS } from "../endpoints/urls.ts";
import type { ManagementReason } from "../errors/index.ts";
import type { Json, Operation } from "./operation.ts";

/** An operation of the management API, without what all of them share. */
export interface Outline {
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

/** Every operation of the management API, in reading order. */
export const OUTLINES: readonly Outline[] = [
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
  {
    ...{ path: ADMIN_PATHS.adminResources, method: "get", id: "listResources", status: 200 },
    ...{ summary: "List the APIs for every client", query: PAGE, response: "ResourceList" },
    description: "By URI, without those of the setting `RESOURCES`.",
    problems: ["invalid"],
  },
  {
    ...{ path: ADMIN_PATHS.adminResource, method: "get", id: "getResource", status: 200 },
    ...{ summary: "Show an API for every client", response: "Resource", problems: ["not_found"] },
  },
  {
    ...{ path: ADMIN_PATHS.adminResource, method: "put", id: "setResource", status: 200 },
    ...{ summary: "Add an API for every client, or replace its scopes", body: "ResourceScopes" },
    ...{ response: "Resource", problems: ["invalid"] },
    description: `Every client may then request tokens for it. ${TWICE}`,
  },
  {
    ...{ path: ADMIN_PATHS.adminResource, method: "delete", id: "deleteResource", status: 204 },
    summary: "Remove an API for every client",
    description: "No further token is issued for it. Deleting again returns 404.",
    problems: ["not_found"],
  },
];
