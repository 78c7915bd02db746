import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { ADMIN_ROUTES } from "../../src/endpoints/admin/index.ts";
import { revoke } from "../support/checks.ts";
import { captureErrors } from "../support/faulty.ts";
import { dumpRegistry } from "../support/management.ts";
import {
  everyCall,
  MANAGED,
  newClient,
  newUser,
  ownToken,
  registerSite,
  SITE,
  send,
} from "../support/managing.ts";
import { ask, granted, logIn, refresh } from "../support/requests.ts";
import { INVALID_SCOPE, whole } from "../support/responses.ts";
import { createService, LOGIN, registerDefaults } from "../support/service.ts";

captureErrors();

let userId = "";
let clientId = "";

beforeAll(async () => {
  await registerDefaults(MANAGED);
  await registerSite();
  userId = (await newUser()).id;
  clientId = (await newClient()).client_id;
});

const OWN = ["client_credentials", "password"];

/** A client that may manage, with what makes it different. */
async function otherManager(more: object = {}): Promise<string> {
  const made = await newClient({ grant_types: OWN, scope: "read admin", ...more });
  return `${made.client_id}:${made.client_secret}`;
}

const change = (credentials: string, column: string) => {
  return env.DB.prepare(`UPDATE clients SET ${column} WHERE client_id = ?`)
    .bind(credentials.split(":")[0])
    .run();
};

type Rejection = readonly [status: number, challenge: string];
const INVALID: Rejection = [401, 'Bearer error="invalid_token"'];
const INSUFFICIENT: Rejection = [403, 'Bearer error="insufficient_scope"'];

/** Tokens that must not do, and how each call is rejected. */
const CALLERS: Readonly<Record<string, [() => Promise<string | null>, Rejection]>> = {
  "no token": [async () => null, [401, "Bearer"]],
  "an unknown token": [async () => "tga_x", INVALID],
  "an altered token": [
    async () => (await ownToken()).replace(/.$/, (last) => (last === "A" ? "B" : "A")),
    INVALID,
  ],
  "a refresh token": [async () => (await logIn(MANAGED, {}, SITE)).refresh_token, INVALID],
  "a token that was revoked": [
    async () => {
      const token = await ownToken();
      await revoke(MANAGED, token, SITE);
      return token;
    },
    INVALID,
  ],
  "a token of a client that was disabled meanwhile": [
    async () => {
      const manager = await otherManager();
      const token = await ownToken(manager);
      await change(manager, "disabled = 1");
      return token;
    },
    INVALID,
  ],
  "a token for another API": [
    async () => ownToken(await otherManager({ audience: ["https://api.example.com"] })),
    INVALID,
  ],
  "a token without the scope": [() => ownToken(SITE, { scope: "read write" }), INSUFFICIENT],
  "a token of a client that has lost the scope since": [
    async () => {
      const manager = await otherManager();
      const token = await ownToken(manager);
      await change(manager, "scope = 'read'");
      return token;
    },
    INSUFFICIENT,
  ],
  "a user's token": [async () => (await logIn(MANAGED, {}, SITE)).access_token, INSUFFICIENT],
  "a user's token that has the scope, from when it was one like any other": [
    async () => {
      const before = createService({ SCOPES: "read admin" });
      return (await logIn(before, { scope: "admin" }, SITE)).access_token;
    },
    INSUFFICIENT,
  ],
};

describe("every call is rejected, and does nothing, with", () => {
  test.each(Object.entries(CALLERS))("%s", async (_, [tokenOf, [status, challenge]]) => {
    const token = await tokenOf();
    const before = await dumpRegistry();
    for (const call of everyCall(userId, clientId)) {
      const { headers, status: answered } = await send(call, token);
      const seen = [answered, headers.get("WWW-Authenticate"), headers.get("Content-Type")];
      expect({ call, seen }).toEqual({
        call,
        seen: [status, challenge, "application/problem+json"],
      });
    }
    expect(await dumpRegistry()).toEqual(before);
  });

  test("credentials of the client itself", async () => {
    const headers = { Authorization: `Basic ${btoa(SITE)}` };
    expect((await MANAGED.fetch("/admin/users", { headers })).status).toBe(401);
  });
});

