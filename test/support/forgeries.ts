import { exportSPKI, importJWK, type JWK } from "jose";
import { fromBase64, fromBase64Url, toBase64Url, utf8 } from "../../src/crypto/bytes.ts";
import {
  algorithmOf,
  type Claims,
  hmacSigner,
  type Signer,
  signer,
  unsigned,
  writeJws,
} from "./jws.ts";
import { keyId, newKey, publicHalf } from "./keys.ts";

/** A good token, and the key that signed it (ES256). */
export interface Genuine {
  readonly token: string;
  readonly header: Claims;
  readonly payload: Claims;
  readonly key: JWK;
}

/** A forgery that is made from a valid token. */
export type Forgery = readonly [name: string, make: (genuine: Genuine) => Promise<string>];

const attackerKey = newKey();

/** Signed by an attacker's key, with other headers than the valid token has. */
function byAttacker(name: string, headers: (genuine: Genuine) => Claims | Promise<Claims>) {
  return forgery(name, async (genuine) => {
    const header = { ...genuine.header, ...(await headers(genuine)) };
    return writeJws(header, genuine.payload, signer(await attackerKey));
  });
}

function forgery(name: string, make: Forgery[1]): Forgery {
  return [name, make];
}

/** The good token's own content under another `alg`, signed in some way without its key. */
function underAlg(name: string, alg: unknown, sign: (genuine: Genuine) => Promise<Signer>) {
  return forgery(name, async (genuine) => {
    return writeJws({ ...genuine.header, alg }, genuine.payload, await sign(genuine));
  });
}

const withGenuineSignature = async ({ token }: Genuine): Promise<Signer> => {
  const bytes = fromBase64Url(token.slice(token.lastIndexOf(".") + 1)) ?? new Uint8Array();
  return async () => bytes;
};

const withBytes = (bytes: (genuine: Genuine) => Uint8Array<ArrayBuffer>) => {
  return async (genuine: Genuine): Promise<Signer> => {
    return async () => bytes(genuine);
  };
};

/** RFC 8725 §2.1: no signature at all. */
const ALG_NONE: readonly Forgery[] = [
  ...["none", "None", "NONE", "nOnE", "", null, 0, ["none"], undefined].flatMap((alg) => [
    underAlg(`alg ${JSON.stringify(alg)} and no signature`, alg, async () => unsigned),
    underAlg(`alg ${JSON.stringify(alg)} and a signature`, alg, withGenuineSignature),
  ]),
  forgery("no third part", async ({ token }) => token.split(".").slice(0, 2).join(".")),
  underAlg("the right alg and no signature", "ES256", async () => unsigned),
];

/** RFC 8725 §2.1: the public key as the secret of an HMAC, in every form that it is handed out. */
export const ALG_CONFUSION: readonly Forgery[] = [
  ...["HS256", "HS384", "HS512"].flatMap((alg) => {
    const hash = alg.replace("HS", "SHA-");
    const secrets: [string, (key: JWK) => Promise<Uint8Array<ArrayBuffer>>][] = [
      ["public key as JSON", async (key) => utf8(JSON.stringify(publicHalf(key)))],
      ["public key as DER", async (key) => der(key)],
      ["public key as PEM", async (key) => utf8(await pem(key))],
      ["key's number", async ({ x, n }) => utf8(x ?? n ?? "")],
      ["key id", async (key) => utf8(await keyId(key))],
      ["zero byte", async () => new Uint8Array(1)],
    ];
    return secrets.map(([name, secret]) => {
      return underAlg(`${alg} with the ${name}`, alg, async ({ key }) => {
        return hmacSigner(await secret(key), hash);
      });
    });
  }),
  ...["RS256", "PS256", "EdDSA", "ES384", "ES512", "ES256K", "Ed25519", "es256"].map((alg) => {
    return underAlg(`alg ${alg} over the signature of another alg`, alg, withGenuineSignature);
  }),
];

/** Signatures that careless arithmetic takes for good ones. */
const WEAK_SIGNATURES: readonly Forgery[] = [
  underAlg(
    "a signature of zeros",
    "ES256",
    withBytes(() => new Uint8Array(64)),
  ),
  underAlg(
    "a signature of ones",
    "ES256",
    withBytes(() => new Uint8Array(64).fill(255)),
  ),
  underAlg(
    "an empty DER signature",
    "ES256",
    withBytes(() => Uint8Array.of(48, 0)),
  ),
  underAlg(
    "r and s of one",
    "ES256",
    withBytes(() => new Uint8Array(64).fill(1, 31, 32).fill(1, 63)),
  ),
  forgery("a signature cut short", async ({ token }) => token.slice(0, -4)),
  forgery("a signature with bytes behind it", async ({ token }) => `${token}AAAA`),
];

