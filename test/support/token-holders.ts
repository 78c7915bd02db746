import { revoke } from "./checks.ts";
import type { Random } from "./random.ts";
import { ask, granted, logIn, refresh } from "./requests.ts";
import type { WholeAnswer } from "./responses.ts";
import { CLIENT, type Service } from "./service.ts";

/** What one client holds. */
export interface Holder {
  /** Its access tokens, the latest last. Until they expire, fast checks accept the others. */
  readonly tokens: readonly string[];
  /** Gets another access token, if it can. */
  renew(): Promise<void>;
  revoke(): Promise<WholeAnswer>;
}

/** Logs in, and holds what a login and its refreshes return. */
export async function holdLogin(service: Service, random: Random): Promise<Holder> {
  const first = await logIn(service);
  const tokens = [first.access_token];
  let refreshToken = first.refresh_token;
  return {
    tokens,
    async renew() {
      const answer = await refresh(service, refreshToken);
      if (answer.status !== 200) return;
      refreshToken = granted(answer).refresh_token;
      tokens.push(granted(answer).access_token);
    },
    revoke: () => revoke(service, random.pick([refreshToken, ...tokens]), CLIENT),
  };
}

/** Holds a token of the client's own. */
export async function holdOwnToken(service: Service): Promise<Holder> {
  const { access_token } = granted(await ask(service, { grant_type: "client_credentials" }));
  const renew = async () => {};
  return { tokens: [access_token], renew, revoke: () => revoke(service, access_token, CLIENT) };
}
