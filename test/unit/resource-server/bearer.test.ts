import { Hono } from "hono";
import { expect, onTestFinished, test, vi } from "vitest";
import { bearer, type Verifier } from "../../../src/resource-server/bearer.ts";

const headers = { Authorization: "Bearer some-token" };

function spyOnErrors() {
  const spy = vi.spyOn(console, "error").mockImplementation(() => undefined);
  onTestFinished(() => spy.mockRestore());
  return spy;
}

test.each([
  ["throws", { verify: () => Promise.reject(new Error("The RPC receiver does not implement")) }],
  ["is not bound", undefined],
])(
  "a verifier that %s is a 503, and one line on the console gives the reason",
  async (_, verifier) => {
    const logged = spyOnErrors();
    const app = new Hono().use(
      bearer({ audience: "api", verifier: () => verifier as unknown as Verifier }),
    );
    const answer = await app.request("/", { headers });
    expect([answer.status, await answer.json()]).toEqual([
      503,
      { error: "temporarily_unavailable" },
    ]);
    expect(logged.mock.calls).toEqual([
      [expect.stringContaining("docs/checking-tokens.md"), expect.any(Error)],
    ]);
    expect(String(logged.mock.calls)).not.toContain("some-token");
  },
);

test("an invalid token is not logged", async () => {
  const logged = spyOnErrors();
  const verifier: Verifier = { verify: async () => ({ kind: "invalid_token" }) };
  const options = { audience: "api", development: false, verifier: () => verifier };
  const app = new Hono().use(bearer(options));
  expect((await app.request("/", { headers })).status).toBe(401);
  expect(logged.mock.calls).toEqual([]);
});
