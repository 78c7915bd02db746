import { type Changes, newBrowser, queryOf, type Shown, serviceAt, VERIFIER } from "../browsing.ts";
import type { Visit } from "../libraries/code-client.ts";
import type { ServerSandbox } from "../server-sandbox.ts";
import { ACCOUNT, APPLICATIONS, type ApplicationId } from "./authorization-cast.ts";
import type { DjangoSite } from "./django-site.ts";

/** What a user or a client sees of an authorization server. */
export interface AuthorizationServer {
  /** Opens the authorization endpoint: signed in, unless `isSignedOut`. */
  open(changes: Changes, isSignedOut?: boolean): Promise<string>;
  /** Opens it, and decides on the page. */
  decide(changes: Changes, decision: "allow" | "deny"): Promise<string>;
  /** Gets a code. */
  obtainCode(changes: Changes): Promise<string>;
  /** Exchanges a code, with the secret of a client. */
  exchange(code: string, fields: Readonly<Record<string, string>>, as: Caller): Promise<Exchanged>;
}

/** How a client authenticates. */
interface Caller {
  readonly id: ApplicationId;
  readonly secret?: string;
}

/** The response to an exchange. */
interface Exchanged {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Lines that a site's settings need for pages, and for the header that signs a user in. */
export const PAGES_OF_DJANGO = `
MIDDLEWARE = ["sign_in.by_header"]
STATIC_URL = "/static/"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
`;

/** Asks the site's authorization endpoint, as a user who is signed in unless the name is null. */
async function send(url: URL, username: string | null, body?: URLSearchParams) {
  const method = body === undefined ? "GET" : "POST";
  const headers: HeadersInit = username === null ? {} : { "X-Username": username };
  const init = { method, headers, redirect: "manual", ...(body && { body }) } as const;
  const response = await fetch(url, init);
  const location = response.headers.get("Location");
  const target = location === null ? null : new URL(location, url);
  return { status: response.status, location: target, text: await response.text() };
}

/** Opens an authorization request at the site, and decides on its page. */
async function decideAtDjango(url: URL, username: string, decision: "allow" | "deny") {
  const page = await send(url, username);
  const hidden = [...page.text.matchAll(/<input type="hidden" name="(\w+)"(?: value="([^"]*)")?/g)];
  const fields = new URLSearchParams(hidden.map(([, name = "", value = ""]) => [name, value]));
  if (decision === "allow") fields.set("allow", "Authorize");
  return send(new URL("/o/authorize/", url), username, fields);
}

/** A user of the site who allows what a client asks for. */
export function visitDjango(username: string): Visit {
  return async (url) => {
    const { location, text } = await decideAtDjango(new URL(url), username, "allow");
    if (location === null) throw new Error(text);
    return location;
  };
}

/** The site of django-oauth-toolkit. */
export function djangoServer({ origin }: Pick<DjangoSite, "origin">): AuthorizationServer {
  const { username } = ACCOUNT;
  const urlOf = (changes: Changes) => new URL(`${origin}/o/authorize/?${queryOf(changes)}`);
  const decide: AuthorizationServer["decide"] = async (changes, decision) => {
    return outcomeOf(await decideAtDjango(urlOf(changes), username, decision));
  };
  return {
    decide,
    open: async (changes, isSignedOut = false) =>
      outcomeOf(await send(urlOf(changes), isSignedOut ? null : username)),
    obtainCode: async (changes) => codeIn(await decide(changes, "allow")),
    exchange: (code, fields, caller) => exchangeAt(`${origin}/`, code, fields, caller),
  };
}

/** This service. */
export function ourServer(url: string): AuthorizationServer {
  const at = serviceAt(url);
  const signIn = async (changes: Changes) => {
    const browser = newBrowser(at);
    // A page that is valid for any client.
    await browser.submit(await browser.authorize({ client_id: "lax" }), ACCOUNT);
    return { browser, page: await browser.authorize(changes) };
  };
  const decide: AuthorizationServer["decide"] = async (changes, decision) => {
    const { browser, page } = await signIn({ prompt: "consent", ...changes });
    return outcomeOf(await browser.submit(page, { decision }));
  };
  return {
    decide,
    open: async (changes, isSignedOut = false) =>
      outcomeOf(
        isSignedOut ? await newBrowser(at).authorize(changes) : (await signIn(changes)).page,
      ),
    obtainCode: async (changes) => codeIn(await decide(changes, "allow")),
    exchange: (code, fields, caller) => exchangeAt(url, code, fields, caller),
  };
}

/** A response in a few words, in which both servers agree where they do the same. */
function outcomeOf({
  status,
  location,
  text,
}: Pick<Shown, "status" | "location" | "text">): string {
  if (location === null) {
    if (status !== 200) return `page ${status}`;
    return text.includes("current-password") ? "sign-in" : "consent";
  }
  if (location.pathname === "/accounts/login/") return "sign-in";
  const { searchParams } = location;
  const state = searchParams.get("state");
  const code = searchParams.get("code");
  const result = code === null ? searchParams.get("error") : `code ${code}`;
  return `${location.href.split("?")[0]} ${state === null ? "" : `state ${state} `}${result}`;
}

/** Leaves out the code itself. */
export function withoutCode(outcome: string): string {
  return outcome.replace(/ code .*/, " code");
}

function codeIn(outcome: string): string {
  const code = / code (.+)$/.exec(outcome)?.[1];
  if (code === undefined) throw new Error(`no code: ${outcome}`);
  return code;
}

async function exchangeAt(
  url: string,
  code: string,
  fields: Readonly<Record<string, string>>,
  { id, secret = APPLICATIONS[id].client_secret }: Caller,
): Promise<Exchanged> {
  const all = { grant_type: "authorization_code", code, code_verifier: VERIFIER, ...fields };
  const sent = Object.entries(all).filter(([, value]) => value !== "");
  const body = new URLSearchParams(sent);
  const headers: Record<string, string> = {};
  if (secret === "") body.set("client_id", id);
  else headers["Authorization"] = `Basic ${btoa(`${id}:${secret}`)}`;
  const response = await fetch(`${url}o/token/`, { method: "POST", headers, body });
  return { status: response.status, body: (await response.json()) as Exchanged["body"] };
}

/** Registers at both. */
export function ourEntries(): Parameters<typeof ServerSandbox.create>[1] {
  return {
    users: [ACCOUNT],
    clients: Object.entries(APPLICATIONS).map(([client_id, application]) => {
      const { client_type, client_secret, authorization_grant_type } = application;
      const grant = authorization_grant_type.replace("-", "_");
      return {
        client_id,
        grant_types: [grant, "refresh_token"],
        redirect_uris: application.redirect_uris.split(" "),
        ...(client_type === "public" ? { token_endpoint_auth_method: "none" } : { client_secret }),
        // As the import does: it is not known whether the site required PKCE.
        ...(client_type === "public" ? {} : { require_pkce: false }),
      };
    }),
  };
}
