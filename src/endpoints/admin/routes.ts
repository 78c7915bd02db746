import * as clients from "../../admin/api/clients.ts";
import type { ApiContext } from "../../admin/api/context.ts";
import * as users from "../../admin/api/users.ts";
import { ADMIN_PATHS } from "../paths.ts";
import { empty, json } from "../respond.ts";
import { readJson } from "./read-json.ts";
import { readQuery } from "./read-query.ts";

/** A request to the management API by somebody who may. */
export interface AdminRequest {
  readonly request: Request;
  /** What stands in the path for `{id}` or `{client_id}`, decoded. */
  readonly id: string;
  /** What stands in the path for `{session_id}`. */
  readonly sessionId: string;
  readonly context: ApiContext;
  /** When it came, in milliseconds since the epoch. */
  readonly nowMs: number;
}

/** Answers one method of one path. @throws Refusal, ManagementError, Unavailable */
export type AdminEndpoint = (request: AdminRequest) => Promise<Response>;

type Work = (asked: AdminRequest) => Promise<unknown>;

/** A function of management whose result is the answer. */
const shows =
  (work: Work): AdminEndpoint =>
  async (asked) =>
    json(await work(asked));

/** A function of management that has nothing to show. */
const does =
  (work: Work): AdminEndpoint =>
  async (asked) => {
    await work(asked);
    return empty(204);
  };

/** A function of management that makes something, which is found under its key from now on. */
const makes =
  <Made>(
    work: (asked: AdminRequest) => Promise<Made>,
    pathOf: (made: Made) => string,
  ): AdminEndpoint =>
  async (asked) => {
    const made = await work(asked);
    return json(made, 201, { Location: pathOf(made) });
  };

/** Every path of the management API with its methods: a skin over `management/api`. */
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
};

/**
 * Whether a path one part longer has the method. Then this path with a slash at its end is refused:
 * a caller whose id of a session is empty must not end every session.
 */
export function hasChildWith(path: string, method: string): boolean {
  const name = method === "HEAD" ? "GET" : method;
  return Object.entries(ADMIN_ROUTES).some(([other, endpoints]) => {
    const isChild = other.startsWith(`${path}/`) && !other.slice(path.length + 1).includes("/");
    return isChild && Object.hasOwn(endpoints, name);
  });
}
