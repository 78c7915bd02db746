import * as clients from "../../admin/api/clients.ts";
import type { ApiContext } from "../../admin/api/context.ts";
import * as resources from "../../admin/api/resources.ts";
import * as users from "../../admin/api/users.ts";
import { empty, json } from "../respond.ts";
import { ADMIN_PATHS } from "../urls.ts";
import { readJson } from "./read-json.ts";
import { readQuery } from "./read-query.ts";

/** An authorized request to the management API. */
export interface AdminRequest {
  readonly request: Request;
  /** The `{id}`, `{client_id}` or `{uri}` of the path, decoded. */
  readonly id: string;
  /** The `{session_id}` of the path. */
  readonly sessionId: string;
  /** The `{client_id}` of the path. */
  readonly clientId: string;
  readonly context: ApiContext;
  /** When it arrived, in milliseconds since the epoch. */
  readonly nowMs: number;
}

/** Handles one method of one path. @throws Refusal, ManagementError, Unavailable */
export type AdminEndpoint = (request: AdminRequest) => Promise<Response>;

type Work = (asked: AdminRequest) => Promise<unknown>;

/** Responds with the result of a management function. */
const shows =
  (work: Work): AdminEndpoint =>
  async (asked) =>
    json(await work(asked));

/** Responds to a management function without a result. */
const does =
  (work: Work): AdminEndpoint =>
  async (asked) => {
    await work(asked);
    return empty(204);
  };

/** Responds to a management function that creates something, with its location. */
const makes =
  <Made>(
    work: (asked: AdminRequest) => Promise<Made>,
    pathOf: (made: Made) => string,
  ): AdminEndpoint =>
  async (asked) => {
    const made = await work(asked);
    return json(made, 201, { Location: pathOf(made) });
  };

/** All paths and methods of the management API; the functions are in `admin/api`. */
export const ADMIN_ROUTES: Readonly<
  Record<(typeof ADMIN_PATHS)[keyof typeof ADMIN_PATHS], Readonly<Record<string, AdminEndpoint>>>
> = {
  [ADMIN_PATHS.adminUsers]: {
    GET: shows(({ request, context }) => users.listUsers(readQuery(request), context)),
    POST: makes(
      async ({ request, context }) => users.createUser(await readJson(request), context),
      ({ id }) => `${ADMIN_PATHS.adminUsers}/${encodeURIComponent(id)}`,
    ),
  },
  [ADMIN_PATHS.adminUser]: {
    GET: shows(({ id, context }) => users.getUser({ id }, context)),
    PATCH: shows(async ({ request, id, context }) => {
      return users.updateUser({ id }, await readJson(request), context);
    }),
    DELETE: does(({ id, context }) => users.deleteUser({ id }, context)),
  },
  [ADMIN_PATHS.adminUserPassword]: {
    PUT: does(async ({ request, id, context }) => {
      await users.setPassword({ id }, await readJson(request), context);
    }),
  },
  [ADMIN_PATHS.adminUserPasswordReset]: {
    POST: shows(({ id, context }) => users.resetPassword({ id }, context)),
  },
  [ADMIN_PATHS.adminUserUnlock]: {
    POST: does(({ id, context }) => users.unlockUser({ id }, context)),
  },
  [ADMIN_PATHS.adminUserSessions]: {
    GET: shows(({ request, id, context }) => {
      return users.listSessions({ id }, readQuery(request), context);
    }),
    DELETE: does(({ id, context }) => users.endSessions({ id }, context)),
  },
  [ADMIN_PATHS.adminUserSession]: {
    DELETE: does(({ id, sessionId, context }) => users.endSession({ id }, sessionId, context)),
  },
  [ADMIN_PATHS.adminUserBrowserSessions]: {
    GET: shows(({ request, id, context }) => {
      return users.listBrowserSessions({ id }, readQuery(request), context);
    }),
  },
  [ADMIN_PATHS.adminUserBrowserSession]: {
    DELETE: does(({ id, sessionId, context }) => {
      return users.endBrowserSession({ id }, sessionId, context);
    }),
  },
  [ADMIN_PATHS.adminUserConsents]: {
    GET: shows(({ request, id, context }) => {
      return users.listConsents({ id }, readQuery(request), context);
    }),
  },
  [ADMIN_PATHS.adminUserConsent]: {
    DELETE: does(({ id, clientId, context }) => users.revokeConsent({ id }, clientId, context)),
  },
  [ADMIN_PATHS.adminClients]: {
    GET: shows(({ request, context }) => clients.listClients(readQuery(request), context)),
    POST: makes(
      async ({ request, context }) => clients.createClient(await readJson(request), context),
      ({ client_id: id }) => `${ADMIN_PATHS.adminClients}/${encodeURIComponent(id)}`,
    ),
  },
  [ADMIN_PATHS.adminClient]: {
    GET: shows(({ id, context }) => clients.getClient(id, context)),
    PATCH: shows(async ({ request, id, context }) => {
      return clients.updateClient(id, await readJson(request), context);
    }),
    DELETE: does(({ id, context }) => clients.deleteClient(id, context)),
  },
  [ADMIN_PATHS.adminClientSecret]: {
    POST: shows(async ({ request, id, context, nowMs }) => {
      return clients.rotateSecret(id, await readJson(request), nowMs, context);
    }),
  },
  [ADMIN_PATHS.adminClientSessions]: {
    DELETE: does(({ id, context }) => clients.endClientSessions(id, context)),
  },
  [ADMIN_PATHS.adminClientLogouts]: {
    GET: shows(({ request, id, context }) => {
      return clients.listLogouts(id, readQuery(request), context);
    }),
  },
  [ADMIN_PATHS.adminResources]: {
    GET: shows(({ request, context }) => resources.listResources(readQuery(request), context)),
  },
  [ADMIN_PATHS.adminResource]: {
    GET: shows(({ id, context }) => resources.getResource(id, context)),
    PUT: shows(async ({ request, id: uri, context }) => {
      return resources.setResource({ ...(await readJson(request)), uri }, context);
    }),
    DELETE: does(({ id, context }) => resources.deleteResource(id, context)),
  },
};

/**
 * Whether a path with one more segment has the method. Then this path with a trailing slash is
 * rejected: a caller with an empty session id must not end all sessions.
 */
export function hasChildWith(path: string, method: string): boolean {
  const name = method === "HEAD" ? "GET" : method;
  return Object.entries(ADMIN_ROUTES).some(([other, endpoints]) => {
    const isChild = other.startsWith(`${path}/`) && !other.slice(path.length + 1).includes("/");
    return isChild && Object.hasOwn(endpoints, name);
  });
}
