import type { Forgery } from "./forgeries.ts";
import { type Claims, signer, writeJws } from "./jws.ts";

/** A claim or header with this value is left out. */
const ABSENT = undefined;

/** Well signed, and to be rejected for a header. */
function withHeader(name: string, headers: Claims): Forgery {
  return [
    name,
    ({ header, payload, key }) => writeJws({ ...header, ...headers }, payload, signer(key)),
  ];
}

/** Well signed, and to be rejected for a claim. */
export function withClaims(name: string, claims: Claims): Forgery {
  return [
    name,
    ({ header, payload, key }) => writeJws(header, { ...payload, ...claims }, signer(key)),
  ];
}

/** Well signed, and to be rejected for how a part is written. */
function written(name: string, write: (json: { header: string; payload: string }) => unknown[]) {
  return [
    name,
    async ({ header, payload, key }) => {
      const json = { header: JSON.stringify(header), payload: JSON.stringify(payload) };
      const [oddHeader = json.header, oddPayload = json.payload] = write(json);
      return writeJws(oddHeader, oddPayload, signer(key));
    },
  ] satisfies Forgery;
}

const seconds = () => Math.floor(Date.now() / 1000);

const ODD_DATES: readonly unknown[] = ["4102444800", "soon", "", null, true, [4_102_444_800], {}];

const DATES: readonly Forgery[] = [
  ...["exp", "iat", "nbf"].flatMap((claim) =>
    ODD_DATES.map((date) => withClaims(`${claim} ${JSON.stringify(date)}`, { [claim]: date })),
  ),
  withClaims("an endless exp", { exp: 1e21 }),
  withClaims("an exp of long ago", { exp: 1 }),
  withClaims("an exp of zero", { exp: 0 }),
  withClaims("an exp before all time", { exp: -1 }),
  withClaims("an exp beyond the leeway", { exp: seconds() - 31 }),
  withClaims("no exp", { exp: ABSENT }),
  withClaims("an nbf to come", { nbf: seconds() + 600 }),
];

const CRITICAL: readonly Forgery[] = [
  withHeader("crit of an unknown extension", { crit: ["unknown"], unknown: 1 }),
  withHeader("crit of a registered header", { crit: ["alg"] }),
  withHeader("crit of nothing", { crit: [] }),
  withHeader("crit that is no list", { crit: "exp" }),
  withHeader("crit of what is not there", { crit: ["b64"] }),
  withHeader("b64 true and critical", { crit: ["b64"], b64: true }),
  withHeader("b64 false and critical", { crit: ["b64"], b64: false }),
  withHeader("b64 false and not critical", { b64: false }),
  [
    "an unencoded payload",
    async ({ header, payload, key }) => {
      const unencoded = { ...header, crit: ["b64"], b64: false };
      const [encoded] = (await writeJws(unencoded, payload, signer(key))).split(".");
      const raw = JSON.stringify(payload);
      const [, , signature] = (
        await writeJws(unencoded, raw, () => signer(key)(`${encoded}.${raw}`))
      ).split(".");
      return `${encoded}.${raw}.${signature}`;
    },
  ],
];

const FOREIGN_KEYS: readonly Forgery[] = [
  withHeader("jku", { jku: "https://evil.example/jwks.json" }),
  withHeader("x5u", { x5u: "https://evil.example/cert.pem" }),
  withHeader("x5c", { x5c: ["AAAA"] }),
  withHeader("jwk", { jwk: { kty: "oct", k: "AAAA" } }),
];

const WRITTEN: readonly Forgery[] = [
  ...["iss", "sub", "aud", "exp", "jti"].map((claim) =>
    written(`${claim} twice`, ({ payload }) => [
      undefined,
      payload.replace("{", `{${JSON.stringify(claim)}:"another one",`),
    ]),
  ),
  written("aud twice, once in escapes", ({ payload }) => [
    undefined,
    payload.replace("{", '{"\\u0061ud":"another one",'),
  ]),
  written("a name twice inside a claim", ({ payload }) => [
    undefined,
    payload.replace("{", '{"roles":{"admin":false,"admin":true},'),
  ]),
  written("alg twice", ({ header }) => [header.replace("{", '{"alg":"none",')]),
  written("kid twice", ({ header }) => [header.replace("{", '{"kid":"another",')]),
  written("an exp past all numbers", ({ payload }) => [
    undefined,
    payload.replace(/"exp":\d+/, '"exp":1e999'),
  ]),
  written("a list for claims", ({ payload }) => [undefined, `[${payload}]`]),
  written("a JWT for claims", () => [undefined, '"a.b.c"']),
  written("no claims", () => [undefined, "null"]),
  written("claims that are no JSON", ({ payload }) => [undefined, `${payload}}`]),
  withClaims("more than 12 KiB", { padding: "x".repeat(9000) }),
  [
    "a good JWT nested",
    ({ header, token, key }) => {
      return writeJws({ ...header, cty: "JWT" }, token, signer(key));
    },
  ],
];

/** Made with the right key, and yet not what the receiver may take. */
export const INVALID_JWTS: readonly Forgery[] = [
  ...DATES,
  ...CRITICAL,
  ...FOREIGN_KEYS,
  ...WRITTEN,
];

/** Well signed with a `typ` that says that it is something else. */
export function typedAs(...types: readonly unknown[]): readonly Forgery[] {
  return types.map((typ) => withHeader(`typ ${JSON.stringify(typ)}`, { typ }));
}

/** Well signed, with one claim left out. */
export function without(...claims: readonly string[]): readonly Forgery[] {
  return claims.map((claim) => withClaims(`no ${claim}`, { [claim]: ABSENT }));
}
