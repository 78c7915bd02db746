import { CALLBACK, type Changes } from "../browsing.ts";
import type { ApplicationId } from "./authorization-cast.ts";

const NO_PKCE = { code_challenge: undefined, code_challenge_method: undefined };
/** A redirect to the client. */
export const returned = (result: string, uri = CALLBACK) => `${uri} state xyz ${result}`;
const PAGE = "page 400";

/** What both servers do with a request of a user who is signed in. */
export const SAME: readonly (readonly [string, Changes, string])[] = [
  ["a valid request", {}, "consent"],
  ["no PKCE from a confidential client", { client_id: "lax", ...NO_PKCE }, "consent"],
  ["a loopback redirect on another port", NATIVE(51_004), "consent"],
  ["approval_prompt=auto without earlier approval", { approval_prompt: "auto" }, "consent"],
  ["approval_prompt=force", { approval_prompt: "force" }, "consent"],
  ["an unknown parameter", { x: "y" }, "consent"],
  ["no scope", { scope: undefined }, "consent"],
  [
    "no redirect URI of a client with one",
    { client_id: "lax", redirect_uri: undefined },
    "consent",
  ],
  ["no client_id", { client_id: undefined }, PAGE],
  ["an unknown client", { client_id: "no-such" }, PAGE],
  ["another redirect URI", { redirect_uri: "https://evil.example/" }, PAGE],
  ["a longer path", { redirect_uri: `${CALLBACK}/x` }, PAGE],
  ["a relative redirect URI", { redirect_uri: "/callback" }, PAGE],
  ["two client ids", { client_id: ["web", "web"] }, PAGE],
  ["two redirect URIs", { redirect_uri: [CALLBACK, CALLBACK] }, PAGE],
  ["two scopes", { scope: ["read", "read"] }, PAGE],
  ["two states", { state: ["xyz", "xyz"] }, PAGE],
  ["no response_type", { response_type: undefined }, returned("invalid_request")],
  ["an unknown response_type", { response_type: "x" }, returned("unsupported_response_type")],
  ["a client without the grant", { client_id: "machine" }, returned("unauthorized_client")],
  ["an unknown method", { code_challenge_method: "S512" }, returned("invalid_request")],
  ["an unknown scope", { scope: "no_such" }, returned("invalid_scope")],
];

/** Where AUTHORIZE requires something else: reason, request, here, at Django. */
export const DIFFERENT: readonly (readonly [string, Changes, string, string])[] = [
  [
    "PKCE is required for public clients",
    { client_id: "public", ...NO_PKCE },
    returned("invalid_request"),
    "consent",
  ],
  [
    "`plain` protects nothing",
    { code_challenge_method: "plain" },
    returned("invalid_request"),
    "consent",
  ],
  [
    "without a method it is `plain`",
    { code_challenge_method: undefined },
    returned("invalid_request"),
    "consent",
  ],
  [
    "a redirect URI is compared byte for byte",
    { redirect_uri: `${CALLBACK}?x=1` },
    PAGE,
    "consent",
  ],
  ["other parameters are sent once", { nonce: ["a", "b"] }, returned("invalid_request"), "consent"],
  [
    "prompt=none shows no page",
    { prompt: "none", scope: "write" },
    returned("consent_required"),
    "consent",
  ],
  ["prompt=login asks again", { prompt: "login" }, "sign-in", "consent"],
  [
    "only the query carries responses",
    { response_mode: "fragment" },
    returned("invalid_request"),
    "consent",
  ],
  [
    "resources must be registered",
    { resource: "https://no.such" },
    returned("invalid_target"),
    "consent",
  ],
  [
    "there is no implicit grant",
    { response_type: "token" },
    returned("unsupported_response_type"),
    returned("unauthorized_client"),
  ],
];

/** Requests of a user who is not signed in: here they are validated first. */
export const SIGNED_OUT: readonly (readonly [string, Changes, string])[] = [
  ["a valid request", {}, "sign-in"],
  ["an unknown client", { client_id: "no-such" }, PAGE],
  ["another redirect URI", { redirect_uri: "https://evil.example/" }, PAGE],
  ["an unknown scope", { scope: "no_such" }, returned("invalid_scope")],
];

/** An exchange of a new code. */
interface Exchange {
  readonly title: string;
  readonly changes?: Changes;
  readonly fields?: Readonly<Record<string, string>>;
  readonly as?: ApplicationId;
  readonly secret?: string;
  /** Status and error; where it differs from this, `atDjango`. */
  readonly here: string;
  readonly atDjango?: string;
}

const LAX = { client_id: "lax", ...NO_PKCE };

/** What both servers do with the exchange of a code, and why they differ. */
export const EXCHANGES: readonly Exchange[] = [
  { title: "with everything", fields: { redirect_uri: CALLBACK }, here: "200" },
  {
    title: "without PKCE",
    changes: LAX,
    as: "lax",
    fields: { redirect_uri: CALLBACK, code_verifier: "" },
    here: "200",
  },
  {
    title: "of a public client",
    changes: { client_id: "public" },
    as: "public",
    fields: { redirect_uri: CALLBACK },
    here: "200",
  },
  {
    title: "without a code",
    fields: { code: "", redirect_uri: CALLBACK },
    here: "400 invalid_request",
  },
  {
    title: "of an unknown code",
    fields: { code: "x", redirect_uri: CALLBACK },
    here: "400 invalid_grant",
  },
  {
    title: "with a wrong secret",
    secret: "wrong",
    fields: { redirect_uri: CALLBACK },
    here: "401 invalid_client",
  },
  {
    title: "by another client",
    as: "other",
    fields: { redirect_uri: CALLBACK },
    here: "400 invalid_grant",
  },
  {
    title: "by a client without the grant",
    as: "machine",
    fields: { redirect_uri: CALLBACK },
    here: "400 unauthorized_client",
  },
  {
    title: "with a wrong verifier",
    fields: { code_verifier: "x".repeat(43), redirect_uri: CALLBACK },
    here: "400 invalid_grant",
  },
  {
    title: "without the verifier",
    fields: { code_verifier: "", redirect_uri: CALLBACK },
    here: "400 invalid_request",
  },
  // RFC 6749 §5.2: the URI does not match that of the request, so the grant is invalid.
  {
    title: "with another redirect URI",
    fields: { redirect_uri: `${CALLBACK}/other` },
    here: "400 invalid_grant",
    atDjango: "400 invalid_request",
  },
  // Django takes the client's only URI, although RFC 6749 §4.1.3 requires the parameter.
  {
    title: "without the redirect URI and PKCE",
    changes: LAX,
    as: "lax",
    fields: { code_verifier: "" },
    here: "400 invalid_grant",
    atDjango: "200",
  },
  // PKCE binds the code, so OAuth 2.1 omits the redirect URI.
  {
    title: "without the redirect URI of a client with two",
    here: "200",
    atDjango: "400 invalid_request",
  },
  // The challenge may have been removed on the way (RFC 9700 §4.8.2).
  {
    title: "with a verifier for no challenge",
    changes: LAX,
    as: "lax",
    fields: { redirect_uri: CALLBACK },
    here: "400 invalid_grant",
    atDjango: "200",
  },
];

function NATIVE(port: number): Changes {
  return { client_id: "native", redirect_uri: `http://127.0.0.1:${port}/callback` };
}
