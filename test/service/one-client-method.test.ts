import { beforeAll, describe, expect, test } from "vitest";
import { ask, basic, post } from "../support/requests.ts";
import { INVALID_CLIENT, invalidRequest, SUCCESS } from "../support/responses.ts";
import { CLIENT, createService, LOGIN, registerDefaults } from "../support/service.ts";

const service = createService();

beforeAll(async () => {
  await registerDefaults(service);
  await service.register({ clients: [{ client_id: "post", client_secret: "secret" }] });
});

describe("Basic together with the body", () => {
  test.each([
    ["the same id", { client_id: "client" }],
    ["the same id and secret", { client_id: "client", client_secret: "secret" }],
    ["the same secret", { client_secret: "secret" }],
    ["an empty id and secret", { client_id: "", client_secret: "" }],
  ])("may say %s", async (_, fields) => {
    expect(await ask(service, { ...LOGIN, ...fields }, CLIENT)).toEqual(SUCCESS);
  });

  const conflict = invalidRequest(400, "The request has two different client credentials.");

  test.each([
    ["another id", CLIENT, { client_id: "public" }],
    ["another id with the same secret", CLIENT, { client_id: "post", client_secret: "secret" }],
    ["another secret", CLIENT, { client_secret: "wrong" }],
    ["another secret of the same id", CLIENT, { client_id: "client", client_secret: "wrong" }],
    ["the right secret where its own is wrong", "client:wrong", { client_secret: "secret" }],
    ["a secret where its own is empty", "client:", { client_secret: "secret" }],
    ["another id in another case", CLIENT, { client_id: "CLIENT" }],
  ])("may not say %s", async (_, credentials, fields) => {
    expect(await ask(service, { ...LOGIN, ...fields }, credentials)).toEqual(conflict);
  });

  test.each([
    ["malformed", { Authorization: "Basic" }],
    ["not base64", { Authorization: "Basic !!!!" }],
    ["without a colon", basic("client")],
    ["of an empty id", basic(":secret")],
    ["sent twice", { Authorization: `Basic ${btoa(CLIENT)}, Basic ${btoa(CLIENT)}` }],
  ])("never falls back to the body when it is %s", async (_, headers) => {
    const fields = { ...LOGIN, client_id: "client", client_secret: "secret" };
    expect(await post(service, new URLSearchParams(fields), headers)).toEqual(INVALID_CLIENT);
  });

  test("never falls back to a right body when it is wrong", async () => {
    const right = { ...LOGIN, client_id: "client" };
    expect(await ask(service, right, "client:wrong")).toEqual(INVALID_CLIENT);
    expect(await ask(service, { ...LOGIN, client_id: "public" }, "public:x")).toEqual(
      INVALID_CLIENT,
    );
  });
});
