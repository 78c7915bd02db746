import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { basic, granted, logIn, post, refresh } from "../support/requests.ts";
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

/** A request that is right until a fault is put into it. */
interface Draft {
  query: string;
  fields: Record<string, string>;
  /** Written after the fields. */
  tail: string;
  clientId: string;
  secret: string;
}

/** One thing that can be wrong, and how it is answered. */
interface Fault {
  readonly name: string;
  readonly put: (draft: Draft) => void;
  readonly answer: WholeAnswer;
}

const invalid = (description: string) => refusal(400, "invalid_request", description);

const QUERY: Fault = {
  name: "a query string",
  put: (draft) => {
    draft.query = "?x=y";
  },
  answer: invalid("URL query parameters are not allowed"),
};
const REPEATED: Fault = {
  name: "a repeated parameter",
  put: (draft) => {
    draft.tail = "&x=1&x=2";
  },
  answer: invalid("A parameter is repeated."),
};
const GRANT_TYPE: Fault = {
  name: "an unknown grant_type",
  put: ({ fields }) => {
    fields["grant_type"] += "x";
  },
  answer: UNSUPPORTED_GRANT_TYPE,
};
const CONFLICT: Fault = {
  name: "two different secrets",
  put: ({ fields }) => {
    fields["client_secret"] = "another";
  },
  answer: invalid("The request has two different client credentials."),
};
const SECRET: Fault = {
  name: "a wrong client secret",
  put: (draft) => {
    draft.secret = "wrong";
  },
  answer: INVALID_CLIENT,
};
const SCOPE: Fault = {
  name: "an unknown scope",
  put: ({ fields }) => {
    fields["scope"] = "fly";
  },
  answer: INVALID_SCOPE,
};
const GRANT: Fault = {
  name: "a grant that the client may not use",
  put: (draft) => {
    draft.clientId = draft.fields["grant_type"]?.startsWith("client") ? "person" : "machine";
  },
  answer: UNAUTHORIZED_CLIENT,
};
const omitted = (field: string, description: string): Fault => ({
  name: `no ${field}`,
  put: ({ fields }) => {
    fields[field] = "";
  },
  answer: invalid(description),
});
const FORGED: Fault = {
  name: "a forged refresh token",
  put: ({ fields }) => {
    fields["refresh_token"] += "AAAA";
  },
  answer: INVALID_GRANT,
};
const USER: Fault = {
  name: "an unknown user with a wrong password",
  put: ({ fields }) => {
    fields["username"] = "nobody";
    fields["password"] = "wrong";
  },
  answer: INVALID_CREDENTIALS,
};

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
  const fields: Record<string, string> = { ...LOGIN, refresh_token: refreshToken };
  const draft: Draft = {
    query: "",
    fields: { ...fields, grant_type: grantType },
    tail: "",
    clientId: "client",
    secret: "secret",
  };
  for (const fault of faults.toReversed()) fault.put(draft);
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
  const TOO_LARGE = invalid("The body is longer than 16384 bytes.");
  const padding = "x".repeat(20_000);

  test.each([
    ["a query string", "its length", "?x", FORM, padding, QUERY.answer],
    ["a query string", "its type", "?x", "text/plain", "", QUERY.answer],
    ["a query string", "its syntax", "?x", "application/json", "{", QUERY.answer],
    ["its length", "its type", "", "text/plain", padding, { ...TOO_LARGE, status: 413 }],
    ["its length", "its syntax", "", "application/json", padding, { ...TOO_LARGE, status: 413 }],
    [
      "its syntax",
      "a repeated name",
      "",
      FORM,
      "x=1&x=2&x=%ff",
      invalid("The body is not a form in UTF-8."),
    ],
    ["its syntax", "no grant_type", "", FORM, "%ff", invalid("The body is not a form in UTF-8.")],
    [
      "the number",
      "a repeated name",
      "",
      FORM,
      "x&".repeat(65),
      invalid("There are more than 64 parameters."),
    ],
  ])("%s wins over %s", async (_, __, query, type, body, expected) => {
    const answer = await post(service, body, { "Content-Type": type }, `/o/token/${query}`);
    expect(answer).toEqual(expected);
  });
});
