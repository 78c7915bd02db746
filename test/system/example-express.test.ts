import { afterAll, beforeAll, expect, test } from "vitest";
import * as api from "../support/example-api.ts";
import { startExpressApi } from "../support/express-api.ts";
import { type RunningService, startRunningService } from "../support/running-service.ts";
import { newSigningKeys, tokenOf } from "../support/wire.ts";

let service: RunningService;
let running: api.ExampleApi;
let things: string;

beforeAll(async () => {
  const secret = { client_secret: "secret" };
  const audience = [api.AUDIENCE, api.OTHER_AUDIENCE];
  const clients = [
    { client_id: "web", ...secret, access_token_format: "jwt", audience },
    { client_id: "opaque", ...secret, audience },
  ];
  const users = [{ username: "ada", password: "correct horse" }];
  const vars = { SIGNING_KEYS: await newSigningKeys("ES256") };
  service = await startRunningService({ clients, users }, vars);
  running = await startExpressApi(service.origin);
  things = running.url;
});

afterAll(async () => {
  await running?.stop();
  await service?.stop();
});

async function logIn(client: string, fields: Record<string, string> = {}): Promise<string> {
  const login = { grant_type: "password", username: "ada", password: "correct horse" };
  const pair = await tokenOf(service.origin, `${client}:secret`, { ...login, ...fields });
  return pair.access_token;
}

test("a token for this API, with the scope, is accepted", async () => {
  const answer = await api.callAs(await logIn("web"), things);
  expect(answer).toMatchObject(api.GOOD);
  expect(JSON.parse(answer.body).subject).toMatch(/^[\da-f-]{36}$/);
});

test("a token for another API is rejected", async () => {
  const token = await logIn("web", { resource: api.OTHER_AUDIENCE });
  expect(await api.callAs(token, things)).toMatchObject(api.INVALID_TOKEN);
});

test("an opaque token is rejected", async () => {
  expect(await api.callAs(await logIn("opaque"), things)).toMatchObject(api.INVALID_TOKEN);
});

test("without the scope of the route the token is rejected there", async () => {
  const token = await logIn("web", { scope: "read" });
  const answer = await api.callAs(token, things, { method: "DELETE" });
  expect(answer).toMatchObject(api.INSUFFICIENT_SCOPE);
  const allowed = await api.callAs(await logIn("web"), things, { method: "DELETE" });
  expect(allowed).toMatchObject(api.GOOD);
});

test("without a token in the header the challenge names the scheme and no error", async () => {
  const token = await logIn("web");
  for (const url of [things, `${things}?access_token=${token}`]) {
    expect(await api.callWith(null, url)).toMatchObject({ ...api.NO_CREDENTIALS, body: "" });
    expect(await api.callWith("Basic YTpi", url)).toMatchObject(api.NO_CREDENTIALS);
  }
});

test.each(["", "two tokens", "a,b", "a\tb"])(
  "the token '%s' is an invalid request",
  async (token) => {
    expect(await api.callAs(token, things)).toMatchObject(api.INVALID_REQUEST);
  },
);
