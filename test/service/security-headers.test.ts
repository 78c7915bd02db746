import { beforeAll, describe, expect, test } from "vitest";
import { app } from "../../src/app.ts";
import { PATHS } from "../../src/endpoints/urls.ts";
import { captureErrors } from "../support/faulty.ts";
import { ask } from "../support/requests.ts";
import { whole } from "../support/responses.ts";
import { createService, LOGIN, registerDefaults } from "../support/service.ts";

captureErrors();

const service = createService({ MANAGEMENT_API: "on" });
const broken = createService({ TOKEN_KEYS: "no key", MANAGEMENT_API: "on" });
const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"];
const ADMIN = ["/admin/users", "/admin/clients/x", "/admin/users/x/sessions"];
const UNKNOWN = [
  "/nothing",
  "/docs",
  "/admin",
  "/%",
  "/o/%ff/",
  "/a?b=c",
  "/..%2f",
  "//evil.test/",
];

/** Everything that a response may have in its head, all of it. */
const HEADERS = [
  ...["allow", "cache-control", "content-length", "content-type"],
  ...["content-security-policy", "cross-origin-resource-policy", "pragma", "referrer-policy"],
  ...["location", "retry-after", "set-cookie", "strict-transport-security", "vary"],
  "www-authenticate",
  ...["x-content-type-options", "x-frame-options", "x-request-id"],
  ...["allow-headers", "allow-methods", "allow-origin", "expose-headers", "max-age"].map(
    (name) => `access-control-${name}`,
  ),
];

beforeAll(() => registerDefaults(service));

describe("every response has the security headers", () => {
  const paths = [...Object.values(PATHS), ...ADMIN, ...UNKNOWN];

  test.each(paths)("%s, by every method, and when the service is set up wrongly", async (path) => {
    for (const method of METHODS) {
      for (const each of [service, broken]) {
        const answer = await each.fetch(path, { method });
        expect([...answer.headers.keys()].filter((name) => !HEADERS.includes(name))).toEqual([]);
        // Looks at the headers of every response; see test/support/responses.ts.
        const { body } = await whole(answer);
        expect(JSON.stringify(body)).not.toMatch(/hono|cloudflare|worker|powered/i);
      }
    }
  });

  test("a success", async () => {
    expect((await ask(service, LOGIN)).status).toBe(200);
  });

  test("a fault of the service's own", async () => {
    const failing = { ...service.env };
    Object.defineProperty(failing, "TOKEN_KEYS", {
      enumerable: true,
      get: () => {
        throw new Error("a mistake of the service's own");
      },
    });
    const request = new Request("https://login.example.com/healthz");
    const answer = await app.fetch(request, failing as unknown as Env);
    expect((await whole(answer)).status).toBe(500);
  });
});
