import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { LEGACY_PASSWORD, PUBLIC_LEGACY_CLIENT } from "./legacy-accounts.ts";
import { listenWith } from "./listening.ts";

/** What the old token endpoint was asked. */
export interface LegacyCall {
  readonly method: string;
  readonly contentType: string;
  readonly userAgent: string;
  /** Empty without one. */
  readonly authorization: string;
  readonly form: Readonly<Record<string, string>>;
}

/** `LEGACY_CLIENT` by HTTP Basic: id and secret form-encoded by hand (RFC 6749 §2.3.1). */
const CLIENT = `Basic ${btoa("mover%3A1:h%C3%BCsh+%2B")}`;

type Play = (call: LegacyCall, response: ServerResponse, body: string) => void;

/** How an old server may behave; the first part of the path chooses. */
const PLAYS: Readonly<Record<string, Play>> = {
  sound: answerAsDot(400),
  // As oauthlib had it until 3.1.
  aged: answerAsDot(401),
  trusting: (_, response) => json(response, 200, { access_token: "legacy-access-token" }),
  // Finds accounts by a collation that ignores accents, and names the account that it found.
  naming({ form }, response) {
    const username = (form["username"] ?? "").normalize("NFD").replace(/\p{M}/gu, "");
    json(response, 200, { access_token: "legacy-access-token", username });
  },
  broken: (_, response, body) => respond(response, 500, "text/plain", `Error near ${body}`),
  html: (_, response, body) => respond(response, 200, "text/html", `<h1>Log in ${body}</h1>`),
  redirect(_, response) {
    response.setHeader("Location", "/trusting/redirected/o/token/");
    respond(response, 307, "text/plain", "");
  },
  throttled: (_, response) => json(response, 429, { error: "slow_down" }),
  "no-token": (_, response) => json(response, 200, { access_token: "" }),
  "token-in-error": (_, response) => json(response, 500, { access_token: "legacy-access-token" }),
  "grant-refused": (_, response) => json(response, 400, { error: "unauthorized_client" }),
  array: (_, response) => json(response, 200, ["access_token"]),
  null: (_, response) => json(response, 200, null),
  huge(_, response) {
    const access_token = "x".repeat(128 * 1024);
    json(response, 200, { access_token });
  },
  endless(_, response) {
    response.writeHead(200, { "Content-Type": "application/json" });
    response.write('{"access_token": "legacy-access-token"');
  },
  silent: () => undefined,
  hangup: (_, response) => response.destroy(),
};

/**
 * Starts one. `/PLAY/NAME/o/token/` is an endpoint that behaves so, and `GET /calls/NAME` the list
 * of what it was asked.
 */
export async function startLegacyEndpoint() {
  const calls = new Map<string, LegacyCall[]>();
  return listenWith(async (request, response) => {
    const [, play = "", name = ""] = (request.url ?? "").split("/");
    if (play === "calls") return json(response, 200, calls.get(name) ?? []);
    const body = await text(request);
    const call = callOf(request, body);
    calls.set(name, [...(calls.get(name) ?? []), call]);
    PLAYS[play]?.(call, response, body);
  });
}

function callOf({ method = "", headers }: IncomingMessage, body: string): LegacyCall {
  return {
    method,
    contentType: headers["content-type"] ?? "",
    userAgent: headers["user-agent"] ?? "",
    authorization: headers.authorization ?? "",
    form: Object.fromEntries(new URLSearchParams(body)),
  };
}

/** django-oauth-toolkit's answers: the client first, then the user. */
function answerAsDot(wrongStatus: number): Play {
  return ({ authorization, form }, response) => {
    const isClient = authorization === CLIENT || form["client_id"] === PUBLIC_LEGACY_CLIENT;
    if (!isClient) return json(response, 401, { error: "invalid_client" });
    if (form["grant_type"] !== "password" || form["password"] !== LEGACY_PASSWORD) {
      const error_description = "Invalid credentials given.";
      return json(response, wrongStatus, { error: "invalid_grant", error_description });
    }
    json(response, 200, {
      access_token: "legacy-access-token",
      expires_in: 36000,
      token_type: "Bearer",
      scope: "read write",
      refresh_token: "legacy-refresh-token",
    });
  };
}

function json(response: ServerResponse, status: number, body: unknown): void {
  respond(response, status, "application/json", JSON.stringify(body));
}

function respond(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { "Content-Type": type }).end(body);
}
