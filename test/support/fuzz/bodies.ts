import fc from "fast-check";
import { spoiled, type Values } from "./values.ts";

/** Parameters in order; a name may occur twice. */
export type Pairs = readonly (readonly [name: string, value: string])[];

/** A body with the media type that it says to be of; null says none. */
export interface Body {
  readonly contentType: string | null;
  readonly text: string;
}

const FORM = "application/x-www-form-urlencoded";
const BOUNDARY = "tollgate";

const NAMES = [
  ...["grant_type", "username", "password", "scope", "client_id", "client_secret", "refresh_token"],
  ...["token", "token_type_hint", "resource", "client_assertion", "client_assertion_type"],
  ...["state", "__proto__", "constructor", "", "a[]", "a.b", "GRANT_TYPE", "grant_type "],
];

const GRANT_TYPES = [
  ...["password", "refresh_token", "client_credentials", "authorization_code", "Password"],
  ...["urn:ietf:params:oauth:grant-type:jwt-bearer", "__proto__", "toString"],
];

/** Sound parameters, edited a few times. */
export function edited(sound: fc.Arbitrary<Pairs>, values: Values): fc.Arbitrary<Pairs> {
  const name = fc.oneof(
    { arbitrary: fc.constantFrom(...NAMES), weight: 5 },
    { arbitrary: values.marked, weight: 1 },
  );
  const edit = fc.oneof(
    fc.tuple(name, values.any).map(([key, value]) => (pairs: Pairs) => {
      return [...pairs.filter(([other]) => other !== key), [key, value]] as const;
    }),
    fc.tuple(name, values.any).map((pair) => (pairs: Pairs) => [...pairs, pair] as const),
    fc.nat(5).map((at) => (pairs: Pairs) => pairs.filter((_, index) => index !== at)),
    fc.constantFrom(...GRANT_TYPES).map((type) => (pairs: Pairs) => {
      return [["grant_type", type], ...pairs.filter(([other]) => other !== "grant_type")] as const;
    }),
    fc.nat(100).map((count) => (pairs: Pairs) => {
      return [
        ...pairs,
        ...Array.from({ length: count }, (_, index) => [`x${index}`, "y"] as const),
      ];
    }),
  );
  const edits = fc.array(edit, { minLength: 1, maxLength: 3 });
  return fc.tuple(sound, edits).map(([pairs, all]) => {
    return all.reduce<Pairs>((edited, change) => change(edited), pairs);
  });
}

/** Parameters, written down in one of the ways that there are. */
export function written(pairs: fc.Arbitrary<Pairs>): fc.Arbitrary<Body> {
  return fc.oneof(
    { arbitrary: pairs.map((all) => ({ contentType: FORM, text: formOf(all) })), weight: 5 },
    { arbitrary: pairs.map((all) => ({ contentType: null, text: formOf(all) })), weight: 1 },
    { arbitrary: pairs.map(jsonOf), weight: 2 },
    { arbitrary: pairs.map(multipartOf), weight: 2 },
  );
}

/** A body that is spoiled as bytes are, or whose media type is not its own. */
export function broken(body: fc.Arbitrary<Body>, values: Values): fc.Arbitrary<Body> {
  const contentType = fc.oneof(
    fc.constantFrom(
      ...[FORM, `${FORM}; charset=latin-1`, `${FORM};`, "APPLICATION/JSON", "application/json"],
      ...["multipart/form-data", `multipart/form-data; boundary=${BOUNDARY}`, "text/plain", ""],
      ...['multipart/form-data; boundary=""', "multipart/form-data; boundary=x; boundary=y"],
      ...[
        "application/json, text/plain",
        "application/merge-patch+json",
        ";",
        "a/b/c",
        "__proto__",
      ],
    ),
    values.marked,
  );
  const spoiledText = body.chain(({ contentType: type, text }) => {
    return spoiled(fc.constant(text)).map((spoiledOnce) => ({
      contentType: type,
      text: spoiledOnce,
    }));
  });
  return fc.oneof(
    spoiledText,
    fc.tuple(body, contentType).map(([{ text }, type]) => ({ contentType: type, text })),
    fc.tuple(contentType, values.any).map(([type, text]) => ({ contentType: type, text })),
    oddJson(values),
  );
}

function oddJson(values: Values): fc.Arbitrary<Body> {
  return values.any.map((value) => {
    const text = JSON.stringify(value);
    const all = [
      `{"grant_type":${text},"grant_type":${text}}`,
      `{"__proto__":{"grant_type":${text}}}`,
      `[${text}]`,
      text,
      `{"username":{"$ne":${text}}}`,
      `{"username":[${text}]}`,
      `${"[".repeat(value.length)}${text}`,
      `{${text}:1e400}`,
      `{"a":${text}} {"b":1}`,
      `\ufeff{"a":${text}}`,
    ];
    return { contentType: "application/json", text: all[value.length % all.length] ?? "" };
  });
}

/** Text after a percent sign, or with bytes that are no UTF-8, is sent unchanged. */
function formEscaped(text: string): string {
  if (/[%\uf700-\uf7ff]/.test(text)) return text.replaceAll(/[&=+]/g, "");
  return encodeURIComponent(text.toWellFormed());
}

function formOf(pairs: Pairs): string {
  return pairs.map(([name, value]) => `${formEscaped(name)}=${formEscaped(value)}`).join("&");
}

function jsonOf(pairs: Pairs): Body {
  const members = pairs.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  return { contentType: "application/json", text: `{${members.join(",")}}` };
}

function multipartOf(pairs: Pairs): Body {
  const parts = pairs.map(([name, value]) => {
    const file = value.length % 7 === 6 ? '; filename="x"' : "";
    const head = `Content-Disposition: form-data; name="${name}"${file}`;
    return `--${BOUNDARY}\r\n${head}\r\n\r\n${value}\r\n`;
  });
  const contentType = `multipart/form-data; boundary=${BOUNDARY}`;
  return { contentType, text: `${parts.join("")}--${BOUNDARY}--\r\n` };
}
