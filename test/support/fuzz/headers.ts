import fc from "fast-check";
import type { Shot } from "./shot.ts";
import { spoiled, type Values } from "./values.ts";

type Headers = Shot["headers"];

/** Who a request says it is from, by how dear it is: a wrong secret costs a hash. */
export interface Callers {
  /** The right Basic of a confidential client. */
  readonly proved: fc.Arbitrary<Headers>;
  /** Nothing, or what no client can be read from. */
  readonly unread: fc.Arbitrary<Headers>;
  /** A client that is unknown, or whose secret is wrong. */
  readonly wrong: fc.Arbitrary<Headers>;
  /** A bearer token, right or not. */
  readonly bearer: fc.Arbitrary<Headers>;
}

/** The registered origin, which alone a response may name. */
export const ORIGIN = "https://app.example.com";

/** Builds {@link Callers} for HTTP Basic credentials that are right. */
export function callersOf(credentials: readonly string[], values: Values): Callers {
  const basic = (text: fc.Arbitrary<string>) => text.map((all) => `Basic ${base64(all)}`);
  const right = basic(fc.constantFrom(...credentials));
  const unreadable = fc.oneof(
    spoiled(fc.constant("Basic")),
    values.any.map((text) => `Basic ${text}`),
    basic(values.marked.map((text) => text.replaceAll(":", ""))),
    values.marked.map((text) => `${text} ${text}`),
    values.marked.map((text) => `Digest username="${text}"`),
  );
  const wrong = fc.oneof(
    basic(values.any.map((text) => `${text}:${text}`)),
    basic(fc.constantFrom(...credentials).map((text) => `${text}x`)),
    spoiled(right),
  );
  const tokens = fc.oneof(values.live("access"), values.live("admin"), values.live("refresh"));
  const bearer = fc.oneof(tokens, spoiled(tokens), values.any).map((text) => `Bearer ${text}`);
  const asHeader = (text: fc.Arbitrary<string>) => {
    return text.map((value): Headers => [["Authorization", value]]);
  };
  return {
    proved: asHeader(right),
    unread: fc.oneof(fc.constant<Headers>([]), asHeader(unreadable)),
    wrong: asHeader(wrong),
    bearer: asHeader(bearer),
  };
}

/** The other headers that the service or its platform reads, and some that neither should. */
export function otherHeaders(values: Values): fc.Arbitrary<Headers> {
  const names = fc.constantFrom(
    ...["Idempotency-Key", "Origin", "X-Request-Id", "Accept", "User-Agent", "Cookie", "cf-ray"],
    ...["CF-Connecting-IP", "X-Forwarded-For", "X-Forwarded-Host", "X-HTTP-Method-Override"],
    ...["Access-Control-Request-Method", "Access-Control-Request-Headers", "If-None-Match"],
    ...["Referer", "Range", "Content-Encoding", "X-Original-URL", "Accept-Language", "Forwarded"],
  );
  const known = fc.constantFrom<readonly [string, string]>(
    ...([
      ["Idempotency-Key", "one"],
      ["Idempotency-Key", "x".repeat(256)],
      ["Origin", ORIGIN],
      ["Origin", "null"],
      ["Accept", "text/html"],
      ["X-HTTP-Method-Override", "DELETE"],
      ["Content-Encoding", "gzip"],
      ["cf-ray", "0123456789abcdef-AMS"],
    ] as const),
  );
  const header = fc.oneof(
    fc.tuple(names, values.any),
    known,
    values.marked.map((text): [string, string] => [`X-${text.replaceAll(/\W/g, "")}`, text]),
  );
  return fc.oneof(
    { arbitrary: fc.constant<Headers>([]), weight: 3 },
    { arbitrary: fc.array(header, { minLength: 1, maxLength: 4 }), weight: 2 },
  );
}

/**
 * What a header can hold. Bytes beyond ASCII are left to the tests over a socket: workerd writes a
 * warning for each that a test puts into a `Request`.
 */
export function asHeaderValue(text: string): string {
  return text.replaceAll(/[^\t\x20-\x7e]/g, " ").trim();
}

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
