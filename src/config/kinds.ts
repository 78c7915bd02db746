import { parseRingKeys } from "../crypto/key-ring.ts";
import { parseJwkSet } from "../crypto/signing-keys.ts";
import { problemOfPublicUrl } from "../protocol/public-url.ts";
import { parseScope, type Scope } from "../protocol/scope.ts";

/** The type of a setting: how it is read, and which values are valid. */
export interface Kind<Value> {
  /** Completes the sentence "it must be ...". */
  readonly allowed: string;
  /** Reads the platform's value, which is never absent or empty here. */
  readonly read: (value: unknown) => Read<Value>;
}

/** A value, or a problem that completes the sentence "NAME ...". */
export type Read<Value> = { readonly value: Value } | { readonly problem: string };

/** Hosts to which a password may be sent without TLS: this machine. */
const LOOPBACK = ["localhost", "127.0.0.1", "[::1]"];

/** Longest quoted part of an invalid value, in characters. */
const QUOTE_LENGTH_MAX = 40;

/**
 * A whole number: a number in wrangler.toml, a string of digits from `--var` and the dashboard.
 */
export function integer(min: number, max: number): Kind<number> {
  return {
    allowed: `a whole number from ${min} to ${max}`,
    read(given) {
      const value = typeof given === "string" && /^\d{1,12}$/.test(given) ? Number(given) : given;
      const isWhole = typeof value === "number" && Number.isInteger(value);
      return isWhole && value >= min && value <= max ? { value } : { problem: quote(given) };
    },
  };
}

/** One of several words. */
export function choice<const Option extends string>(...options: readonly Option[]): Kind<Option> {
  return {
    allowed: options.join(" or "),
    read(given) {
      const value = options.find((option) => option === given);
      return value === undefined ? { problem: quote(given) } : { value };
    },
  };
}

/** Off or on. */
export const SWITCH: Kind<"off" | "on"> = choice("off", "on");

/** A time from a second to a year. */
export const SECONDS: Kind<number> = integer(1, 31_536_000);

/** Any text. Never quoted, since it may be a secret. */
export const TEXT: Kind<string> = {
  allowed: "text",
  read: (given) => (typeof given === "string" ? { value: given } : { problem: "is not text" }),
};

/** Words separated by spaces. */
export const WORDS: Kind<readonly string[]> = {
  allowed: "words separated by spaces",
  read(given) {
    if (typeof given !== "string") return { problem: "is not text" };
    return { value: given.split(" ").filter((word) => word !== "") };
  },
};

/** Scope names. */
export const SCOPES: Kind<Scope> = {
  allowed: "scope names separated by spaces, at most 100 names and 2000 characters",
  read(given) {
    const value = typeof given === "string" ? parseScope(given) : null;
    return value === null || value.length === 0 ? { problem: quote(given) } : { value };
  },
};

/** An issuer identifier (RFC 8414 §2), normalised, without a trailing slash. */
export const ISSUER: Kind<string> = {
  allowed: "a URL such as https://login.example.com, with no path or one of PATH_PREFIX",
  read(given) {
    const url = typeof given === "string" ? URL.parse(given) : null;
    const isHttp = url !== null && /^https?:$/.test(url.protocol);
    if (!isHttp) return { problem: "is not an http(s) URL" };
    const value = url.origin + url.pathname.replace(/\/$/, "");
    if (given === value) return { value };
    return {
      problem: "has a trailing slash, a query, a user name, or is not normalised",
    };
  },
};

/** Paths that the service uses under any prefix. */
const RESERVED = ["admin", "docs", "healthz", "openapi.json", ".well-known", "cdn-cgi"];

/** Most prefixes: the router tries all. */
const PREFIXES_MAX = 8;

/** Path prefixes of the endpoints. */
export const PATH_PREFIXES: Kind<readonly string[]> = {
  allowed:
    `1 to ${PREFIXES_MAX} paths such as /o or /api/o, separated by spaces: letters, digits and ` +
    `._~- in each part, no trailing slash, and not under /${RESERVED.join(", /")}`,
  read(given) {
    const value = typeof given === "string" ? given.split(" ").filter((part) => part !== "") : [];
    const wrong = value.find((prefix) => !isPrefix(prefix));
    if (wrong !== undefined || value.length === 0) return { problem: quote(wrong ?? given) };
    if (value.length > PREFIXES_MAX) return { problem: `has ${value.length} paths` };
    const duplicate = value.find((prefix, index) => value.indexOf(prefix) < index);
    return duplicate === undefined ? { value } : { problem: `has ${duplicate} twice` };
  },
};

/** Rejects `.` and `..`, which clients resolve before they send a request. */
function isPrefix(path: string): boolean {
  const [, first = "", ...others] = path.split("/");
  const hasDots = [first, ...others].some((part) => /^\.{1,2}$/.test(part));
  return /^(?:\/[\w.~-]+)+$/.test(path) && !hasDots && !RESERVED.includes(first);
}

