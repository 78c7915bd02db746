import { env } from "cloudflare:workers";
import { fromBase64Url, toBase64Url } from "../../src/crypto/bytes.ts";
import { JWT_CLIENT, registerCheckers } from "./checks.ts";
import { FORGERIES, type Genuine } from "./forgeries.ts";
import { readJws } from "./jws.ts";
import { keySet, newKey, serviceKey } from "./keys.ts";
import { ask, granted, logIn } from "./requests.ts";
import { CLIENT, createService, registerDefaults } from "./service.ts";
import { otherSpellings, withOneCharacterReplaced } from "./tampering.ts";

/** Tokens that the service issued, and what others made of the same kinds elsewhere. */
export interface Specimens {
  /** Of a login; opaque. */
  readonly access: string;
  /** Of a client for itself; opaque. */
  readonly own: string;
  readonly refresh: string;
  /** Of a login; signed by {@link serviceKey}. */
  readonly jwt: Genuine;
  /** The refresh and access tokens of another login. */
  readonly another: { readonly access: string; readonly refresh: string };
  /** What a service with other keys issued for the same client and user. */
  readonly foreign: {
    readonly access: string;
    readonly own: string;
    readonly refresh: string;
    readonly jwt: string;
  };
}

/** Registers clients and users, and gets a token of each kind. */
export async function makeSpecimens(): Promise<Specimens> {
  const service = createService();
  await registerDefaults(service);
  await registerCheckers();
  const elsewhere = createService({
    TOKEN_KEYS: "b7".repeat(32),
    SIGNING_KEYS: keySet(await newKey()),
  });
  const [login, another, foreign] = [
    await logIn(service),
    await logIn(service),
    await logIn(elsewhere),
  ];
  const { access_token: jwt } = await logIn(service, {}, JWT_CLIENT);
  return {
    access: login.access_token,
    refresh: login.refresh_token,
    own: await ownToken(service),
    jwt: { token: jwt, key: serviceKey(), ...readJws(jwt) },
    another: { access: another.access_token, refresh: another.refresh_token },
    foreign: {
      access: foreign.access_token,
      refresh: foreign.refresh_token,
      own: await ownToken(elsewhere),
      jwt: (await logIn(elsewhere, {}, JWT_CLIENT)).access_token,
    },
  };
}

async function ownToken(service: ReturnType<typeof createService>): Promise<string> {
  return granted(await ask(service, { grant_type: "client_credentials" }, CLIENT)).access_token;
}

/** Bytes before the sealed part: the id of the key. */
const KEY_ID_BYTES = 4;
const PREFIX_LENGTH = 4;
const PREFIXES = ["tga_", "tgr_"];

type Make = (specimens: Specimens) => readonly string[] | Promise<readonly string[]>;

const opaque = ({ access, own, refresh }: Specimens) => [access, own, refresh];
const all = (specimens: Specimens) => [...opaque(specimens), specimens.jwt.token];

