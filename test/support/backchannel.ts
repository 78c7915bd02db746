import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { createLocalJWKSet, type JSONWebKeySet, type JWTPayload, jwtVerify } from "jose";
import { inject } from "vitest";
import type { LogoutDeliveryRow } from "../../src/storage/logout-deliveries.ts";
import { CALLBACK, codeOf, exchange, newBrowser, type TestBrowser } from "./browsing.ts";
import { eventually } from "./eventually.ts";
import type { ReceivedLogout } from "./logout-receiver.ts";
import { GRACE, ISSUER } from "./relying-party.ts";
import type { Service } from "./service.ts";

/** Where a browser returns to after signing out. */
export const BACK = "https://app.example.com/signed-out";

/** A client that wants to be told of logouts. */
export interface ToldClient {
  readonly id: string;
  /** What it received so far, in order. */
  received(): Promise<ReceivedLogout[]>;
  /** Signs in with `openid`, in a new browser or in the given one. */
  signIn(browser?: TestBrowser, scope?: string): Promise<ToldSignIn>;
  /** Its deliveries, the first one first. */
  log(): Promise<LogoutDeliveryRow[]>;
  /** Runs its alarm again and again until the delivery for a session is over. */
  untilOver(sid: string): Promise<LogoutDeliveryRow | undefined>;
}

/** A sign-in to a {@link ToldClient}. */
interface ToldSignIn {
  readonly browser: TestBrowser;
  readonly idToken: string;
  readonly refreshToken: string;
  readonly sid: string;
  readonly sub: string;
}

/**
 * Registers a client of its own.
 *
 * @param plays how it responds, see logout-receiver.ts; null: it does not want to be told
 */
export async function newToldClient(
  service: Service,
  plays: string | null = "200",
): Promise<ToldClient> {
  const id = crypto.randomUUID();
  await service.register({
    clients: [
      {
        client_id: id,
        client_secret: "secret",
        grant_types: ["authorization_code", "refresh_token"],
        redirect_uris: [CALLBACK],
        post_logout_redirect_uris: [BACK],
        skip_consent: true,
        ...(plays !== null && {
          backchannel_logout_uri: `${inject("receiverOrigin")}/${id}/${plays}`,
          backchannel_logout_session_required: true,
        }),
      },
    ],
  });
  const rows = (query: string) => env.DB.prepare(query).bind(id).all<LogoutDeliveryRow>();
  const log = async () => {
    return (await rows("SELECT * FROM logout_deliveries WHERE client_id = ? ORDER BY id")).results;
  };
  return {
    id,
    log,
    received: async () => (await fetch(`${inject("receiverOrigin")}/received/${id}`)).json(),

    async signIn(browser = newBrowser(service), scope = "openid") {
      const request = { client_id: id, scope, nonce: "n-0S6" };
      const page = await browser.authorize(request);
      const shown = page.location === null ? await browser.submit(page, GRACE) : page;
      const { body } = await exchange(service, codeOf(shown), {}, `${id}:secret`);
      const [, payload = ""] = String(body["id_token"] ?? "..").split(".");
      const { sid = "", sub = "" } = payload === "" ? {} : JSON.parse(atob(payload));
      if (plays !== null && scope.includes("openid")) {
        // Written after the response.
        const select = `SELECT * FROM session_clients WHERE client_id = ? AND session_id = '${sid}'`;
        await eventually(async () => (await rows(select)).results.length === 1);
      }
      const refreshToken = String(body["refresh_token"]);
      return { browser, idToken: String(body["id_token"]), refreshToken, sid, sub };
    },

    async untilOver(sid) {
      const find = async () => (await log()).find(({ session_id }) => session_id === sid);
      await eventually(async () => {
        await runDurableObjectAlarm(env.LOGOUT_SENDERS.getByName(id));
        const state = (await find())?.state ?? "pending";
        return state !== "pending";
      });
      return find();
    },
  };
}

/** Reads a logout token as a client does (OpenID Connect Back-Channel Logout §2.6). */
export async function verifyLogoutToken(
  service: Service,
  { body }: ReceivedLogout,
  clientId: string,
  algorithm = "RS256",
): Promise<JWTPayload> {
  const response = await service.fetch(`${ISSUER}/o/.well-known/jwks.json`);
  const keys = createLocalJWKSet((await response.json()) as JSONWebKeySet);
  const options = {
    issuer: ISSUER,
    audience: clientId,
    algorithms: [algorithm],
    typ: "logout+jwt",
    requiredClaims: ["iat", "exp", "jti", "sub", "sid"],
  };
  const token = new URLSearchParams(body).get("logout_token") ?? "";
  return (await jwtVerify(token, keys, options)).payload;
}
