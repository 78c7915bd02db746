/**
 * Keeps a login alive, with nothing but `fetch`. Three rules make that safe:
 *  1. One refresh at a time: callers that need a token at the same moment share it.
 *  2. One `Idempotency-Key` for each refresh token. When the response is lost, the retry sends the
 *     same key, so the service returns the same new pair and does not treat the retry as theft.
 *  3. Only `invalid_grant` ends the login. After 429, 5xx or a broken connection it retries.
 */

/** The tokens of a login. Store them where you store the user's other secrets. */
export interface TokenPair {
  readonly accessToken: string;
  readonly refreshToken: string;
  /** Milliseconds since the epoch. */
  readonly expiresAtMs: number;
}

/** The service, and the client's credentials there. */
export interface TokenClientOptions {
  /** Such as `https://login.example.com/o/token/`. */
  readonly tokenEndpoint: string;
  readonly clientId: string;
  /** Empty for a public client. */
  readonly clientSecret: string;
  /** Stores a new pair. Called before the pair is used, so that a restart loses nothing. */
  readonly save: (pair: TokenPair) => Promise<void>;
}

/** The login has ended: the user has to log in again. */
export class LoginOver extends Error {
  override readonly name = "LoginOver";
}

/** The service rejects the client, for example for a wrong secret. The login may still be valid. */
export class RefreshRefused extends Error {
  override readonly name = "RefreshRefused";
}

/** Attempts for one refresh. The pauses between them add up to six seconds. */
const ATTEMPTS_MAX = 6;

/** The first pause, in milliseconds. Each further pause is twice as long. */
const PAUSE_MS = 200;

/**
 * How long to wait for a response, in milliseconds. Three responses in a row may be lost within the
 * ten seconds in which the service returns the same pair.
 */
const RESPONSE_MS_MAX = 2_500;

/**
 * After so long a refresh counts as dropped, in milliseconds: all its attempts have ended. A Worker
 * stops with the request that it serves, and then not even a `finally` runs.
 */
const REFRESH_MS_MAX = 30_000;

/** Refreshes this long before the access token expires, in milliseconds. */
const MARGIN_MS = 30_000;

/** Returns access tokens of one login, and refreshes it when necessary. */
export class TokenClient {
  readonly #options: TokenClientOptions;
  #pair: TokenPair;
  /** A new pair that could not be saved. Only its own refresh token still works. */
  #unsaved: TokenPair | null = null;
  #refreshing: Refresh | null = null;

  constructor(options: TokenClientOptions, pair: TokenPair) {
    this.#options = options;
    this.#pair = pair;
  }

  /** @returns an access token that is valid for a while; throws what {@link refresh} throws */
  async accessToken(): Promise<string> {
    // The service has replaced the known pair by one that could not be saved.
    if (this.#unsaved === null && isFresh(this.#pair)) return this.#pair.accessToken;
    return (await this.refresh()).accessToken;
  }

  /**
   * Refreshes now, or joins the refresh in progress. A pair that could not be saved is saved first,
   * and is enough if it has not expired.
   *
   * @throws LoginOver
   * @throws RefreshRefused
   * @throws Error when the service does not respond, or what `save` throws: try again later
   */
  refresh(): Promise<TokenPair> {
    const nowMs = Date.now();
    const joined = this.#refreshing;
    if (joined !== null && nowMs - joined.startedAtMs < REFRESH_MS_MAX) return joined.pair;
    const pair = this.#refresh().finally(() => {
      if (this.#refreshing?.pair === pair) this.#refreshing = null;
    });
    this.#refreshing = { pair, startedAtMs: nowMs };
    return pair;
  }

  async #refresh(): Promise<TokenPair> {
    if (this.#unsaved !== null) {
      const pair = await this.#save(this.#unsaved);
      if (isFresh(pair)) return pair;
    }
    this.#unsaved = await this.#request();
    return this.#save(this.#unsaved);
  }

  async #save(pair: TokenPair): Promise<TokenPair> {
    await this.#options.save(pair);
    this.#pair = pair;
    this.#unsaved = null;
    return pair;
  }

  async #request(): Promise<TokenPair> {
    // Derived from the token, not random: a client that restarts after a crash sends the same key.
    const idempotencyKey = await digest(this.#pair.refreshToken);
    for (let attempt = 1; ; attempt += 1) {
      const reply = await this.#send(idempotencyKey);
      if (reply !== null && !isTemporary(reply.status)) return readReply(reply);
      if (attempt === ATTEMPTS_MAX) throw new Error("the token service does not respond");
      await new Promise((wake) => setTimeout(wake, PAUSE_MS * 2 ** (attempt - 1)));
    }
  }

  /** @returns null when no complete response arrived */
  async #send(idempotencyKey: string): Promise<Reply | null> {
    const { tokenEndpoint, clientId, clientSecret } = this.#options;
    const { refreshToken } = this.#pair;
    const credentials = `${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`;
    try {
      const response = await fetch(tokenEndpoint, {
        method: "POST",
        headers: {
          Authorization: `Basic ${btoa(credentials)}`,
          "Idempotency-Key": idempotencyKey,
          // Workers add none, and Cloudflare may reject a request without it.
          "User-Agent": "Tollgate client",
        },
        body: new URLSearchParams({ grant_type: "refresh_token", refresh_token: refreshToken }),
        // Following a redirect could send the token to another host.
        redirect: "manual",
        signal: AbortSignal.timeout(RESPONSE_MS_MAX),
      });
      const reply: Reply = { status: response.status, body: await response.json() };
      return isComplete(reply) ? reply : null;
    } catch {
      return null;
    }
  }
}

/** A refresh in progress. */
interface Refresh {
  readonly pair: Promise<TokenPair>;
  readonly startedAtMs: number;
}

interface Reply {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/**
 * Whether it can be a response of the service. A proxy may answer in its place, with any status: a
 * pair without tokens would replace the login, and an error without a code says nothing about it.
 */
function isComplete({ status, body }: Reply): boolean {
  if (typeof body !== "object" || body === null) return false;
  if (status !== 200) return isTemporary(status) || typeof body["error"] === "string";
  const { access_token: accessToken, refresh_token: refreshToken, expires_in: seconds } = body;
  const isPair = [accessToken, refreshToken].every(
    (token) => typeof token === "string" && token !== "",
  );
  return isPair && typeof seconds === "number";
}

function isFresh({ expiresAtMs }: TokenPair): boolean {
  return Date.now() < expiresAtMs - MARGIN_MS;
}

/** Too many requests, or an outage: the response says nothing about the token. */
function isTemporary(status: number): boolean {
  return status === 429 || status >= 500;
}

/** @throws LoginOver, RefreshRefused */
function readReply({ status, body }: Reply): TokenPair {
  if (status !== 200) {
    const error = String(body["error"]);
    throw error === "invalid_grant" ? new LoginOver(error) : new RefreshRefused(error);
  }
  return {
    accessToken: String(body["access_token"]),
    refreshToken: String(body["refresh_token"]),
    expiresAtMs: Date.now() + Number(body["expires_in"]) * 1000,
  };
}

async function digest(text: string): Promise<string> {
  const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
