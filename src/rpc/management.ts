import { WorkerEntrypoint } from "cloudflare:workers";
import * as clients from "../admin/api/clients.ts";
import { type ApiContext, contextOf } from "../admin/api/context.ts";
import { problemsOf } from "../admin/api/input.ts";
import * as resources from "../admin/api/resources.ts";
import * as users from "../admin/api/users.ts";
import { type Deps, getDeps } from "../deps.ts";
import { getEarlyDeps, newRequestId } from "../early-deps.ts";
import { recordError } from "../errors/classify.ts";
import type { Outcome } from "../telemetry/request-line.ts";
import { setLogFields, withRequestLog } from "../telemetry/request-log.ts";
import type {
  ClientPatch,
  Managed,
  ManagedResource,
  Manager,
  NewClient,
  NewUser,
  NotDone,
  PageRequest,
  UserPatch,
  UserReference,
} from "./management-types.ts";

/** `props` of a service binding, in the caller's configuration. */
interface CallerProps {
  readonly actor?: unknown;
}

/** Valid names of actors, which appear in the log. */
const ACTOR = /^[\x21-\x7e]{1,64}$/;

const OUTCOMES: Readonly<Record<NotDone["kind"] | "ok", Outcome>> = {
  ok: "ok",
  not_found: "refused",
  already_exists: "refused",
  invalid: "refused",
  changed: "refused",
  off: "refused",
  unavailable: "unavailable",
};

/**
 * Manages users, clients and resources for other Workers, by service binding (`entrypoint =
 * "Management"`), if `MANAGEMENT_API` is on. The binding is the authorisation: anyone who deploys a
 * Worker with it may call every method. Never throws.
 */
export class Management extends WorkerEntrypoint<Env, CallerProps> implements Manager {
  listUsers(page: PageRequest & { readonly username?: string } = {}) {
    return this.#call("listUsers", (context) => users.listUsers(page, context));
  }

  createUser(user: NewUser) {
    return this.#call("createUser", async (context) => ({
      user: await users.createUser(user, context),
    }));
  }

  getUser(key: UserReference) {
    return this.#call("getUser", async (context) => ({ user: await users.getUser(key, context) }));
  }

  updateUser(key: UserReference, patch: UserPatch) {
    return this.#call("updateUser", async (context) => ({
      user: await users.updateUser(key, patch, context),
    }));
  }

  setPassword(key: UserReference, password: string) {
    return this.#do("setPassword", (context) => users.setPassword(key, { password }, context));
  }

  resetPassword(key: UserReference) {
    return this.#call("resetPassword", (context) => users.resetPassword(key, context));
  }

  unlockUser(key: UserReference) {
    return this.#do("unlockUser", (context) => users.unlockUser(key, context));
  }

  listUserSessions(key: UserReference, page: PageRequest = {}) {
    return this.#call("listUserSessions", (context) => users.listSessions(key, page, context));
  }

  endUserSession(key: UserReference, sessionId: string) {
    return this.#do("endUserSession", (context) => users.endSession(key, sessionId, context));
  }

  endUserSessions(key: UserReference) {
    return this.#do("endUserSessions", (context) => users.endSessions(key, context));
  }

  listUserBrowserSessions(key: UserReference, page: PageRequest = {}) {
    return this.#call("listUserBrowserSessions", (context) => {
      return users.listBrowserSessions(key, page, context);
    });
  }

  endUserBrowserSession(key: UserReference, sessionId: string) {
    return this.#do("endUserBrowserSession", (context) => {
      return users.endBrowserSession(key, sessionId, context);
    });
  }

  listUserConsents(key: UserReference, page: PageRequest = {}) {
    return this.#call("listUserConsents", (context) => users.listConsents(key, page, context));
  }

  revokeUserConsent(key: UserReference, clientId: string) {
    return this.#do("revokeUserConsent", (context) => users.revokeConsent(key, clientId, context));
  }

  deleteUser(key: UserReference) {
    return this.#do("deleteUser", (context) => users.deleteUser(key, context));
  }

  listClients(page: PageRequest = {}) {
    return this.#call("listClients", (context) => clients.listClients(page, context));
  }

  createClient(client: NewClient) {
    return this.#call("createClient", async (context) => ({
      client: await clients.createClient(client, context),
    }));
  }

  getClient(clientId: string) {
    return this.#call("getClient", async (context) => ({
      client: await clients.getClient(clientId, context),
    }));
  }

  updateClient(clientId: string, patch: ClientPatch) {
    return this.#call("updateClient", async (context) => ({
      client: await clients.updateClient(clientId, patch, context),
    }));
  }

  rotateClientSecret(
    clientId: string,
    rotation: { readonly previous_secret_ends_at?: string } = {},
  ) {
    return this.#call("rotateClientSecret", async (context, { clock }) => ({
      client: await clients.rotateSecret(clientId, rotation, clock(), context),
    }));
  }

  endClientSessions(clientId: string) {
    return this.#do("endClientSessions", (context) => {
      return clients.endClientSessions(clientId, context);
    });
  }

  listClientLogouts(clientId: string, page: PageRequest = {}) {
    return this.#call("listClientLogouts", (context) => {
      return clients.listLogouts(clientId, page, context);
    });
  }

  deleteClient(clientId: string) {
    return this.#do("deleteClient", (context) => clients.deleteClient(clientId, context));
  }

  listResources(page: PageRequest = {}) {
    return this.#call("listResources", (context) => resources.listResources(page, context));
  }

  getResource(uri: string) {
    return this.#call("getResource", async (context) => ({
      resource: await resources.getResource(uri, context),
    }));
  }

  setResource(resource: ManagedResource) {
    return this.#call("setResource", async (context) => ({
      resource: await resources.setResource(resource, context),
    }));
  }

  deleteResource(uri: string) {
    return this.#do("deleteResource", (context) => resources.deleteResource(uri, context));
  }

  /** Makes a call without a result. */
  #do(method: keyof Manager, work: (context: ApiContext) => Promise<void>): Promise<Managed> {
    return this.#call(method, async (context) => {
      await work(context);
      return {};
    });
  }

  /** Makes a call and logs it like a request. */
  async #call<Result extends object>(
    method: keyof Manager,
    work: (context: ApiContext, deps: Deps) => Promise<Result>,
  ): Promise<Managed<Result>> {
    const { observer } = getEarlyDeps(this.env);
    const record = observer.begin(newRequestId());
    const { actor: named } = this.ctx.props ?? {};
    const actor = typeof named === "string" && ACTOR.test(named) ? named : null;
    return withRequestLog(record, async () => {
      setLogFields({ endpoint: method });
      const outcome = await outcomeOf(work, actor, this.env);
      if (outcome.kind !== "ok") setLogFields({ error: outcome.kind });
      observer.end(record, { event: "manage", outcome: OUTCOMES[outcome.kind] });
      return outcome;
    });
  }
}

async function outcomeOf<Result extends object>(
  work: (context: ApiContext, deps: Deps) => Promise<Result>,
  actor: string | null,
  env: Env,
): Promise<Managed<Result>> {
  if (!getEarlyDeps(env).hasManagementApi) return { kind: "off" };
  try {
    const deps = await getDeps(env);
    const result = await work(contextOf(deps.management, "binding", actor), deps);
    return { kind: "ok", ...result };
  } catch (error) {
    const classified = recordError(error);
    if (classified.kind !== "management") return { kind: "unavailable" };
    const { reason } = classified;
    return reason === "invalid"
      ? { kind: reason, problems: problemsOf(classified.error) }
      : { kind: reason };
  }
}