/** RFC 8725 §3.10: a key id is input, and so an attack on whatever it is looked up with. */
const KEY_IDS: readonly Forgery[] = [
  byAttacker("an attacker's signature under the right kid", () => ({})),
  byAttacker("an attacker's own kid", async () => ({ kid: await keyId(await attackerKey) })),
  ...[
    ...[undefined, "", null, 0, true, {}, "../../dev/null", "' OR '1'='1", "__proto__"],
    ...["constructor", "file:///dev/null", "https://evil.example/jwks.json", "0", "x".repeat(4000)],
  ].map((kid) => byAttacker(`kid ${JSON.stringify(kid)?.slice(0, 40)}`, () => ({ kid }))),
  byAttacker("kid in a list", ({ header }) => ({ kid: [header["kid"]] })),
  byAttacker("kid with a NUL", async ({ key }) => ({ kid: `${await keyId(key)}\0` })),
];

/** RFC 8725 §2.9 and §3.10: a key that the token brings along. */
const KEY_HEADERS: readonly Forgery[] = [
  byAttacker("jwk", async () => ({ jwk: publicHalf(await attackerKey) })),
  byAttacker("jwk and no kid", async () => ({
    jwk: publicHalf(await attackerKey),
    kid: undefined,
  })),
  byAttacker("jku", () => ({ jku: "https://evil.example/jwks.json" })),
  byAttacker("jku and its kid", async () => ({
    jku: "https://evil.example/jwks.json",
    kid: await keyId(await attackerKey),
  })),
  byAttacker("x5u", () => ({ x5u: "https://evil.example/cert.pem" })),
  byAttacker("x5c", async () => ({ x5c: [await pem(await attackerKey)] })),
  byAttacker("x5t", () => ({ x5t: "AAAAAAAAAAAAAAAAAAAAAAAAAAA" })),
];

/** The content changed under a signature that stays, and other wrappings of a good token. */
const REWRAPPED: readonly Forgery[] = [
  ...[
    { scope: "read write groups introspection admin" },
    { sub: "another user" },
    { exp: 4_102_444_800 },
    { iss: "https://evil.example" },
  ].map((claims) => {
    return forgery(`${Object.keys(claims)} changed`, async (genuine) => {
      const sign = await withGenuineSignature(genuine);
      return writeJws(genuine.header, { ...genuine.payload, ...claims }, sign);
    });
  }),
  forgery("a claim written twice", async (genuine) => {
    const sign = await withGenuineSignature(genuine);
    const twice = JSON.stringify(genuine.payload).replace("{", '{"sub":"another user",');
    return writeJws(genuine.header, twice, sign);
  }),
  forgery("nested in an attacker's JWT", async ({ header, token }) => {
    return writeJws({ ...header, cty: "JWT" }, token, signer(await attackerKey));
  }),
  forgery("nested in an unsigned JWT", async ({ token }) => {
    return writeJws({ alg: "none", cty: "JWT" }, token, unsigned);
  }),
  forgery("a JWE in name", async ({ token }) => {
    const header = toBase64Url(utf8('{"alg":"dir","enc":"A128GCM","cty":"JWT"}'));
    return `${header}..AAAAAAAAAAAAAAAA.${toBase64Url(utf8(token))}.AAAAAAAAAAAAAAAAAAAAAA`;
  }),
  forgery("JWS in flattened JSON", async ({ token }) => {
    const [header, payload, signature] = token.split(".");
    return JSON.stringify({ protected: header, payload, signature });
  }),
  forgery("no payload", async ({ token }) => token.replace(/\.[^.]*\./, "..")),
  forgery("only dots", async () => ".."),
  forgery("four parts", async ({ token }) => `${token}.AAAA`),
];

/** Made without the key. */
export const FORGERIES: readonly Forgery[] = [
  ...ALG_NONE,
  ...ALG_CONFUSION,
  ...WEAK_SIGNATURES,
  ...KEY_IDS,
  ...KEY_HEADERS,
  ...REWRAPPED,
];

async function pem(key: JWK): Promise<string> {
  const options = { extractable: true };
  return exportSPKI((await importJWK(publicHalf(key), algorithmOf(key), options)) as CryptoKey);
}

async function der(key: JWK): Promise<Uint8Array<ArrayBuffer>> {
  const base64 = (await pem(key)).replace(/-----[^-]+-----|\n/g, "");
  return fromBase64(base64) ?? new Uint8Array();
}
