import { expect } from "vitest";
import { ask, type Fields, granted } from "./requests.ts";
import { type WholeAnswer, whole } from "./responses.ts";
import { createService, type Service } from "./service.ts";

/** A client that may manage, and that may do other things too. */
export const SITE = "site:secret";

/** The service with its management API. */
export const MANAGED: Service = createService({ MANAGEMENT_API: "on" });

/** Registers the client {@link SITE}. */
export async function registerSite(): Promise<void> {
  const grant_types = ["client_credentials", "password", "refresh_token"];
  const site = { client_id: "site", client_secret: "secret", grant_types };
  await MANAGED.register({ clients: [{ ...site, scope: "read write admin" }] });
}

/** A token of a client's own. */
export async function ownToken(
  credentials = SITE,
  fields: Fields = { scope: "admin" },
  service = MANAGED,
): Promise<string> {
  const all = { grant_type: "client_credentials", ...fields };
  return granted(await ask(service, all, credentials)).access_token;
}

/** One request to the management API. */
export interface Call {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
}

/** Sends a call with a bearer token, or with none for null. */
export async function send(
  { method, path, body }: Call,
  token: string | null,
  service: Service = MANAGED,
): Promise<Response> {
  const headers = {
    ...(token === null ? {} : { Authorization: `Bearer ${token}` }),
    ...(body === undefined ? {} : { "Content-Type": "application/json" }),
  };
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  return service.fetch(path, { method, headers, ...sent });
}

/** Sends a call as {@link SITE}, and reads the answer to its end. */
export async function manage(method: string, path: string, body?: unknown): Promise<WholeAnswer> {
  return whole(await send({ method, path, body }, await ownToken()));
}

/** Makes a user that is like no other. @returns the id */
export async function newUser(more: object = {}): Promise<{ id: string; username: string }> {
  const username = `user ${crypto.randomUUID()}`;
  const user = { username, password: "a user's password", ...more };
  const { status, body } = await manage("POST", "/admin/users", user);
  expect(status).toBe(201);
  return body as { id: string; username: string };
}

/** Makes a client that is like no other. */
export async function newClient(
  more: object = {},
): Promise<{ client_id: string; client_secret: string }> {
  const client = { client_id: `client ${crypto.randomUUID()}`, ...more };
  const { status, body } = await manage("POST", "/admin/clients", client);
  expect(status).toBe(201);
  return body as { client_id: string; client_secret: string };
}

const RESOURCE_PATH = `/admin/resources/${encodeURIComponent("https://api.example.com")}`;

/** Every call that there is, for a user and a client; each with a body that it takes. */
export function everyCall(userId: string, clientId: string): readonly Call[] {
  const user = `/admin/users/${userId}`;
  const client = `/admin/clients/${encodeURIComponent(clientId)}`;
  return [
    { method: "GET", path: "/admin/users" },
    { method: "HEAD", path: "/admin/users" },
    { method: "POST", path: "/admin/users", body: { username: "made" } },
    { method: "GET", path: user },
    { method: "PATCH", path: user, body: { claims: { a: 1 } } },
    { method: "PUT", path: `${user}/password`, body: { password: "another password" } },
    { method: "POST", path: `${user}/password-reset` },
    { method: "POST", path: `${user}/unlock` },
    { method: "GET", path: `${user}/sessions` },
    { method: "DELETE", path: `${user}/sessions/one` },
    { method: "DELETE", path: `${user}/sessions` },
    { method: "GET", path: `${user}/browser-sessions` },
    { method: "DELETE", path: `${user}/browser-sessions/one` },
    { method: "GET", path: `${user}/consents` },
    { method: "DELETE", path: `${user}/consents/${encodeURIComponent(clientId)}` },
    { method: "DELETE", path: user },
    { method: "GET", path: "/admin/clients" },
    { method: "POST", path: "/admin/clients", body: { client_id: "made" } },
    { method: "GET", path: client },
    { method: "PATCH", path: client, body: { client_name: "Other" } },
    { method: "POST", path: `${client}/secret`, body: {} },
    { method: "DELETE", path: `${client}/sessions` },
    { method: "GET", path: `${client}/logouts` },
    { method: "DELETE", path: client },
    { method: "GET", path: "/admin/resources" },
    { method: "PUT", path: RESOURCE_PATH, body: { scope: "read" } },
    { method: "GET", path: RESOURCE_PATH },
    { method: "DELETE", path: RESOURCE_PATH },
  ];
}
