import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { ask, basic, logIn, refresh } from "../support/requests.ts";
import { INVALID_CLIENT, INVALID_GRANT, SUCCESS, whole } from "../support/responses.ts";
import { createService, LOGIN, registerDefaults } from "../support/service.ts";

const service = createService();

beforeAll(async () => {
  await registerDefaults(service);
  await service.register({
    clients: [
      { client_id: "disabled", client_secret: "secret", disabled: true },
      { client_id: "disabled-public", token_endpoint_auth_method: "none", disabled: true },
      {
        client_id: "post",
        client_secret: "secret",
        token_endpoint_auth_method: "client_secret_post",
      },
    ],
  });
});

/** Every client failure: a header, a body, or both. */
const FAILURES: readonly [why: string, headers: Record<string, string>, fields: object][] = [
  ["no client at all", {}, {}],
  ["an empty client_id", {}, { client_id: "" }],
  ["a secret without an id", {}, { client_secret: "secret" }],
  ["an unknown client by Basic", basic("nobody:secret"), {}],
  ["an unknown client in the body", {}, { client_id: "nobody", client_secret: "secret" }],
  ["an unknown client without a secret", {}, { client_id: "nobody" }],
  ["an id in another case", basic("Client:secret"), {}],
  ["an id with a space after it", basic("client :secret"), {}],
  ["a wrong secret by Basic", basic("client:wrong"), {}],
  ["a wrong secret in the body", {}, { client_id: "client", client_secret: "wrong" }],
  ["a secret in another case", basic("client:Secret"), {}],
  ["a secret with a NUL after it", basic("client:secret%00"), {}],
  ["the same in the body", {}, { client_id: "client", client_secret: "secret\0" }],
  ["a secret with a line break after it", basic("client:secret\n"), {}],
  ["an id with a NUL after it", basic("client%00:secret"), {}],
  ["the same id in the body", {}, { client_id: "client\0", client_secret: "secret" }],
  ["a public id with a NUL after it", {}, { client_id: "public\0" }],
  ["a secret that is far too long", basic(`client:${"x".repeat(5000)}`), {}],
  ["a confidential client without a secret", {}, { client_id: "client" }],
  ["a confidential client with an empty one", basic("client:"), {}],
  ["the same in the body", {}, { client_id: "client", client_secret: "" }],
  ["a disabled client", basic("disabled:secret"), {}],
  ["a disabled client with a wrong secret", basic("disabled:wrong"), {}],
  ["a disabled public client", {}, { client_id: "disabled-public" }],
  ["a public client with a secret", basic("public:secret"), {}],
  ["the same in the body", {}, { client_id: "public", client_secret: "secret" }],
  ["Basic that is malformed", { Authorization: "Basic" }, {}],
  ["a bearer token", { Authorization: "Bearer tga_x" }, {}],
  ["Digest", { Authorization: 'Digest username="client"' }, {}],
];

describe("a client failure", () => {
  test.each(FAILURES)("by %s is the same 401, byte for byte", async (_, headers, fields) => {
    const body = new URLSearchParams({ ...LOGIN, ...fields });
    const answer = await service.fetch("/o/token/", { method: "POST", headers, body });
    expect(await answer.clone().text()).toBe(
      '{"error":"invalid_client","error_description":"Client authentication failed."}',
    );
    expect(await whole(answer)).toEqual(INVALID_CLIENT);
  });

  test.each(["password", "refresh_token", "client_credentials"])(
    "looks the same for grant_type %s",
    async (grantType) => {
      const fields = { ...LOGIN, grant_type: grantType, refresh_token: "x" };
      expect(await ask(service, fields, "client:wrong")).toEqual(INVALID_CLIENT);
      expect(await ask(service, fields, null)).toEqual(INVALID_CLIENT);
    },
  );
});

describe("a client may authenticate", () => {
  test.each(["client", "post"])("in either location as %s", async (clientId) => {
    const inBody = { client_id: clientId, client_secret: "secret" };
    expect(await ask(service, { ...LOGIN, ...inBody }, null)).toEqual(SUCCESS);
    expect(await ask(service, LOGIN, `${clientId}:secret`)).toEqual(SUCCESS);
  });

  test("by its id alone when it is public", async () => {
    expect(await ask(service, { ...LOGIN, client_id: "public" }, null)).toEqual(SUCCESS);
    expect(await ask(service, LOGIN, "public:")).toEqual(SUCCESS);
    const { refresh_token } = await logIn(service, { client_id: "public" }, null);
    expect(await refresh(service, refresh_token, { client_id: "public" }, null)).toEqual(SUCCESS);
  });

  test("with two secrets, the older one until its time is over", async () => {
    await service.register({ clients: [{ client_id: "rotating", client_secret: "old" }] });
    await env.DB.prepare(
      `UPDATE clients SET previous_secret_record = secret_record,
         secret_record = (SELECT secret_record FROM clients WHERE client_id = 'client')
       WHERE client_id = 'rotating'`,
    ).run();
    expect(await ask(service, LOGIN, "rotating:old")).toEqual(SUCCESS);
    expect(await ask(service, LOGIN, "rotating:secret")).toEqual(SUCCESS);
    await endPreviousSecret(Date.now() + 60_000);
    expect(await ask(service, LOGIN, "rotating:old")).toEqual(SUCCESS);
    await endPreviousSecret(Date.now() - 1);
    expect(await ask(service, LOGIN, "rotating:old")).toEqual(INVALID_CLIENT);
    expect(await ask(service, LOGIN, "rotating:secret")).toEqual(SUCCESS);
  });

  test("no longer with a secret that was changed, however well remembered", async () => {
    const registration = { client_id: "changing", client_secret: "before" };
    await service.register({ clients: [registration] });
    expect(await ask(service, LOGIN, "changing:before")).toEqual(SUCCESS);
    await service.register({ clients: [{ ...registration, client_secret: "after" }] });
    expect(await ask(service, LOGIN, "changing:before")).toEqual(INVALID_CLIENT);
    expect(await ask(service, LOGIN, "changing:after")).toEqual(SUCCESS);
  });

  test("no longer once it is disabled, however well remembered", async () => {
    const registration = { client_id: "leaving", client_secret: "secret" };
    await service.register({ clients: [registration] });
    const { refresh_token } = await logIn(service, {}, "leaving:secret");
    await service.register({ clients: [{ ...registration, disabled: true }] });
    expect(await ask(service, LOGIN, "leaving:secret")).toEqual(INVALID_CLIENT);
    expect(await refresh(service, refresh_token, {}, "leaving:secret")).toEqual(INVALID_CLIENT);
    await service.register({ clients: [registration] });
    expect(await refresh(service, refresh_token, {}, "leaving:secret")).toEqual(INVALID_GRANT);
    expect(await ask(service, LOGIN, "leaving:secret")).toEqual(SUCCESS);
  });
});

async function endPreviousSecret(atMs: number): Promise<void> {
  const query = "UPDATE clients SET previous_secret_ends_at_ms = ? WHERE client_id = 'rotating'";
  await env.DB.prepare(query).bind(atMs).run();
}
