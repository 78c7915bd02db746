import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { basic, type Fields, granted, logIn, post, refresh } from "../support/requests.ts";
import {
  INVALID_CLIENT,
  INVALID_CREDENTIALS,
  INVALID_GRANT,
  INVALID_SCOPE,
  refusal,
  UNAUTHORIZED_CLIENT,
  UNSUPPORTED_GRANT_TYPE,
  type WholeAnswer,
} from "../support/responses.ts";
import { createService, LOGIN, registerDefaults } from "../support/service.ts";

const service = createService();

beforeAll(async () => {
  await registerDefaults(service);
  await service.register({
    clients: [
      { client_id: "machine", client_secret: "secret", grant_types: ["client_credentials"] },
      { client_id: "person", client_secret: "secret" },
    ],
  });
});

/** What a request is made of. */
interface Draft {
  readonly query: string;
  readonly fields: Fields;
  /** Written after the fields. */
  readonly tail: string;
  readonly clientId: string;
  readonly secret: string;
}

/** One thing that can be wrong: what it changes in a valid request, and how it is answered. */
interface Fault {
  readonly name: string;
  readonly change: (draft: Draft) => Partial<Draft>;
  readonly answer: WholeAnswer;
}

function fault(name: string, change: Fault["change"], answer: WholeAnswer): Fault {
  return { name, change, answer };
}

const invalid = (description: string) => refusal(400, "invalid_request", description);

const QUERY = fault(
  "a query string",
  () => ({ query: "?x=y" }),
  invalid("URL query parameters are not allowed"),
);
const REPEATED = fault(
  "a repeated parameter",
  () => ({ tail: "&x=1&x=2" }),
  invalid("A parameter is repeated."),
);
const GRANT_TYPE = fault(
  "an unknown grant_type",
  ({ fields }) => ({ fields: { grant_type: `${fields["grant_type"]}x` } }),
  UNSUPPORTED_GRANT_TYPE,
);
const CONFLICT = fault(
  "two different secrets",
  () => ({ fields: { client_secret: "another" } }),
  invalid("The request has two different client credentials."),
);
const SECRET = fault("a wrong client secret", () => ({ secret: "wrong" }), INVALID_CLIENT);
const SCOPE = fault("an unknown scope", () => ({ fields: { scope: "fly" } }), INVALID_SCOPE);
const GRANT = fault(
  "a grant that the client may not use",
  ({ fields }) => ({
    clientId: fields["grant_type"]?.startsWith("client") ? "person" : "machine",
  }),
  UNAUTHORIZED_CLIENT,
);
const omitted = (field: string, description: string) => {
  return fault(`no ${field}`, () => ({ fields: { [field]: "" } }), invalid(description));
};
const FORGED = fault(
  "a forged refresh token",
  ({ fields }) => ({ fields: { refresh_token: `${fields["refresh_token"]}AAAA` } }),
  INVALID_GRANT,
);
const USER = fault(
  "an unknown user with a wrong password",
  () => ({ fields: { username: "unknown", password: "wrong" } }),
  INVALID_CREDENTIALS,
);

/** The faults of each grant in the order in which they are looked for. */
const ORDERS: Readonly<Record<string, readonly Fault[]>> = {
  password: [
    QUERY,
    REPEATED,
    GRANT_TYPE,
    CONFLICT,
    SECRET,
    GRANT,
    omitted("username", "Request is missing username parameter."),
    omitted("password", "Request is missing password parameter."),
    USER,
    SCOPE,
  ],
  refresh_token: [
    QUERY,
    REPEATED,
    GRANT_TYPE,
    omitted("refresh_token", "Missing refresh token parameter."),
    CONFLICT,
    SECRET,
    GRANT,
    FORGED,
    SCOPE,
  ],
  client_credentials: [QUERY, REPEATED, GRANT_TYPE, CONFLICT, SECRET, GRANT, SCOPE],
};

let refreshToken: string;

/** Sends a valid request with these faults. The first is applied last, so it wins. */
function ask(grantType: string, faults: readonly Fault[]): Promise<WholeAnswer> {
  let draft: Draft = {
    query: "",
    fields: { ...LOGIN, refresh_token: refreshToken, grant_type: grantType },
    tail: "",
    clientId: "client",
    secret: "secret",
  };
  for (const { change } of faults.toReversed()) {
    const { fields, ...others } = change(draft);
    draft = { ...draft, ...others, fields: { ...draft.fields, ...fields } };
  }
  const body = new URLSearchParams(draft.fields) + draft.tail;
  const headers = {
    ...basic(`${draft.clientId}:${draft.secret}`),
    "Content-Type": "application/x-www-form-urlencoded",
  };
  return post(service, body, headers, `/o/token/${draft.query}`);
}

describe.each(Object.entries(ORDERS))("of two faults in a %s request", (grantType, faults) => {
  beforeEach(async () => {
    refreshToken ??= (await logIn(service)).refresh_token;
  });

  const pairs = faults.flatMap((first, index) => {
    return faults.slice(index + 1).map((second) => [first, second] as const);
  });

  test("neither is in the request that the others are made of", async () => {
    refreshToken = granted(await ask("refresh_token", [])).refresh_token;
    granted(await ask(grantType, []));
    refreshToken = (await logIn(service)).refresh_token;
  });

  test.each(faults.map((fault) => [fault.name, fault] as const))("%s alone", async (_, fault) => {
    expect(await ask(grantType, [fault])).toEqual(fault.answer);
  });

  test.each(pairs.map(([first, second]) => [first.name, second.name, first, second] as const))(
    "%s wins over %s",
    async (_, __, first, second) => {
      expect(await ask(grantType, [first, second])).toEqual(first.answer);
    },
  );

  test("neither consumes the refresh token", async () => {
    refreshToken = granted(await refresh(service, refreshToken)).refresh_token;
  });
});

describe("of two faults in a body", () => {
  const FORM = "application/x-www-form-urlencoded";
  const TOO_LARGE = { ...invalid("The body is longer than 16384 bytes."), status: 413 };
  const NOT_UTF8 = invalid("The body is not a form in UTF-8.");
  const TOO_MANY = invalid("There are more than 64 parameters.");
  const padding = "x".repeat(20_000);

  test.each([
    ["a query string", "its length", "?x", FORM, padding, QUERY.answer],
    ["a query string", "its type", "?x", "text/plain", "", QUERY.answer],
    ["a query string", "its syntax", "?x", "application/json", "{", QUERY.answer],
    ["its length", "its type", "", "text/plain", padding, TOO_LARGE],
    ["its length", "its syntax", "", "application/json", padding, TOO_LARGE],
    ["its syntax", "a repeated name", "", FORM, "x=1&x=2&x=%ff", NOT_UTF8],
    ["its syntax", "no grant_type", "", FORM, "%ff", NOT_UTF8],
    ["the number", "a repeated name", "", FORM, "x&".repeat(65), TOO_MANY],
  ])("%s wins over %s", async (_, __, query, type, body, expected) => {
    const answer = await post(service, body, { "Content-Type": type }, `/o/token/${query}`);
    expect(answer).toEqual(expected);
  });
});
