import fc from "fast-check";
import { CLIENT, LOGIN } from "../service.ts";
import { adminShots } from "./admin-shots.ts";
import { type Body, broken, edited, type Pairs, written } from "./bodies.ts";
import { asHeaderValue, callersOf, otherHeaders } from "./headers.ts";
import type { Shot } from "./shot.ts";
import type { Stock } from "./stock.ts";
import { spoiled, type Values, valuesOf } from "./values.ts";

/** The confidential registered clients that prove themselves by Basic. */
const SITE = "site:secret";

const METHODS = ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "OPTIONS", "PROPFIND"];

const PATHS = [
  ...["/", "/o/token/", "/o/token", "/o/revoke_token/", "/o/introspect/", "/healthz", "/o/"],
  ...["/o/.well-known/jwks.json", "/.well-known/oauth-authorization-server", "/docs", "/admin/"],
  ...["/o/.well-known/oauth-authorization-server", "/O/TOKEN/", "//o/token/", "/o/token/..;/"],
  ...["/o/%74oken/", "/o%2ftoken/", "/%2e%2e/o/token/", "/o/token/%00", "/o/token//", "/*"],
  ...["/o/:id", "/o/token/?", "/o/token#x", "/openapi.json", "/admin/users/%ff"],
];

/** How many of a hundred thousand requests are of each kind: few may cost a hash or reach D1. */
const WEIGHTS = {
  logins: 200,
  misled: 300,
  bodies: 36_000,
  grants: 8000,
  revocations: 2500,
  introspections: 5000,
  others: 33_000,
  admin: 15_000,
};

/** Every request that a run may make, around one canary and what the service has handed out. */
export function shotsOf(canary: string, stock: Stock): fc.Arbitrary<Shot> {
  const values = valuesOf(canary, stock);
  const callers = callersOf([CLIENT, SITE], values);
  const login = fc.constant<Pairs>(Object.entries(LOGIN));
  const posts = postsOf(values);
  const free = fc.oneof(
    { arbitrary: callers.proved, weight: 6 },
    { arbitrary: callers.unread, weight: 3 },
    { arbitrary: callers.bearer, weight: 1 },
  );
  const kinds: Readonly<Record<keyof typeof WEIGHTS, fc.Arbitrary<Shot>>> = {
    logins: posts("/o/token/", callers.proved, written(login)),
    misled: fc.oneof(
      posts("/o/token/", callers.proved, written(edited(login, values))),
      posts("/o/introspect/", callers.wrong, written(tokenPairs(values))),
    ),
    bodies: fc.oneof(
      posts("/o/token/", callers.unread, arbitraryBody(login, values)),
      posts("/o/token/", callers.unread, broken(written(login), values)),
      posts("/o/introspect/", callers.unread, arbitraryBody(tokenPairs(values), values)),
    ),
    grants: grantShots(values, posts, free),
    revocations: posts("/o/revoke_token/", free, arbitraryBody(tokenPairs(values), values)),
    introspections: fc.oneof(
      posts("/o/introspect/", free, arbitraryBody(tokenPairs(values), values)),
      introspectedByGet(values, callers.bearer),
    ),
    others: otherShots(values),
    admin: adminShots(callers, values),
  };
  const weighted = Object.entries(kinds).map(([kind, arbitrary]) => {
    return { arbitrary, weight: WEIGHTS[kind as keyof typeof WEIGHTS] };
  });
  const more = otherHeaders(values);
  return fc.tuple(fc.oneof(...weighted), more).map(([shot, headers]) => {
    const all = [...shot.headers, ...headers].map(([name, value]) => {
      return [name, asHeaderValue(value)] as const;
    });
    return { ...shot, headers: all };
  });
}

type Posts = (
  path: string,
  caller: fc.Arbitrary<Shot["headers"]>,
  body: fc.Arbitrary<Body>,
) => fc.Arbitrary<Shot>;

