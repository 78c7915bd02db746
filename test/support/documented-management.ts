import { env } from "cloudflare:workers";
import { type Case, type Cases, flooded } from "./documented-cases.ts";
import { interceptBindings } from "./interception.ts";
import {
  type Call,
  MANAGED,
  manage,
  newClient,
  newUser,
  ownToken,
  SITE,
  send,
} from "./managing.ts";
import { brokenOff, logIn } from "./requests.ts";
import { createService, type Service } from "./service.ts";
import { newBrowserSession, newSession } from "./sessions.ts";

/** One operation: its successful call, and the calls that cause its other statuses. */
interface Plan {
  readonly status: number;
  readonly call: (more?: Partial<Call>) => Promise<Call>;
  readonly invalid?: Partial<Call>;
  readonly taken?: Partial<Call>;
  /** Changes the same row concurrently, before each batch of D1. */
  readonly rival?: (id: string) => Promise<unknown>;
}

const UNREADABLE = { Authorization: "", "Content-Type": "application/json" };

/** The requests of one operation, by the status of their response. */
function casesOf({ status, call, invalid, taken, rival }: Plan, kind: string): Cases {
  const sent = async (more: Partial<Call> = {}, token?: string | null, service?: Service) => {
    return send(await call(more), token === undefined ? await ownToken() : token, service);
  };
  const raw = async (body: BodyInit, type: string) => {
    const { method, path } = await call();
    const Authorization = `Bearer ${await ownToken()}`;
    const headers = { ...UNREADABLE, Authorization, "Content-Type": type };
    return MANAGED.fetch(path, { method, headers, body });
  };
  const many = Array.from({ length: 9 }, (_, index) => `p${index}=1`).join("&");
  const queries = ["limit=1&limit=2", many].map((query): Case => {
    return async () => {
      const { method, path } = await call();
      return send({ method, path: `${path}?${query}` }, await ownToken());
    };
  });
  const contended = async () => {
    const asked = await call();
    const id = decodeURIComponent(asked.path.split("/")[3] ?? "");
    const token = await ownToken();
    const bindings = interceptBindings(async (operation, proceed) => {
      if (operation === "d1.batch") await rival?.(id);
      return proceed();
    });
    return send(asked, token, createService({ ...bindings, MANAGEMENT_API: "on" }));
  };
  const conflicts = [
    ...(taken === undefined ? [] : [() => sent(taken)]),
    ...(rival === undefined ? [] : [contended]),
  ];
  const hasBody = kind.includes("body");
  return {
    [status]: [() => sent()],
    ...(hasBody
      ? {
          400: [() => raw("{", "application/json"), () => raw(brokenOff("{"), "application/json")],
        }
      : {}),
    ...(kind.includes("list") ? { 400: queries } : {}),
    401: [() => sent({}, null), () => sent({}, "tga_x")],
    403: [
      async () => sent({}, await ownToken(SITE, { scope: "read" })),
      async () => sent({}, (await logIn(MANAGED, {}, SITE)).access_token),
    ],
    ...(kind.includes("one") ? { 404: [() => sent({ path: "nobody" })] } : {}),
    ...(conflicts.length === 0 ? {} : { 409: conflicts }),
    ...(hasBody
      ? { 413: [() => raw("x".repeat(70_000), "application/json")], 415: [() => raw("x", "x/y")] }
      : {}),
    ...(invalid === undefined ? {} : { 422: [() => sent(invalid)] }),
    429: [
      async () => {
        const { method, path } = await call();
        return flooded(path, { method, headers: { Authorization: "Bearer tga_x" } })();
      },
    ],
  };
}

/** A call about a new user or client, or about the one that the path names. */
function about(
  list: "users" | "clients",
  method: string,
  below = "",
  body?: unknown,
): Plan["call"] {
  return async ({ path, ...more } = {}) => {
    const known = list === "users" ? (await newUser()).id : (await newClient()).client_id;
    const id = encodeURIComponent(path ?? known);
    return { method, path: `/admin/${list}/${id}${below}`, body, ...more };
  };
}

const onList = (path: string, method: string, bodyOf?: () => unknown): Plan["call"] => {
  return async (more = {}) => ({ method, path, body: bodyOf?.(), ...more });
};

let renamed = 0;
const rename = (id: string) => {
  renamed += 1;
  const name = `renamed ${renamed}`;
  return env.DB.prepare("UPDATE users SET username = ? WHERE id = ?").bind(name, id).run();
};
const relabel = (id: string) => {
  renamed += 1;
  const name = `renamed ${renamed}`;
  return env.DB.prepare("UPDATE clients SET client_name = ? WHERE client_id = ?")
    .bind(name, id)
    .run();
};

const unlike = () => crypto.randomUUID();
const user = (method: string, below?: string, body?: unknown) =>
  about("users", method, below, body);
const client = (method: string, below?: string, body?: unknown) => {
  return about("clients", method, below, body);
};
/** Ends something of a new user, or of the one that the path names. */
function ending(list: string, make: (userId: string) => Promise<string>): Plan["call"] {
  return async ({ path, ...more } = {}) => {
    const id = path ?? (await newUser()).id;
    return { method: "DELETE", path: `/admin/users/${id}/${list}/${await make(id)}`, ...more };
  };
}

