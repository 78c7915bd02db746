import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { CATALOGUE, MANAGEMENT } from "../../src/errors/index.ts";
import { ask, basic, post } from "../support/requests.ts";
import { refusal, success, whole } from "../support/responses.ts";
import { CLIENT, createService, LOGIN, registerDefaults } from "../support/service.ts";

const service = createService();
beforeAll(() => registerDefaults(service));

const ALL_SCOPES = "read write groups";
const NO_STORE = { "cache-control": "no-store", pragma: "no-cache" };

describe("the paths", () => {
  test.each(["/o/token/", "/o/token"])("%s is the token endpoint", async (path) => {
    const answer = await post(service, new URLSearchParams(LOGIN), basic(CLIENT), path);
    expect(answer).toEqual(success(ALL_SCOPES));
  });

  test.each(["/o", "/o/", "/token", "/O/TOKEN/", "/o/token/x", "/o/token.json", "/<b>"])(
    "%s is a 404 in JSON",
    async (path) => {
      const notFound = refusal(404, "invalid_request", "There is no such endpoint.");
      expect(await whole(await service.fetch(path))).toEqual(notFound);
      expect(await post(service, new URLSearchParams(LOGIN), basic(CLIENT), path)).toEqual(
        notFound,
      );
    },
  );
});

describe("the methods", () => {
  const notAllowed = refusal(405, "invalid_request", "This endpoint answers to POST.", {
    allow: "POST, OPTIONS",
  });

  test.each(["GET", "PUT", "DELETE", "PATCH", "PROPFIND"])("%s is rejected", async (method) => {
    for (const path of ["/o/token/", "/o/token"]) {
      expect(await whole(await service.fetch(path, { method }))).toEqual(notAllowed);
    }
  });

  test("HEAD is rejected without a body", async () => {
    const answer = await whole(await service.fetch("/o/token/", { method: "HEAD" }));
    expect(answer).toEqual({ ...notAllowed, body: null });
  });

  test("a GET with the right credentials in its query is rejected as any other", async () => {
    const query = new URLSearchParams({ ...LOGIN, client_id: "client", client_secret: "secret" });
    const answer = await whole(await service.fetch(`/o/token/?${query}`, { headers: {} }));
    expect(answer).toEqual(notAllowed);
  });

  test("OPTIONS names the methods and gives no origin leave", async () => {
    const headers = {
      Origin: "https://app.example.com",
      "Access-Control-Request-Method": "POST",
    };
    for (const path of ["/o/token/", "/o/token"]) {
      expect(await whole(await service.fetch(path, { method: "OPTIONS", headers }))).toEqual({
        status: 204,
        headers: { ...NO_STORE, allow: "POST, OPTIONS" },
        body: null,
      });
    }
  });
});

test("every error has a constant description, in the characters that RFC 6749 §5.2 allows", () => {
  // Responses write the description of these themselves, or have none.
  const registration = ["registered_metadata_invalid", "registered_uri_invalid"];
  const without = ["method_not_allowed", ...registration, ...Object.keys(MANAGEMENT)];
  for (const [reason, { description }] of Object.entries(CATALOGUE)) {
    if (without.includes(reason)) expect(description).toBeUndefined();
    else expect(description).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/);
  }
});

describe("a query string", () => {
  const refused = refusal(400, "invalid_request", "URL query parameters are not allowed");

  test.each(["?x", "?grant_type=password", "?%00", "?a=1&a=2", "?=", "?&"])(
    "%s is rejected",
    async (query) => {
      const body = new URLSearchParams(LOGIN);
      for (const path of [`/o/token/${query}`, `/o/token${query}`]) {
        expect(await post(service, body, basic(CLIENT), path)).toEqual(refused);
      }
    },
  );
});

describe("every response", () => {
  const MARK = "canary<script>4242";

  test("is without the caller's own input", async () => {
    const marked = [
      ask(service, { ...LOGIN, grant_type: MARK }),
      ask(service, { ...LOGIN, username: MARK }),
      ask(service, { ...LOGIN, password: MARK }),
      ask(service, { ...LOGIN, scope: MARK }),
      ask(service, { ...LOGIN, state: MARK, [MARK]: MARK }),
      ask(service, LOGIN, `${MARK}:${MARK}`),
      ask(service, { grant_type: "refresh_token", refresh_token: MARK }),
      ask(service, { ...LOGIN, username: `${MARK}\0` }),
      post(service, MARK, { "Content-Type": MARK }),
      post(service, MARK, { "Content-Type": "application/json" }),
      post(service, MARK, { "Content-Type": `multipart/form-data; boundary=${MARK}` }),
      post(service, MARK, {}, `/o/token/?${MARK}`),
      post(service, MARK, {}, `/${MARK}`),
    ];
    for (const answer of await Promise.all(marked)) {
      expect(JSON.stringify(answer)).not.toMatch(/canary|4242/i);
    }
  });
});

describe("a fault of the service's own", () => {
  afterEach(() => vi.restoreAllMocks());

  test("is a 500 in JSON that says nothing of it", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => undefined);
    vi.spyOn(crypto.subtle, "encrypt").mockRejectedValue(new Error("inner detail"));
    const told = "The service failed. Report the X-Request-Id to its operator.";
    expect(await ask(service, LOGIN)).toEqual(refusal(500, "server_error", told));
    expect(log).toHaveBeenCalledOnce();
  });
});
