import { beforeAll, describe, expect, test } from "vitest";
import { post } from "../support/requests.ts";
import { INVALID_CLIENT, SUCCESS } from "../support/responses.ts";
import { CLIENT, createService, LOGIN, registerDefaults } from "../support/service.ts";

const service = createService();

/** Each character that some reader of HTTP Basic gets wrong. */
const ODD_SECRET = "a:b c+d%41&=é😀";

beforeAll(async () => {
  await registerDefaults(service);
  await service.register({
    clients: [
      { client_id: "odd", client_secret: ODD_SECRET },
      { client_id: "ok", client_secret: "???>>>" },
      { client_id: "id:with colon+plus", client_secret: "secret" },
    ],
  });
});

const utf8 = (text: string) => String.fromCharCode(...new TextEncoder().encode(text));
const ENCODED = btoa(CLIENT);

const withAuthorization = (...values: string[]) => {
  const headers = new Headers();
  for (const value of values) headers.append("Authorization", value);
  return post(service, new URLSearchParams(LOGIN), headers);
};

describe("the scheme", () => {
  test.each([
    `Basic ${ENCODED}`,
    `basic ${ENCODED}`,
    `BASIC ${ENCODED}`,
    `bAsIc  ${ENCODED}`,
    ` Basic ${ENCODED} `,
  ])("of %j is read", async (value) => {
    expect(await withAuthorization(value)).toEqual(SUCCESS);
  });

  test.each([
    ["missing", ENCODED],
    ["alone", "Basic"],
    ["alone with a space", "Basic "],
    ["glued to the credentials", `Basic${ENCODED}`],
    ["another", `Basic2 ${ENCODED}`],
    ["followed by more", `Basic ${ENCODED} x`],
    ["followed by a parameter", `Basic ${ENCODED}, charset="UTF-8"`],
    ["empty", ""],
  ])("that is %s is rejected", async (_, value) => {
    expect(await withAuthorization(value)).toEqual(INVALID_CLIENT);
  });

  test.each([
    ["the same", [`Basic ${ENCODED}`, `Basic ${ENCODED}`]],
    ["another client's", [`Basic ${ENCODED}`, `Basic ${btoa("public:")}`]],
    ["a bearer token", [`Basic ${ENCODED}`, "Bearer x"]],
    ["Basic after a bearer token", ["Bearer x", `Basic ${ENCODED}`]],
  ])("that is sent twice is rejected: %s", async (_, values) => {
    expect(await withAuthorization(...values)).toEqual(INVALID_CLIENT);
  });
});

describe("base64", () => {
  test.each([
    ["", "client:secre%74"],
    ["=", "clien%74:secre%74"],
    ["==", "client:secret"],
  ])("is read with its padding %j and without", async (padding, credentials) => {
    const bare = btoa(credentials).replaceAll("=", "");
    expect(btoa(credentials)).toBe(bare + padding);
    expect(await withAuthorization(`Basic ${bare}${padding}`)).toEqual(SUCCESS);
    expect(await withAuthorization(`Basic ${bare}`)).toEqual(SUCCESS);
  });

  test("has the standard alphabet and no other", async () => {
    const encoded = btoa("ok:???>>>");
    const urlEncoded = encoded.replaceAll("/", "_").replaceAll("+", "-");
    expect(urlEncoded).not.toBe(encoded);
    expect(await withAuthorization(`Basic ${encoded}`)).toEqual(SUCCESS);
    expect(await withAuthorization(`Basic ${urlEncoded}`)).toEqual(INVALID_CLIENT);
  });

  test.each([
    ["too much padding", `${ENCODED}==`],
    ["a foreign character", `${ENCODED.slice(0, 4)}!${ENCODED.slice(4)}`],
    ["none of it, in plain text", CLIENT],
  ])("with %s is rejected", async (_, encoded) => {
    expect(await withAuthorization(`Basic ${encoded}`)).toEqual(INVALID_CLIENT);
  });
});

describe("the credentials", () => {
  test.each([
    ["every byte escaped that may be", `odd:${encodeURIComponent(ODD_SECRET)}`],
    ["a form's own escapes", `odd:${String(new URLSearchParams({ s: ODD_SECRET })).slice(2)}`],
    ["a plus for a space", "odd:a%3Ab+c%2Bd%2541%26%3D%C3%A9%F0%9F%98%80"],
    ["a colon in the secret as it is", "odd:a:b+c%2Bd%2541%26%3D%C3%A9%F0%9F%98%80"],
    ["a space as it is", "odd:a%3ab c%2bd%2541&=%c3%a9%f0%9f%98%80"],
    ["UTF-8 as it is", utf8("odd:a:b c%2Bd%2541&=é😀")],
    ["a letter escaped that need not be", "%6Fdd:a:b c%2Bd%2541&=%C3%A9%F0%9F%98%80"],
    ["a colon and a plus in the id", "id%3Awith+colon%2Bplus:secret"],
  ])("are form-decoded: %s", async (_, credentials) => {
    expect(await withAuthorization(`Basic ${btoa(credentials)}`)).toEqual(SUCCESS);
  });

  test.each([
    ["no colon", "client"],
    ["an escaped colon alone", "client%3Asecret"],
    ["an empty id", ":secret"],
    ["nothing but a colon", ":"],
    ["nothing at all", ""],
    ["the secret without escapes", utf8(`odd:${ODD_SECRET}`)],
    ["a plus that should be escaped", "odd:a:b+c+d%2541&=%C3%A9%F0%9F%98%80"],
    ["escapes that are decoded twice", "odd:a:b+c%2Bd%41&=%C3%A9%F0%9F%98%80"],
    ["Latin-1", "odd:a:b+c%2Bd%2541&=\xe9"],
    ["escaped Latin-1", "odd:a:b+c%2Bd%2541&=%E9"],
    ["an id that is not UTF-8", "\xff:secret"],
    ["an escaped id that is not UTF-8", "%FF:secret"],
    ["a colon of the id unescaped", "id:with+colon%2Bplus:secret"],
    ["a space before the id", " client:secret"],
    ["a space after the secret", "client:secret "],
  ])("are rejected with %s", async (_, credentials) => {
    expect(await withAuthorization(`Basic ${btoa(credentials)}`)).toEqual(INVALID_CLIENT);
  });
});