function postsOf(values: Values): Posts {
  return (path, caller, body) => {
    const query = fc.oneof(
      { arbitrary: fc.constant(""), weight: 30 },
      { arbitrary: values.any.map((text) => `?${encodeURI(text.toWellFormed())}`), weight: 1 },
    );
    return fc.tuple(caller, body, query).map(([headers, { contentType, text }, search]) => {
      const type = contentType === null ? [] : [["Content-Type", contentType] as const];
      return { method: "POST", path: path + search, headers: [...headers, ...type], body: text };
    });
  };
}

/** Sound ones most often, so that they get far. */
function arbitraryBody(sound: fc.Arbitrary<Pairs>, values: Values): fc.Arbitrary<Body> {
  return fc.oneof(
    { arbitrary: written(sound), weight: 4 },
    { arbitrary: written(edited(sound, values)), weight: 4 },
    { arbitrary: broken(written(sound), values), weight: 2 },
  );
}

/** Grants that need no password; those of a user without one of its two credentials. */
function grantShots(
  values: Values,
  posts: Posts,
  caller: fc.Arbitrary<Shot["headers"]>,
): fc.Arbitrary<Shot> {
  const tokens = fc.oneof(
    { arbitrary: values.live("refresh"), weight: 3 },
    { arbitrary: spoiled(values.live("refresh")), weight: 2 },
    { arbitrary: values.any, weight: 1 },
  );
  const scope = fc.oneof(fc.constantFrom("", "read", "read write", "admin", "READ"), values.any);
  const refresh = tokens.map((token): Pairs => {
    return [
      ["grant_type", "refresh_token"],
      ["refresh_token", token],
    ];
  });
  const own = scope.map((text): Pairs => {
    return [
      ["grant_type", "client_credentials"],
      ["scope", text],
    ];
  });
  const half = fc.tuple(fc.constantFrom("username", "password"), values.any).map(
    ([name, value]): Pairs => [
      ["grant_type", "password"],
      [name, value],
    ],
  );
  return posts(
    "/o/token/",
    caller,
    fc.oneof(
      { arbitrary: arbitraryBody(refresh, values), weight: 4 },
      { arbitrary: arbitraryBody(own, values), weight: 3 },
      { arbitrary: written(half), weight: 1 },
      { arbitrary: broken(written(half), values), weight: 2 },
    ),
  );
}

function tokenPairs(values: Values): fc.Arbitrary<Pairs> {
  const tokens = fc.oneof(
    { arbitrary: values.live("access"), weight: 3 },
    { arbitrary: spoiled(values.live("access")), weight: 2 },
    { arbitrary: values.live("refresh"), weight: 1 },
    { arbitrary: values.any, weight: 1 },
  );
  return fc.tuple(tokens, values.any).map(([token, hint]) => {
    return [
      ["token", token],
      ["token_type_hint", hint],
    ];
  });
}

function introspectedByGet(
  values: Values,
  caller: fc.Arbitrary<Shot["headers"]>,
): fc.Arbitrary<Shot> {
  return fc.tuple(tokenPairs(values), caller).map(([pairs, headers]) => {
    const query = new URLSearchParams(pairs.map(([name, value]) => [name, value.toWellFormed()]));
    return { method: "GET", path: `/o/introspect/?${query}`, headers, body: null };
  });
}

/** Every path by every method, and paths that are none. */
function otherShots(values: Values): fc.Arbitrary<Shot> {
  const paths = fc.oneof(
    { arbitrary: fc.constantFrom(...PATHS), weight: 4 },
    { arbitrary: spoiled(fc.constantFrom(...PATHS)), weight: 2 },
    { arbitrary: values.any.map((text) => `/${text.toWellFormed()}`), weight: 1 },
    { arbitrary: values.marked.map((text) => `/o/${text}?${text}`), weight: 1 },
  );
  return fc.tuple(fc.constantFrom("GET", ...METHODS), paths).map(([method, path]) => {
    return { method, path: path.startsWith("/") ? path : `/${path}`, headers: [], body: null };
  });
}
