import { expect, inject, test } from "vitest";
import { INVALID_CLIENT } from "../support/responses.ts";
import { DEMO_LOGIN } from "../support/server.ts";

/** The fields that the API's own table calls mandatory; it lists no `grant_type`. */
const MANDATORY = {
  client_id: "demo-client",
  client_secret: "demo-secret",
  username: DEMO_LOGIN.username,
  password: DEMO_LOGIN.password,
};

const { url } = inject("server");

async function post(fields: Record<string, string>) {
  const response = await fetch(`${url}/o/token/`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(fields),
  });
  return { status: response.status, body: (await response.json()) as Record<string, string> };
}

function answerWith(scope: string) {
  const token = expect.stringMatching(/^[\w-]+$/);
  const body = { access_token: token, expires_in: 3600, token_type: "Bearer" };
  return { status: 200, body: { ...body, scope, refresh_token: token } };
}

test("the mandatory fields of the table as JSON log in", async () => {
  expect(await post(MANDATORY)).toEqual(answerWith("read write groups"));
});

test("the optional scope is granted", async () => {
  expect(await post({ ...MANDATORY, scope: "read" })).toEqual(answerWith("read"));
});

test("the optional refresh_token refreshes, with and without scope and user name", async () => {
  const login = await post(MANDATORY);
  const refreshed = await post({
    ...MANDATORY,
    refresh_token: login.body["refresh_token"] ?? "",
  });
  expect(refreshed).toEqual(answerWith("read write groups"));
  const { username: _, password: __, ...client } = MANDATORY;
  const narrowed = await post({
    ...client,
    scope: "read write",
    refresh_token: refreshed.body["refresh_token"] ?? "",
  });
  expect(narrowed).toEqual(answerWith("read write"));
});

test.each(["client_id", "client_secret"])("without %s the login fails", async (name) => {
  const { [name]: _, ...rest } = MANDATORY as Record<string, string>;
  expect(await post(rest)).toEqual({ status: 401, body: INVALID_CLIENT.body });
});

test.each(["username", "password"])("without %s the response names it", async (name) => {
  const { [name]: _, ...rest } = MANDATORY as Record<string, string>;
  const error_description = `Request is missing ${name} parameter.`;
  const body = { error: "invalid_request", error_description };
  expect(await post(rest)).toEqual({ status: 400, body });
});
