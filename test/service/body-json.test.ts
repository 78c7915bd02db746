import { beforeAll, describe, expect, test } from "vitest";
import { basic, granted, logIn, post } from "../support/requests.ts";
import {
  INVALID_CLIENT,
  INVALID_CREDENTIALS,
  INVALID_GRANT,
  MISSING_GRANT_TYPE,
  refusal,
  SUCCESS,
  success,
  UNSUPPORTED_GRANT_TYPE,
} from "../support/responses.ts";
import { CLIENT, createService, LOGIN, registerDefaults } from "../support/service.ts";

const service = createService();
beforeAll(() => registerDefaults(service));

const { grant_type: _, ...USER } = LOGIN;
const BODY_CLIENT = { client_id: "client", client_secret: "secret" };

const postText = (text: BodyInit, headers: Record<string, string> = basic(CLIENT)) => {
  return post(service, text, { ...headers, "Content-Type": "application/json" });
};
const postJson = (value: unknown, headers?: Record<string, string>) => {
  return postText(JSON.stringify(value), headers);
};

describe("a JSON body", () => {
  test.each(["application/json", "Application/JSON", "application/json;charset=utf-8"])(
    "of media type %s means the same as the form",
    async (contentType) => {
      const headers = { ...basic(CLIENT), "Content-Type": contentType };
      expect(await post(service, JSON.stringify(LOGIN), headers)).toEqual(SUCCESS);
    },
  );

  test("serves the seed's table as written: no grant_type, client in the body", async () => {
    const answer = await postJson({ ...BODY_CLIENT, ...USER, scope: "read write" }, {});
    expect(answer).toEqual(success("read write"));
    const { refresh_token } = granted(answer);
    expect(await postJson({ ...BODY_CLIENT, refresh_token }, {})).toEqual(success("read write"));
  });

  test("serves every grant by name", async () => {
    const { refresh_token } = await logIn(service);
    expect(await postJson({ grant_type: "refresh_token", refresh_token })).toEqual(SUCCESS);
    const answer = await postJson({ grant_type: "client_credentials" });
    expect(answer).toMatchObject({ status: 200 });
  });

  test("takes an empty value as omitted, also of grant_type", async () => {
    const empty = { grant_type: "", refresh_token: "", scope: "", client_id: "" };
    expect(await postJson({ ...USER, ...empty })).toEqual(SUCCESS);
  });

  test("with a refresh token and no grant_type refreshes, whatever else it has", async () => {
    const { refresh_token } = await logIn(service);
    expect(await postJson({ ...USER, refresh_token })).toEqual(SUCCESS);
    expect(await postJson({ ...USER, refresh_token })).toEqual(INVALID_GRANT);
  });

  test.each(["Password", "refresh", " password"])(
    "with the unknown grant_type %j is not a login",
    async (grantType) => {
      const answer = await postJson({ ...USER, grant_type: grantType });
      expect(answer).toEqual(UNSUPPORTED_GRANT_TYPE);
    },
  );

  test("of nothing is a password grant that lacks its client, then its user name and password", async () => {
    for (const sent of [
      {},
      { ...USER, client_id: "client" },
      { ...USER, client_secret: "secret" },
    ]) {
      expect(await postJson(sent, {})).toEqual(INVALID_CLIENT);
    }
    for (const [name, fields] of [
      ["username", {}],
      ["password", { username: "ada" }],
    ] as const) {
      const missing = `Request is missing ${name} parameter.`;
      expect(await postJson(fields)).toEqual(refusal(400, "invalid_request", missing));
    }
  });

  test("is not decoded a second time as a form", async () => {
    expect(await postJson({ ...LOGIN, password: "correct+horse" })).toEqual(INVALID_CREDENTIALS);
    expect(await postJson({ ...LOGIN, password: "correct%20horse" })).toEqual(INVALID_CREDENTIALS);
  });

  test("may spell characters as escapes, and unknown names are ignored", async () => {
    const text = String.raw`{"gr\u0061nt_type":"password","username":"\u0061da",
      "password":"correct horse","__proto__":"x","constructor":{"y":[1]},"state":"\"\\\ud83d\ude00"}`;
    expect(await postText(text)).toEqual(SUCCESS);
  });
});

describe("a JSON body is rejected", () => {
  const malformed = refusal(
    400,
    "invalid_request",
    "The body is not a JSON object of strings, each name once.",
  );
  const login = JSON.stringify(LOGIN).slice(0, -1);

  test.each([
    ["empty", ""],
    ["truncated", login],
    ["a form", String(new URLSearchParams(LOGIN))],
    ["an array", "[]"],
    ["with a known name that has a number", `${login},"client_id":1}`],
    ["with a known name of another endpoint that has a number", `${login},"token":1}`],
    ["with a repeated name", `${login},"username":"ada"}`],
    ["with a repeated unknown name", `${login},"x":"1","x":"2"}`],
    ["nested beyond reason", "[".repeat(8000)],
  ])("when it is %s", async (_, text) => {
    expect(await postText(text)).toEqual(malformed);
  });

  test("when it is not UTF-8", async () => {
    const bytes = new TextEncoder().encode(`${login},"x":"?"}`);
    bytes[bytes.length - 3] = 0xe9;
    expect(await postText(bytes)).toEqual(malformed);
    const utf16 = new Uint8Array(
      new Uint16Array([...`${login}}`].map((c) => c.charCodeAt(0))).buffer,
    );
    expect(await postText(utf16)).toEqual(malformed);
  });
});

test("grant_type may be left out in JSON alone", async () => {
  const headers = basic(CLIENT);
  expect(await post(service, new URLSearchParams(USER), headers)).toEqual(MISSING_GRANT_TYPE);
  const form = new FormData();
  for (const [name, value] of Object.entries(USER)) form.set(name, value);
  expect(await post(service, form, headers)).toEqual(MISSING_GRANT_TYPE);
});
