import { beforeAll, describe, expect, test } from "vitest";
import { ask, basic, post } from "../support/requests.ts";
import { INVALID_CREDENTIALS, MISSING_GRANT_TYPE, refusal, SUCCESS } from "../support/responses.ts";
import { CLIENT, createService, registerDefaults } from "../support/service.ts";

const service = createService();
beforeAll(async () => {
  await registerDefaults(service);
  await service.register({
    users: [{ username: "zoë@example.com", password: " pä+ss%41&=;wörd😀 " }],
  });
});

const FORM = "application/x-www-form-urlencoded";
const LOGIN_FORM = "grant_type=password&username=ada&password=correct+horse";

const postForm = (body: BodyInit) =>
  post(service, body, { ...basic(CLIENT), "Content-Type": FORM });

describe("media type", () => {
  test.each([
    FORM,
    `${FORM}; charset=utf-8`,
    `${FORM};charset=UTF-8`,
    "Application/X-WWW-Form-URLencoded",
    `  ${FORM} ; x="y;z"`,
  ])("%s is a form", async (contentType) => {
    const headers = { ...basic(CLIENT), "Content-Type": contentType };
    expect(await post(service, LOGIN_FORM, headers)).toEqual(SUCCESS);
  });

  test("a body with no content type is read as a form", async () => {
    const body = new TextEncoder().encode(LOGIN_FORM);
    expect(await post(service, body, basic(CLIENT))).toEqual(SUCCESS);
    const empty = { ...basic(CLIENT), "Content-Type": "" };
    expect(await post(service, body, empty)).toEqual(SUCCESS);
  });

  const unsupported = refusal(
    415,
    "invalid_request",
    `The body must be ${FORM} or application/json or multipart/form-data.`,
  );

  test.each(["gzip", "GZIP", "br", "deflate", "identity", "x"])(
    "a body with Content-Encoding %s is rejected",
    async (encoding) => {
      const expected = refusal(
        415,
        "invalid_request",
        `Send the body without Content-Encoding, as ${FORM} or application/json or multipart/form-data.`,
        { "accept-encoding": "identity" },
      );
      for (const contentType of [FORM, "application/json", "text/plain"]) {
        const headers = { "Content-Type": contentType, "Content-Encoding": encoding };
        for (const path of ["/o/token/", "/o/revoke_token/", "/o/introspect/"]) {
          const answer = await post(service, LOGIN_FORM, { ...basic(CLIENT), ...headers }, path);
          expect(answer).toEqual(expected);
        }
      }
    },
  );

  test.each([
    "text/plain",
    "text/html",
    "application/xml",
    "application/json-patch+json",
    "application/x-www-form-urlencodedx",
    "multipart/mixed; boundary=x",
    "*/*",
    "constructor",
    "__proto__",
    ";",
    `${FORM}, ${FORM}`,
    `text/plain; ${FORM}`,
  ])("%s is rejected", async (contentType) => {
    const headers = { ...basic(CLIENT), "Content-Type": contentType };
    expect(await post(service, LOGIN_FORM, headers)).toEqual(unsupported);
  });
});

describe("a form", () => {
  test.each([
    ["an empty value as omitted", `${LOGIN_FORM}&scope=&client_id=&client_secret=`],
    ["a name without an equals sign as omitted", `${LOGIN_FORM}&scope&client_id`],
    ["unknown parameters as absent", `${LOGIN_FORM}&client=x&user=y&__proto__=z&state=s&=v`],
    ["empty parts between ampersands as absent", `&&${LOGIN_FORM}&&`],
    ["%-escapes in names too", LOGIN_FORM.replace("username", "user%6eame")],
    ["escapes in either case", LOGIN_FORM.replace("correct+horse", "c%6Frrect+h%6frse")],
  ])("reads %s", async (_, body) => {
    expect(await postForm(body)).toEqual(SUCCESS);
  });

  test("carries any character of a user name and a password, exactly", async () => {
    const login = { grant_type: "password", username: "zoë@example.com" };
    const password = " pä+ss%41&=;wörd😀 ";
    expect(await ask(service, { ...login, password })).toEqual(SUCCESS);
    for (const other of [
      password.trim(),
      password.trimEnd(),
      password.normalize("NFD"),
      password.replace("%41", "A"),
      password.replace("+", " "),
      password.toUpperCase(),
    ]) {
      expect(await ask(service, { ...login, password: other })).toEqual(INVALID_CREDENTIALS);
    }
  });

  test("that is empty has no grant_type", async () => {
    expect(await postForm("")).toEqual(MISSING_GRANT_TYPE);
  });
});

describe("a form is rejected", () => {
  const repeated = refusal(400, "invalid_request", "A parameter is repeated.");

  test.each([
    "grant_type=password&grant_type=password",
    `${LOGIN_FORM}&user%6eame=bob`,
    `${LOGIN_FORM}&scope=read&scope=`,
    `${LOGIN_FORM}&unknown=1&unknown=2`,
  ])("when a name occurs twice: %s", async (body) => {
    expect(await postForm(body)).toEqual(repeated);
  });

  const malformed = refusal(400, "invalid_request", "The body is not a form in UTF-8.");

  test.each([
    ["an escape that is not UTF-8", `${LOGIN_FORM}&x=%ff`],
    ["a name that is not UTF-8", `${LOGIN_FORM}&%ff=x`],
  ])("for %s", async (_, body) => {
    expect(await postForm(body)).toEqual(malformed);
  });

  test("for raw bytes that are not UTF-8", async () => {
    const body = new Uint8Array([...new TextEncoder().encode(`${LOGIN_FORM}&x=`), 0xe9]);
    expect(await postForm(body)).toEqual(malformed);
  });
});
