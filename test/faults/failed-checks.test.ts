import { env } from "cloudflare:workers";
import { beforeAll, expect, test } from "vitest";
import { inspect, stateOf } from "../support/families.ts";
import { captureErrors, createFaultyService, type Fault, stopTimers } from "../support/faulty.ts";
import { basic, type Fields, logIn, post, refresh } from "../support/requests.ts";
import {
  INVALID_CLIENT,
  INVALID_GRANT,
  INVALID_SCOPE,
  invalidRequest,
  success,
  UNAUTHORIZED_CLIENT,
  UNAVAILABLE,
  UNSUPPORTED_GRANT_TYPE,
  type WholeAnswer,
} from "../support/responses.ts";
import { CLIENT, registerDefaults } from "../support/service.ts";

const faulty = createFaultyService();
const { service } = faulty;

/** A refresh that must be rejected, and its reason. */
interface Check {
  readonly title: string;
  readonly answer: unknown;
  /** Replace or add fields of a valid request. */
  readonly fields?: Fields;
  /** Id and secret for HTTP Basic; null for none. */
  readonly credentials?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  /** The body, if it is not a form of {@link fields}. */
  readonly body?: (form: string) => BodyInit;
  readonly query?: string;
  /** An SQL statement that makes the check fail, and one that reverts it. */
  readonly taken?: readonly [take: string, giveBack: string];
  readonly fault?: Fault;
}

const client = (column: string, bad: string, good: string) => {
  const set = (value: string) =>
    `UPDATE clients SET ${column} = ${value} WHERE client_id = 'client'`;
  return [set(bad), set(good)] as const;
};
const JSON_TYPE = { "Content-Type": "application/json" };
const ALL_GRANTS = "'password refresh_token client_credentials'";

const CLIENT_CHECKS: readonly Check[] = [
  { title: "a wrong secret", credentials: "client:wrong", answer: INVALID_CLIENT },
  { title: "an unknown client", credentials: "nobody:secret", answer: INVALID_CLIENT },
  { title: "no client", credentials: null, answer: INVALID_CLIENT },
  {
    title: "no secret",
    credentials: null,
    fields: { client_id: "client" },
    answer: INVALID_CLIENT,
  },
  { title: "malformed Basic", headers: { Authorization: "Basic ?" }, answer: INVALID_CLIENT },
  { title: "another client", credentials: "other:secret", answer: INVALID_GRANT },
  {
    title: "a public client",
    credentials: null,
    fields: { client_id: "public" },
    answer: INVALID_GRANT,
  },
  { title: "two clients at once", fields: { client_id: "other" }, answer: invalidRequest() },
  { title: "a disabled client", taken: client("disabled", "1", "0"), answer: INVALID_CLIENT },
  {
    title: "a client that may not refresh",
    taken: client("grant_types", "'password'", ALL_GRANTS),
    answer: UNAUTHORIZED_CLIENT,
  },
  {
    title: "a client that has none of the scopes any more",
    taken: client("scope", "'groups'", "NULL"),
    answer: INVALID_SCOPE,
  },
  {
    title: "a disabled user",
    taken: ["UPDATE users SET is_active = 0", "UPDATE users SET is_active = 1"],
    answer: INVALID_GRANT,
  },
];

const PARAMETER_CHECKS: readonly Check[] = [
  { title: "a wider scope", fields: { scope: "read write groups" }, answer: INVALID_SCOPE },
  { title: "an unknown scope", fields: { scope: "read admin" }, answer: INVALID_SCOPE },
  { title: "a scope in the wrong case", fields: { scope: "Read" }, answer: INVALID_SCOPE },
  { title: "a comma between scopes", fields: { scope: "read,write" }, answer: INVALID_SCOPE },
  { title: "a tab between scopes", fields: { scope: "read\twrite" }, answer: INVALID_SCOPE },
  {
    title: "an unknown grant type",
    fields: { grant_type: "Refresh_Token" },
    answer: UNSUPPORTED_GRANT_TYPE,
  },
  { title: "a query string", query: "?a=b", answer: invalidRequest() },
  { title: "a repeated token", body: (form) => `${form}&${form}`, answer: invalidRequest() },
  {
    title: "a repeated scope",
    body: (form) => `${form}&scope=a&scope=b`,
    answer: invalidRequest(),
  },
  { title: "a malformed form", body: (form) => `${form}&a=%ff`, answer: invalidRequest() },
  { title: "malformed JSON", body: () => "{", headers: JSON_TYPE, answer: invalidRequest() },
  {
    title: "too many parameters",
    body: (form) => form + Array.from({ length: 64 }, (_, at) => `&p${at}=1`).join(""),
    answer: invalidRequest(),
  },
  {
    title: "too long a body",
    body: (form) => `${form}&pad=${"a".repeat(16_384)}`,
    answer: invalidRequest(413),
  },
  {
    title: "a body of another type",
    headers: { "Content-Type": "text/plain" },
    answer: invalidRequest(415),
  },
  { title: "an empty key", headers: { "Idempotency-Key": "" }, answer: invalidRequest() },
  {
    title: "too long a key",
    headers: { "Idempotency-Key": "k".repeat(256) },
    answer: invalidRequest(),
  },
];

const STORAGE_CHECKS: readonly Check[] = (["before", "stalls"] as const).map((kind) => ({
  title: `D1 that ${kind === "before" ? "fails" : kind}`,
  fault: { operation: "d1.batch", call: 1, kind },
  answer: UNAVAILABLE,
}));

beforeAll(async () => {
  await registerDefaults(service);
  await service.register({ clients: [{ client_id: "other", client_secret: "secret" }] });
});
stopTimers();
captureErrors();

test.each([...CLIENT_CHECKS, ...PARAMETER_CHECKS, ...STORAGE_CHECKS])(
  "a refresh with $title consumes nothing",
  async ({ taken, fault, answer, ...check }) => {
    const tokens = await logIn(service, { scope: "read write" });
    if (taken !== undefined) await env.DB.prepare(taken[0]).run();
    faulty.arm(...(fault ? [fault] : []));
    const rejected = await send(tokens.refresh_token, check);
    const { operations } = faulty;
    faulty.arm();
    if (taken !== undefined) await env.DB.prepare(taken[1]).run();

    expect(rejected).toEqual(answer);
    expect(operations.filter((name) => !name.startsWith("d1."))).toEqual([]);
    expect(await stateOf(tokens.refresh_token)).toBe("generation 0");
    expect(await inspect(service, tokens.access_token)).toMatchObject({ scope: "read write" });
    expect(await refresh(service, tokens.refresh_token)).toEqual(success("read write"));
  },
);

/** Sends a refresh that is valid except for the given parts. */
function send(
  refreshToken: string,
  { fields, credentials = CLIENT, headers, body, query = "" }: Partial<Check>,
): Promise<WholeAnswer> {
  const good = { grant_type: "refresh_token", refresh_token: refreshToken };
  const form = new URLSearchParams({ ...good, ...fields }).toString();
  const all = {
    "Content-Type": "application/x-www-form-urlencoded",
    ...(credentials === null ? {} : basic(credentials)),
    ...headers,
  };
  return post(service, body?.(form) ?? form, all, `/o/token/${query}`);
}