test("a token in the query is none", async () => {
  const path = `/admin/users?access_token=${await ownToken()}`;
  expect((await send({ method: "GET", path }, null)).status).toBe(401);
});

test("a JWT is as good as an opaque token, if it is for the service itself", async () => {
  const more = { access_token_format: "jwt", audience: ["https://login.example.com"] };
  const token = await ownToken(await otherManager(more));
  expect((await send({ method: "GET", path: "/admin/users" }, token)).status).toBe(200);
});

describe("the scope admin", () => {
  const scopeOf = async (fields: Record<string, string>, credentials: string) => {
    const { status, body } = await ask(MANAGED, fields, credentials);
    return status === 200 ? (body as { scope: string }).scope : (body as { error: string }).error;
  };
  const own = { grant_type: "client_credentials" };

  test("is not among those of a client that is registered for none by name", async () => {
    expect(await scopeOf(own, "client:secret")).toBe("read write groups");
    expect(await scopeOf({ ...own, scope: "admin" }, "client:secret")).toBe("invalid_scope");
  });

  test("is no user's, asked for or not", async () => {
    expect(await scopeOf(LOGIN, SITE)).toBe("read write");
    expect(await scopeOf({ ...LOGIN, scope: "read admin" }, SITE)).toBe("invalid_scope");
  });

  test("comes by no refresh, asked for or not", async () => {
    const tokens = await logIn(MANAGED, {}, SITE);
    const asked = await refresh(MANAGED, tokens.refresh_token, { scope: "admin" }, SITE);
    expect(asked).toEqual(INVALID_SCOPE);
    const next = granted(await refresh(MANAGED, tokens.refresh_token, {}, SITE));
    expect(next.scope).toBe("read write");
  });

  test("comes by no refresh of a login from when it was a scope like any other", async () => {
    const before = createService({ SCOPES: "read write admin" });
    const tokens = await logIn(before, { scope: "read admin" }, SITE);
    expect(granted(await refresh(MANAGED, tokens.refresh_token, {}, SITE)).scope).toBe("read");
  });

  test("is the client's own, even where SCOPES has it too, and no other client's", async () => {
    const both = createService({ MANAGEMENT_API: "on", SCOPES: "read admin" });
    const everything = granted(await ask(both, own, "client:secret"));
    expect(everything.scope).toBe("read");
    expect(granted(await ask(both, { ...own, scope: "admin" }, SITE)).scope).toBe("admin");
  });

  test("is not there while the API is off", async () => {
    const off = createService();
    expect(await ask(off, { ...own, scope: "admin" }, SITE)).toEqual(INVALID_SCOPE);
    const metadata = "/.well-known/oauth-authorization-server";
    const scopes = async (service: typeof off) => {
      return (await (await service.fetch(metadata)).json<{ scopes_supported: string[] }>())
        .scopes_supported;
    };
    expect(await scopes(off)).not.toContain("admin");
    expect(await scopes(MANAGED)).toContain("admin");
  });
});

describe("switched off, nothing of it answers:", () => {
  const off = createService();
  const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

  test("every path is unknown, with every method and for every caller", async () => {
    const token = await ownToken();
    const before = await dumpRegistry();
    const paths = Object.keys(ADMIN_ROUTES).map((path) => {
      return path.replace("{id}", userId).replace("{client_id}", encodeURIComponent(clientId));
    });
    for (const method of METHODS) {
      const unknown = await whole(await send({ method, path: "/nowhere" }, token, off));
      expect(unknown.status).toBe(404);
      for (const path of paths.flatMap((one) => [one, `${one}/`])) {
        const answer = await whole(await send({ method, path }, token, off));
        expect({ method, path, answer }).toEqual({ method, path, answer: unknown });
      }
    }
    for (const call of everyCall(userId, clientId)) {
      expect((await send(call, token, off)).status).toBe(404);
    }
    expect(await dumpRegistry()).toEqual(before);
  });

  test.each(["off", "", "ON", undefined, "true"])("with the setting %j too", async (setting) => {
    const service = createService({ MANAGEMENT_API: setting });
    const { status } = await send({ method: "GET", path: "/admin/users" }, null, service);
    expect(status).toBe(404);
  });
});
