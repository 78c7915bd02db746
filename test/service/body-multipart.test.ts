import { beforeAll, describe, expect, test } from "vitest";
import { basic, logIn, post } from "../support/requests.ts";
import { INVALID_CREDENTIALS, refusal, SUCCESS } from "../support/responses.ts";
import { CLIENT, createService, LOGIN, registerDefaults } from "../support/service.ts";

const service = createService();
beforeAll(() => registerDefaults(service));

const BOUNDARY = "----tollgate";

/** Writes a part by hand, so that it can be wrong. */
const part = (disposition: string, value: string) => {
  return `--${BOUNDARY}\r\nContent-Disposition: ${disposition}\r\n\r\n${value}\r\n`;
};
const field = (name: string, value: string) => part(`form-data; name="${name}"`, value);
const fields = (values: Readonly<Record<string, string>>) => {
  return Object.entries(values).map(([name, value]) => field(name, value));
};
const END = `--${BOUNDARY}--\r\n`;
const LOGIN_PARTS = fields(LOGIN).join("");

const postMultipart = (body: BodyInit, contentType = `multipart/form-data; boundary=${BOUNDARY}`) =>
  post(service, body, { ...basic(CLIENT), "Content-Type": contentType });

describe("a multipart body", () => {
  test("of the platform's own making means the same as the form", async () => {
    const form = new FormData();
    for (const [name, value] of Object.entries(LOGIN)) form.set(name, value);
    expect(await post(service, form, basic(CLIENT))).toEqual(SUCCESS);
  });

  test("may hold the client too, and refresh", async () => {
    const { refresh_token } = await logIn(service);
    const form = new FormData();
    form.set("grant_type", "refresh_token");
    form.set("refresh_token", refresh_token);
    form.set("client_id", "client");
    form.set("client_secret", "secret");
    expect(await post(service, form)).toEqual(SUCCESS);
  });

  test.each([
    `multipart/form-data; boundary="${BOUNDARY}"`,
    `Multipart/Form-Data; boundary=${BOUNDARY}`,
    `multipart/form-data; charset=utf-8; boundary=${BOUNDARY}`,
  ])("may have the content type %s", async (contentType) => {
    expect(await postMultipart(LOGIN_PARTS + END, contentType)).toEqual(SUCCESS);
  });

  test("takes an empty value as omitted and ignores unknown names", async () => {
    const extra = fields({ scope: "", state: "s", __proto: "x" }).join("");
    expect(await postMultipart(LOGIN_PARTS + extra + END)).toEqual(SUCCESS);
  });

  test("is taken literally: nothing in it is an escape", async () => {
    const { password: _, ...rest } = LOGIN;
    for (const password of ["correct+horse", "correct%20horse", "correct horse "]) {
      const body = fields({ ...rest, password }).join("") + END;
      expect(await postMultipart(body)).toEqual(INVALID_CREDENTIALS);
    }
  });

  test("is rejected when a name occurs twice", async () => {
    const repeated = refusal(400, "invalid_request", "A parameter is repeated.");
    for (const extra of [field("username", "ada"), field("x", "1") + field("x", "2")]) {
      expect(await postMultipart(LOGIN_PARTS + extra + END)).toEqual(repeated);
    }
  });
});

describe("a multipart body is rejected", () => {
  const malformed = refusal(
    400,
    "invalid_request",
    "The body is not multipart form data of text fields.",
  );

  test.each([
    ["a file among its fields", part('form-data; name="x"; filename="y"', "z")],
    ["a file instead of a value", part('form-data; name="scope"; filename="scope.txt"', "read")],
    ["a part without a name", part("form-data", "x")],
    ["a part that is an attachment", part('attachment; name="scope"', "read")],
  ])("when it has %s", async (_, extra) => {
    expect(await postMultipart(LOGIN_PARTS + extra + END)).toEqual(malformed);
  });

  test.each([
    ["empty", ""],
    ["not multipart at all", String(new URLSearchParams(LOGIN))],
    ["without its end", LOGIN_PARTS],
  ])("when it is %s", async (_, body) => {
    expect(await postMultipart(body)).toEqual(malformed);
  });

  test.each([
    "multipart/form-data",
    "multipart/form-data; boundary=",
    "multipart/form-data; boundary=other",
  ])("when its boundary is not that of %s", async (contentType) => {
    expect(await postMultipart(LOGIN_PARTS + END, contentType)).toEqual(malformed);
  });

  test("when it is not UTF-8", async () => {
    const bytes = new TextEncoder().encode(LOGIN_PARTS + field("x", "?") + END);
    bytes[bytes.lastIndexOf(0x3f)] = 0xe9;
    expect(await postMultipart(bytes)).toEqual(malformed);
  });
});