/** A token endpoint to which passwords are sent. Never quoted, since it may contain a secret. */
export const TOKEN_ENDPOINT: Kind<string> = {
  allowed: "an https URL such as https://old.example.com/o/token/",
  read(given) {
    const url = typeof given === "string" ? URL.parse(given) : null;
    if (url === null) return { problem: "is not a URL" };
    const isLoopback = url.protocol === "http:" && LOOPBACK.includes(url.hostname);
    if (url.protocol !== "https:" && !isLoopback) return { problem: "is not https" };
    if (url.username || url.password) return { problem: "has a user name or a password in it" };
    return url.hash ? { problem: "has a fragment" } : { value: url.href };
  },
};

/** Most hosts in one setting. */
const HOSTS_MAX = 100;

/** Hosts whose client ID metadata documents are accepted; none or all. */
export const DOCUMENT_POLICY: Kind<"off" | "open" | readonly string[]> = {
  allowed: `off, open, or at most ${HOSTS_MAX} hosts such as claude.ai, separated by spaces`,
  read(given) {
    if (given === "off" || given === "open") return { value: given };
    const hosts = typeof given === "string" ? given.split(" ").filter((part) => part !== "") : [];
    const wrong = hosts.find((host) => problemOfPublicUrl(`https://${host}/path`, null) !== null);
    if (wrong !== undefined || hosts.length === 0) return { problem: quote(wrong ?? given) };
    return hosts.length > HOSTS_MAX ? { problem: `has ${hosts.length} hosts` } : { value: hosts };
  },
};

/** 256-bit keys. The first one seals. */
export const RING_KEYS: Kind<readonly Uint8Array<ArrayBuffer>[]> = {
  allowed: "64 hexadecimal digits per key (openssl rand -hex 32), separated by commas",
  read: (given) => secret(parseRingKeys(String(given))),
};

/** Private keys for JWTs. The first one signs. */
export const SIGNING_KEYS: Kind<Exclude<ReturnType<typeof parseJwkSet>, string>> = {
  allowed: "a JWK set of private keys, as `key add --signing` makes it",
  read: (given) => secret(parseJwkSet(String(given))),
};

/** @param parsed a value, or a problem that contains no key */
function secret<Value>(parsed: Value | string): Read<Value> {
  return typeof parsed === "string" ? { problem: `is invalid (${parsed})` } : { value: parsed };
}

function quote(given: unknown): string {
  const text = JSON.stringify(given) ?? typeof given;
  const short = text.length > QUOTE_LENGTH_MAX ? `${text.slice(0, QUOTE_LENGTH_MAX)}...` : text;
  return `is ${short}`;
}

/** A short text for people. */
export const TITLE: Kind<string> = {
  allowed: "a text of 1 to 60 characters",
  read: (given) =>
    typeof given === "string" && /^[^\p{C}]{1,60}$/u.test(given)
      ? { value: given }
      : { problem: quote(given) },
};

/** Longest image in a page, in characters. */
const IMAGE_LENGTH_MAX = 20_000;

/** An image that a page may show: pages load nothing from other hosts. */
export const IMAGE: Kind<string> = {
  allowed: "a data: URI of an image with at most 20000 characters, or a path such as /logo.svg",
  read(given) {
    const isImage =
      typeof given === "string" &&
      given.length <= IMAGE_LENGTH_MAX &&
      /^(?:data:image\/(?:png|svg\+xml|webp|jpeg|gif)[;,][\x21\x23-\x7e]+|\/[\w./~-]+)$/.test(
        given,
      );
    return isImage && !given.startsWith("//") ? { value: given } : { problem: quote(given) };
  },
};

/** A colour in hexadecimal. */
export const COLOR: Kind<string> = {
  allowed: "a colour such as #0b6b3a",
  read: (given) =>
    typeof given === "string" && /^#[\da-f]{6}$/i.test(given)
      ? { value: given.toLowerCase() }
      : { problem: quote(given) },
};

/** What scopes allow, in words: JSON, or a table of wrangler.toml. */
export const SCOPE_TEXTS: Kind<Readonly<Record<string, string>>> = {
  allowed: "a JSON object of scope names and texts",
  read(given) {
    let value: unknown = given;
    try {
      if (typeof given === "string") value = JSON.parse(given);
    } catch {
      return { problem: "is not JSON" };
    }
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    if (!isObject) return { problem: quote(given) };
    const entries = Object.entries(value as object);
    const isWhole = entries.every(([name, text]) => {
      return parseScope(name)?.length === 1 && typeof text === "string" && text.length <= 200;
    });
    return isWhole ? { value: value as Record<string, string> } : { problem: quote(given) };
  },
};
