import type { ClientEntry } from "../admin/entries.ts";
import type { ClientAuthMethod } from "../protocol/names.ts";
import { classifyRedirectUri, isRedirectPattern } from "../protocol/redirect-uri.ts";
import { type DumpRecord, textOf } from "./dump-record.ts";
import type { Tally } from "./report.ts";

/** What the operator says about PKCE at the old server; null: nothing. A dump does not tell. */
export type PkcePolicy = "required" | "optional" | null;

/** The fields of a client that only the authorization endpoint reads. */
type CodeFields = Pick<
  ClientEntry,
  | "redirect_uris"
  | "redirect_uri_patterns"
  | "post_logout_redirect_uris"
  | "skip_consent"
  | "require_pkce"
>;

/** What `mapApplication` has decided before. */
interface Decided {
  readonly method: ClientAuthMethod;
  readonly usesCodes: boolean;
  readonly pkce: PkcePolicy;
}

/** DOT 1.7 shows the code on a page of its own instead of redirecting. */
const OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob";

/** Reads the redirect URIs of an application and what depends on them. */
export function codeFieldsOf(
  fields: DumpRecord["fields"],
  { method, usesCodes, pkce }: Decided,
  remarks: string[],
): CodeFields {
  const { uris, patterns } = urisOf(fields, "redirect_uris", remarks);
  const afterLogout = urisOf(fields, "post_logout_redirect_uris", remarks);
  if (afterLogout.patterns.length > 0) remarks.push(skipped("post_logout_redirect_uris"));
  if (usesCodes && uris.length + patterns.length === 0) {
    remarks.push("redirect_uris: none is left; set them with `client update ID --redirect-uris`");
  }
  if (usesCodes && fields["algorithm"] === "HS256") {
    remarks.push(
      "algorithm: HS256 becomes RS256; the client must verify ID tokens with the keys of jwks_uri",
    );
  }
  const isPublic = method === "none";
  if (usesCodes && isPublic && pkce === "optional") {
    remarks.push("a public client must use PKCE here");
  }
  return {
    redirect_uris: uris,
    redirect_uri_patterns: patterns,
    post_logout_redirect_uris: afterLogout.uris,
    skip_consent: skipsConsent(fields, { uris, patterns }, remarks),
    require_pkce: !usesCodes || isPublic || pkce === "required",
  };
}

/** The URIs of a field, which DOT separates by white space. */
interface Uris {
  readonly uris: string[];
  readonly patterns: string[];
}

function urisOf(fields: DumpRecord["fields"], name: string, remarks: string[]): Uris {
  const words = new Set(
    textOf(fields[name])
      .split(/\s+/)
      .filter((word) => word !== ""),
  );
  const all = [...words].filter((word) => !word.startsWith(OUT_OF_BAND));
  // DOT 3 can allow a wildcard in place of the first label of a host.
  const patterns = all.filter(isRedirectPattern);
  const uris = all.filter((uri) => !uri.includes("*") && classifyRedirectUri(uri) !== null);
  if (uris.length + patterns.length < words.size) remarks.push(skipped(name));
  return { uris, patterns };
}

function skipped(name: string): string {
  return (
    `${name}: skipped values that are not https, http on this computer or the scheme of an app, ` +
    "or that have a fragment"
  );
}

/** Another program can receive what is sent to this computer or to a scheme (RFC 8252 §8.6). */
function skipsConsent(
  { skip_authorization: skips }: DumpRecord["fields"],
  { uris, patterns }: Uris,
  remarks: string[],
): boolean {
  if (skips !== true) return false;
  const isSafe = patterns.length === 0 && uris.every((uri) => classifyRedirectUri(uri) === "https");
  if (!isSafe) {
    remarks.push(
      "skip_authorization: not imported, because a redirect URI is not https or has a wildcard: " +
        "users are asked for consent",
    );
  }
  return isSafe;
}

/** Notes for the report: what a dump does not contain of an OpenID Provider. */
export function openIdNotes(applications: readonly { readonly record: DumpRecord }[]): string[] {
  const count = applications.filter(({ record }) => textOf(record.fields["algorithm"])).length;
  if (count === 0) return [];
  return [
    `${count} applications use OpenID Connect: set ISSUER to the issuer of the old server, which ` +
      "is https://HOST/o unless OIDC_ISS_ENDPOINT says otherwise, and add its key " +
      "OIDC_RSA_PRIVATE_KEY with `key add --signing --pem-file FILE`",
  ];
}

/** Warns about the clients that need no PKCE only because the operator said nothing. */
export function warnOfPkce(entries: readonly ClientEntry[], pkce: PkcePolicy, tally: Tally): void {
  const open = entries.filter((entry) => !entry.require_pkce).map(({ client_id }) => client_id);
  if (pkce !== null || open.length === 0) return;
  tally.warn(
    `${open.length} confidential clients may request codes without PKCE, because a dump does not ` +
      `tell whether the old server required it: ${open.join(", ")}. Use --pkce required if it ` +
      "did (PKCE_REQUIRED, the default since DOT 2), or --pkce optional if not",
  );
}
