import { env, exports } from "cloudflare:workers";
import { vi } from "vitest";
import { sha256, toHex } from "../../src/crypto/bytes.ts";
import type { Verifier } from "../../src/resource-server/verification.ts";
import { basic, post } from "./requests.ts";
import type { WholeAnswer } from "./responses.ts";
import { createService, type Service } from "./service.ts";

/** The APIs that the client `jwt` may have tokens for; the first one unless it asks. */
export const API = "https://api.example.com";
export const OTHER_API = "https://other.example.com";

/** The issuer of every service that has no setting `ISSUER`, in these tests. */
export const ISSUER = "https://login.example.com";

/**
 * The entrypoint as another Worker calls it, over RPC. The platform's own type of it leaves out
 * what it cannot prove to be serializable: claims of any kind.
 */
export const TOKENS = exports.TokenVerifier as unknown as Verifier;

/** A client whose access tokens are JWTs. */
export const JWT_CLIENT = "jwt:secret";

/** A client that may introspect every token: a resource server. */
export const RESOURCE_SERVER = "api:secret";

/** A confidential client without the scope `introspection`. */
export const OTHER_CLIENT = "other:secret";

const GRANT_TYPES = ["password", "refresh_token", "client_credentials"];

/** Registers the clients named here in addition to those of `registerDefaults`. */
export async function registerCheckers(service: Service = createService()): Promise<void> {
  const common = { client_secret: "secret", grant_types: GRANT_TYPES };
  await service.register({
    clients: [
      {
        ...common,
        client_id: "jwt",
        access_token_format: "jwt",
        audience: [API, OTHER_API],
      },
      { ...common, client_id: "api", scope: "read write groups introspection" },
      { ...common, client_id: "other", scope: "read write" },
    ],
  });
}

/** Introspects a token, as a resource server by default. */
export function introspect(
  service: Service,
  token: string,
  credentials: string = RESOURCE_SERVER,
): Promise<WholeAnswer> {
  return post(service, new URLSearchParams({ token }), basic(credentials), "/o/introspect/");
}

/** Revokes a token, as the client that it is named to be. */
export function revoke(service: Service, token: string, credentials: string): Promise<WholeAnswer> {
  return post(service, new URLSearchParams({ token }), basic(credentials), "/o/revoke_token/");
}

/** Whether KV has an opaque access token: it is written after the response. */
export async function isStored(token: string): Promise<boolean> {
  return (await env.ACCESS_TOKENS.get(toHex(await sha256(token)))) !== null;
}

/** Makes a row of D1 say something else, behind the back of every request. */
export async function change(
  table: "clients" | "users",
  key: string,
  assignment: string,
): Promise<void> {
  const column = table === "clients" ? "client_id" : "username";
  await env.DB.prepare(`UPDATE ${table} SET ${assignment} WHERE ${column} = ?`).bind(key).run();
}

/**
 * Answers whatever would go over the network, until `vi.unstubAllGlobals`.
 *
 * @returns the addresses that were asked for, as they are
 */
export function stubFetch(answer: (url: URL) => Promise<Response>): readonly string[] {
  const asked: string[] = [];
  vi.stubGlobal("fetch", async (url: string) => {
    asked.push(url);
    return answer(new URL(url));
  });
  return asked;
}

/** Serves the network from a service itself: its real keys at their real path. */
export function stubFetchFrom(service: Service): readonly string[] {
  return stubFetch((url) => service.fetch(url.pathname));
}
