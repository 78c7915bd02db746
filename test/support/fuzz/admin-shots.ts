import fc from "fast-check";
import { everyCall } from "../managing.ts";
import type { Callers } from "./headers.ts";
import type { Shot } from "./shot.ts";
import { spoiled, type Values } from "./values.ts";

type Fields = readonly (readonly [name: string, value: unknown])[];

const FIELDS = [
  ...["username", "id", "claims", "is_active", "client_id", "client_name", "scope", "disabled"],
  ...["grant_types", "redirect_uris", "jwks", "access_token_format", "allowed_origins", "audience"],
  ...["token_endpoint_auth_method", "access_token_ttl_seconds", "previous_secret_ends_at"],
  ...["constructor", "__proto__", "prototype", "toString", "default_scope", ""],
];

/** Fields whose values are hashed when they are sound. */
const HASHED = ["password", "client_secret"];

/** Requests to the management API, by a caller who may and by others. */
export function adminShots(callers: Callers, values: Values): fc.Arbitrary<Shot> {
  const paths = pathsOf(values);
  const authorization = fc.oneof(
    {
      arbitrary: values.live("admin").map((token) => [["Authorization", `Bearer ${token}`]]),
      weight: 8,
    },
    { arbitrary: callers.bearer, weight: 1 },
    { arbitrary: callers.unread, weight: 1 },
  ) as fc.Arbitrary<Shot["headers"]>;
  const methods = fc.constantFrom("GET", "PATCH", "PATCH", "POST", "PUT", "DELETE", "GET", "HEAD");
  const call = fc.tuple(methods, paths, bodiesOf(values), authorization);
  const type = [["Content-Type", "application/json"]] as const;
  return fc.oneof(
    {
      arbitrary: call.map(([method, path, body, headers]) => {
        const isBare = method === "GET" || method === "HEAD";
        return { method, path, headers: [...headers, ...type], body: isBare ? null : body };
      }),
      weight: 20,
    },
    {
      arbitrary: fc
        .tuple(values.live("user"), values.live("client"), fc.nat(1000), authorization)
        .map(([user, client, index, headers]) => {
          const calls = everyCall(user, client);
          const { method = "GET", path = "/", body } = calls[index % calls.length] ?? {};
          const text = body === undefined ? null : JSON.stringify(body);
          return { method, path, headers: [...headers, ...type], body: text };
        }),
      weight: 1,
    },
  );
}

function pathsOf(values: Values): fc.Arbitrary<string> {
  const part = (live: fc.Arbitrary<string>) => {
    return fc
      .oneof(
        { arbitrary: live, weight: 4 },
        { arbitrary: values.any, weight: 1 },
        { arbitrary: spoiled(live), weight: 1 },
      )
      .map((text) => encodeURIComponent(text.toWellFormed()));
  };
  const user = part(values.live("user")).map((id) => `/admin/users/${id}`);
  const client = part(values.live("client")).map((id) => `/admin/clients/${id}`);
  const below = fc.constantFrom("", "/", "/sessions", "/sessions/x", "/x", "/password", "/secret");
  const query = fc
    .tuple(fc.constantFrom("after", "limit", "username", "x", ""), values.any)
    .map(([name, value]) => `?${name}=${encodeURIComponent(value.toWellFormed())}`);
  const list = fc.constantFrom("/admin/users", "/admin/clients", "/admin/users/", "/admin");
  return fc.oneof(
    { arbitrary: list, weight: 3 },
    { arbitrary: fc.tuple(list, query).map((parts) => parts.join("")), weight: 3 },
    { arbitrary: fc.tuple(user, below).map((parts) => parts.join("")), weight: 4 },
    { arbitrary: fc.tuple(client, below).map((parts) => parts.join("")), weight: 4 },
  );
}

/** JSON whose fields are known and whose values are of any type. */
function bodiesOf(values: Values): fc.Arbitrary<string> {
  const json = fc.oneof(
    { arbitrary: values.any, weight: 4 },
    { arbitrary: fc.constantFrom(null, true, false, 0, -1, 1.5, 2 ** 53, [], {}), weight: 2 },
    { arbitrary: values.any.map((text) => [text, text]), weight: 1 },
    { arbitrary: values.any.map((text) => ({ [text]: { [text]: text } })), weight: 1 },
    {
      arbitrary: fc.nat(40).map((levels) => {
        return Array.from({ length: levels }).reduce<unknown>((inner) => ({ a: inner }), 1);
      }),
      weight: 1,
    },
  );
  const unhashed = fc.tuple(fc.constantFrom(...FIELDS), json);
  const hashed = fc.tuple(
    fc.constantFrom(...HASHED),
    fc.constantFrom(null, "", 7, "short", "a\0b"),
  );
  const field = fc.oneof({ arbitrary: unhashed, weight: 9 }, { arbitrary: hashed, weight: 1 });
  const sound = fc
    .tuple(fc.constantFrom("username", "client_name"), values.any)
    .map((one) => [one]);
  const fields: fc.Arbitrary<Fields> = fc.oneof(
    { arbitrary: fc.array(field, { maxLength: 4 }), weight: 2 },
    { arbitrary: sound, weight: 2 },
    { arbitrary: unhashed.map((one) => [one]), weight: 2 },
  );
  const text = fields.map((all) => {
    return `{${all.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`)}}`;
  });
  return fc.oneof(
    { arbitrary: text, weight: 8 },
    { arbitrary: spoiled(text), weight: 1 },
    { arbitrary: values.any, weight: 1 },
  );
}