/** Every kind of token that was never issued, each with some dozens of them. */
export const FORGED_KINDS: Readonly<Record<string, Make>> = {
  "random text": () => {
    const texts = [
      "x",
      "null",
      "undefined",
      "0",
      "' OR 1=1 --",
      "__proto__",
      "../../x",
      "é",
      "\u{1f511}",
    ];
    return [...texts, ...PREFIXES, "a.b.c", "..", "eyJ", "x".repeat(4000), "\u0000", "tgr", "TGA_"];
  },
  "random bytes behind a prefix": () => {
    const lengths = [1, 3, 4, 16, 28, 29, 44, 60, 100, 300, 3000];
    return prefixed(lengths.map((length) => randomBytes(length)));
  },
  "random bytes behind a prefix and the id of the key": ({ access, refresh }) => {
    return [access, refresh].flatMap((token) => {
      const id = bytesOf(token).slice(0, KEY_ID_BYTES);
      const lengths = [0, 1, 12, 28, 29, 44, 60, 100, 300];
      return prefixed(lengths.map((length) => joined(id, randomBytes(length))));
    });
  },
  truncated: (specimens) => {
    return all(specimens).flatMap((token) => {
      const step = Math.ceil(token.length / 30);
      const cuts = Array.from({ length: 29 }, (_, index) => (index + 1) * step);
      const inside = [1, 4, 5, token.length - 1, ...cuts.filter((cut) => cut < token.length)];
      return inside.flatMap((cut) => [token.slice(0, cut), token.slice(cut)]);
    });
  },
  "bit-flipped": (specimens) => {
    return opaque(specimens).flatMap((token) => {
      const bytes = bytesOf(token);
      return Array.from({ length: 60 }, (_, index) => {
        const bit = Math.floor((index * bytes.length * 8) / 60) + (index % 8);
        return withBytes(token, flipped(bytes, bit % (bytes.length * 8)));
      });
    });
  },
  "with one character replaced": (specimens) => {
    return all(specimens).flatMap((token) => {
      return [...withOneCharacterReplaced(token)].filter((_, index) => index % 29 === 0);
    });
  },
  "with more behind or before it": (specimens) => {
    return all(specimens).flatMap((token) => [
      `${token}A`,
      `A${token}`,
      token + token,
      `${token}.`,
    ]);
  },
  "another spelling": (specimens) => all(specimens).flatMap(otherSpellings).filter(isSendable),
  "under the other prefix": (specimens) => {
    return opaque(specimens).flatMap((token) => {
      const bare = token.slice(PREFIX_LENGTH);
      return [...PREFIXES, "", "tgx_"]
        .map((prefix) => prefix + bare)
        .filter((one) => one !== token);
    });
  },
  "spliced of two logins": ({ access, refresh, another }) => {
    return [
      [access, another.access],
      [refresh, another.refresh],
      [refresh, access],
    ].flatMap(([one = "", other = ""]) => {
      // Behind the id of the key, which both have, all of a token would be the other one.
      const places = [KEY_ID_BYTES + 1, 8, 16, 20, 28, 32, 40];
      return places.flatMap((place) => [
        withBytes(one, joined(bytesOf(one).slice(0, place), bytesOf(other).slice(place))),
        withBytes(other, joined(bytesOf(other).slice(0, place), bytesOf(one).slice(place))),
      ]);
    });
  },
  "sealed or signed by another key": ({ foreign }) => Object.values(foreign),
  "sealed by another key that claims the id of the right one": ({ foreign, ...real }) => {
    return (["access", "own", "refresh"] as const).map((kind) => {
      const id = bytesOf(real[kind]).slice(0, KEY_ID_BYTES);
      return withBytes(real[kind], joined(id, bytesOf(foreign[kind]).slice(KEY_ID_BYTES)));
    });
  },
  "a JWT without its key (alg none, another alg, kid, jwk, jku, x5u, rewrapped)": ({ jwt }) => {
    return Promise.all(FORGERIES.map(([, make]) => make(jwt)));
  },
  "a key, a hash or an id instead of a token": async ({ access, jwt }) => {
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(access));
    const hex = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0"));
    const { jti, sub } = jwt.payload;
    return [
      hex.join(""),
      toBase64Url(new Uint8Array(digest)),
      String(jti),
      String(sub),
      env.TOKEN_KEYS,
    ];
  },
};

/** What HTTP carries in a header unchanged: visible characters, none of them a space. */
export function isHeaderValue(token: string): boolean {
  return /^[\x21-\x7e]+$/.test(token);
}

/** What is not taken for no token at all. */
function isSendable(token: string): boolean {
  return token !== "";
}

function prefixed(all: readonly Uint8Array<ArrayBuffer>[]): string[] {
  return all.flatMap((bytes) => PREFIXES.map((prefix) => prefix + toBase64Url(bytes)));
}

function bytesOf(token: string): Uint8Array<ArrayBuffer> {
  const bytes = fromBase64Url(token.slice(PREFIX_LENGTH));
  if (bytes === null) throw new Error("this is no opaque token");
  return bytes;
}

function withBytes(token: string, bytes: Uint8Array<ArrayBuffer>): string {
  return token.slice(0, PREFIX_LENGTH) + toBase64Url(bytes);
}

function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

function flipped(bytes: Uint8Array, bit: number): Uint8Array<ArrayBuffer> {
  const changed = Uint8Array.from(bytes);
  changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return changed;
}

function randomBytes(length: number): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(length));
}