/** Lists what a user or client has, or asks for a path as it is. */
function listing(list: string, owners: "users" | "clients" = "users"): Plan {
  const call: Plan["call"] = async (more = {}) => {
    const asked = await about(owners, "GET", `/${list}`)(more.path?.startsWith("/") ? {} : more);
    return more.path?.startsWith("/") ? { ...asked, ...more } : asked;
  };
  return { status: 200, call, invalid: { path: `/admin/${owners}/x/${list}?limit=0` } };
}

/** A call about a new resource, or about the one that the path names. */
function resource(method: string, body?: unknown): Plan["call"] {
  return async ({ path, ...more } = {}) => {
    const known = `/admin/resources/${encodeURIComponent(`https://${unlike()}.example.com`)}`;
    if (path === undefined) await manage("PUT", known, { scope: "read" });
    return { method, path: path === undefined ? known : `/admin/resources/${path}`, body, ...more };
  };
}

const INVALID_BODY = { body: { odd: 1 } };

/** Requests for every operation of the management API, by `operationId`. */
export const MANAGEMENT_CASES: Readonly<Record<string, Cases>> = {
  listUsers: casesOf(
    { status: 200, call: onList("/admin/users", "GET"), invalid: { path: "/admin/users?limit=0" } },
    "list",
  ),
  createUser: casesOf(
    {
      ...{ status: 201, call: onList("/admin/users", "POST", () => ({ username: unlike() })) },
      ...{ invalid: INVALID_BODY, taken: { body: { username: "ada" } } },
    },
    "body",
  ),
  getUser: casesOf({ status: 200, call: user("GET") }, "one"),
  updateUser: casesOf(
    {
      ...{ status: 200, call: user("PATCH", "", { claims: { a: 1 } }), rival: rename },
      ...{ invalid: INVALID_BODY, taken: { body: { username: "ada" } } },
    },
    "one body",
  ),
  deleteUser: casesOf({ status: 204, call: user("DELETE"), rival: rename }, "one"),
  setPassword: casesOf(
    {
      ...{ status: 204, call: user("PUT", "/password", { password: "another password" }) },
      ...{ invalid: INVALID_BODY, rival: rename },
    },
    "one body",
  ),
  resetPassword: casesOf(
    { status: 200, call: user("POST", "/password-reset"), rival: rename },
    "one",
  ),
  unlockUser: casesOf({ status: 204, call: user("POST", "/unlock"), rival: rename }, "one"),
  listUserSessions: casesOf(listing("sessions"), "one list"),
  endUserSession: casesOf({ status: 204, call: ending("sessions", newSession) }, "one"),
  listUserBrowserSessions: casesOf(listing("browser-sessions"), "one list"),
  endUserBrowserSession: casesOf(
    { status: 204, call: ending("browser-sessions", newBrowserSession) },
    "one",
  ),
  listUserConsents: casesOf(listing("consents"), "one list"),
  revokeUserConsent: casesOf({ status: 204, call: ending("consents", async () => "site") }, "one"),
  endUserSessions: casesOf(
    { status: 204, call: user("DELETE", "/sessions"), rival: rename },
    "one",
  ),
  listClients: casesOf(
    {
      ...{ status: 200, call: onList("/admin/clients", "GET") },
      invalid: { path: "/admin/clients?limit=0" },
    },
    "list",
  ),
  createClient: casesOf(
    {
      ...{ status: 201, call: onList("/admin/clients", "POST", () => ({ client_id: unlike() })) },
      ...{ invalid: INVALID_BODY, taken: { body: { client_id: "site" } } },
    },
    "body",
  ),
  getClient: casesOf({ status: 200, call: client("GET") }, "one"),
  updateClient: casesOf(
    {
      ...{ status: 200, call: client("PATCH", "", { client_name: "Shop", claims: { a: 1 } }) },
      ...{ invalid: INVALID_BODY, rival: relabel },
    },
    "one body",
  ),
  deleteClient: casesOf({ status: 204, call: client("DELETE") }, "one"),
  rotateClientSecret: casesOf(
    { status: 200, call: client("POST", "/secret", {}), invalid: INVALID_BODY, rival: relabel },
    "one body",
  ),
  listClientLogouts: casesOf(listing("logouts", "clients"), "one list"),
  listResources: casesOf(
    {
      ...{ status: 200, call: onList("/admin/resources", "GET") },
      invalid: { path: "/admin/resources?limit=0" },
    },
    "list",
  ),
  setResource: casesOf(
    { status: 200, call: resource("PUT", { scope: "read" }), invalid: { body: { scope: "fly" } } },
    "body",
  ),
  getResource: casesOf({ status: 200, call: resource("GET") }, "one"),
  deleteResource: casesOf({ status: 204, call: resource("DELETE") }, "one"),
  endClientSessions: casesOf({ status: 204, call: client("DELETE", "/sessions") }, "one"),
};
