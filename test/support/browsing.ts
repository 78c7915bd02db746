import { sha256, toBase64Url } from "../../src/crypto/bytes.ts";
import type { Service } from "./service.ts";

/** A PKCE verifier, and its challenge. */
export const VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
export const CHALLENGE = toBase64Url(await sha256(VERIFIER));

export const CALLBACK = "https://app.example.com/callback";

/** With a long nonce, too long for a code. */
export const LONG_AUDIENCE = `https://api.example.com/${"a".repeat(370)}`;

/** The parameters of an authorization request that nothing is wrong with. */
export const REQUEST = {
  response_type: "code",
  client_id: "web",
  redirect_uri: CALLBACK,
  scope: "read",
  state: "xyz",
  code_challenge: CHALLENGE,
  code_challenge_method: "S256",
} as const;

/** Parameters to replace, or to leave out if undefined. */
export type Changes = Readonly<Record<string, string | readonly string[] | undefined>>;

/** A page as a user sees it, or a redirect. */
export interface Shown {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The sealed value of its form, or null. */
  readonly request: string | null;
  /** Where its form is sent to, or null. */
  readonly action: string | null;
  /** Where it redirects to, or null. */
  readonly location: URL | null;
}

/** A browser without scripts: it keeps cookies, and follows no redirect by itself. */
export interface TestBrowser {
  readonly cookies: Map<string, string>;
  open(path: string, headers?: Record<string, string>): Promise<Shown>;
  /** Opens the authorization endpoint. */
  authorize(changes?: Changes, headers?: Record<string, string>): Promise<Shown>;
  /** Submits the form of a page. */
  submit(page: Shown, fields: Changes, headers?: Record<string, string>): Promise<Shown>;
  /** Signs the default user in on a sign-in page. */
  signIn(page: Shown, fields?: Changes): Promise<Shown>;
  /** Allows what a consent page asks. */
  allow(page: Shown): Promise<Shown>;
}

/** The query of an authorization request. */
export function queryOf(changes: Changes = {}): string {
  const pairs = Object.entries({ ...REQUEST, ...changes }).flatMap(([name, value]) => {
    return [value ?? []].flat().map((each) => [name, each] as [string, string]);
  });
  return new URLSearchParams(pairs).toString();
}

/** Makes a browser that has never been here. */
export function newBrowser(
  service: Pick<Service, "fetch">,
  origin = "https://login.example.com",
): TestBrowser {
  const cookies = new Map<string, string>();
  const send = async (path: string, init: RequestInit & { headers?: Record<string, string> }) => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await service.fetch(origin + path, {
      ...init,
      headers: { Accept: "text/html", Cookie: cookie, ...init.headers },
      redirect: "manual",
    });
    for (const line of response.headers.getSetCookie()) {
      const [name = "", value = ""] = line.split(";")[0]?.split("=") ?? [];
      if (/Max-Age=0|expires=Thu, 01 Jan 1970/i.test(line)) cookies.delete(name);
      else cookies.set(name, value);
    }
    return toShown(response);
  };
  const own = { "Sec-Fetch-Site": "same-origin" };
  const submit: TestBrowser["submit"] = (page, fields, headers = own) => {
    const all = { sealed_form: page.request ?? undefined, ...fields };
    const pairs = Object.entries(all).filter(([, value]) => value !== undefined);
    const body = new URLSearchParams(pairs as [string, string][]);
    return send(page.action ?? "/o/authorize/", { method: "POST", body, headers });
  };
  return {
    cookies,
    open: (path, headers = {}) => send(path, { headers }),
    authorize: (changes, headers = {}) => send(`/o/authorize/?${queryOf(changes)}`, { headers }),
    submit,
    signIn: (page, fields = {}) =>
      submit(page, { username: "ada", password: "correct horse", ...fields }),
    allow: (page) => submit(page, { decision: "allow" }),
  };
}

async function toShown(response: Response): Promise<Shown> {
  const text = await response.text();
  const location = response.headers.get("Location");
  return {
    status: response.status,
    headers: response.headers,
    text,
    request: /name="sealed_form" value="([^"]+)"/.exec(text)?.[1] ?? null,
    action:
      /<form method="post" action="([^"]+)"/.exec(text)?.[1]?.replaceAll("&amp;", "&") ?? null,
    location: location === null ? null : new URL(location, "https://login.example.com"),
  };
}

/** The code that a redirect brings to the client. @throws Error if there is none */
export function codeOf({ location }: Shown): string {
  const code = location?.searchParams.get("code") ?? "";
  if (!/^tgc_[\w-]+$/.test(code)) throw new Error(`no code, but ${location ?? "a page"}`);
  return code;
}

/** Signs in and consents as a new browser. */
export async function obtainCode(
  service: Pick<Service, "fetch">,
  changes: Changes = {},
): Promise<string> {
  const browser = newBrowser(service);
  const shown = await browser.signIn(await browser.authorize(changes));
  return codeOf(shown.location === null ? await browser.allow(shown) : shown);
}

/** A server that is reached at `url`, and is said to be at `https://login.example.com`. */
export function serviceAt(url: string): Pick<Service, "fetch"> {
  return {
    fetch: (path, init) => fetch(path.replace("https://login.example.com/", url), init),
  };
}

/** Exchanges a code. */
export function exchange(
  service: Service,
  code: string,
  fields: Record<string, string> = {},
  credentials: string | null = "web:secret",
) {
  const all = { grant_type: "authorization_code", code, code_verifier: VERIFIER, ...fields };
  return service.token(all, credentials);
}

/** Registers a web app, a public app with a loopback redirect, and the default user. */
export async function registerWebApps(service: Service): Promise<void> {
  const grant_types = ["authorization_code", "refresh_token"];
  await service.register({
    clients: [
      {
        client_id: "web",
        client_name: "Photo Printer",
        client_secret: "secret",
        grant_types,
        redirect_uris: [CALLBACK],
        audience: ["https://api.example.com", "https://other.example.com"],
      },
      {
        client_id: "native",
        token_endpoint_auth_method: "none",
        grant_types,
        redirect_uris: ["http://127.0.0.1/callback", "com.example.app:/callback"],
      },
    ],
    users: [{ username: "ada", password: "correct horse" }],
  });
}
