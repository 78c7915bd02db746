/**
 * A client that refreshes well, with nothing but `fetch`. Three rules make it safe:
 *  1. one refresh in flight: callers that need a token at once share it;
 *  2. one `Idempotency-Key` for each refresh token, sent again when the answer is lost, so that the
 *     service gives the same new pair again instead of taking the second attempt for theft;
 *  3. only `invalid_grant` ends the login. A 429, a 5xx or a broken connection is tried again.
 */

/** What the client holds between requests. Keep it where the user's other secrets are. */
export interface TokenPair {
  readonly accessToken: string;
  readonly refreshToken: string;
  /** Milliseconds since the epoch. */
  readonly expiresAtMs: number;
}

/** Whom to ask, and as which client. */
export interface TokenClientOptions {
  /** Such as `https://login.example.com/o/token/`. */
  readonly tokenEndpoint: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Called with every new pair before it is used, so that a restart loses nothing. */
  readonly save: (pair: TokenPair) => Promise<void>;
}

/** The login is over: the user has to log in again. */
export class LoginOver extends Error {
  override readonly name = "LoginOver";
}

/** The service refuses the client itself, as with a wrong secret. The login may well be alive. */
export class RefreshRefused extends Error {
  override readonly name = "RefreshRefused";
}

/** Tries for one refresh; with the pauses between them some six seconds. */
const TRIES_MAX = 6;

/** The first pause, in milliseconds; each one after it is twice as long. */
const PAUSE_MS = 200;

/**
 * How long to wait for an answer, in milliseconds: three answers in a row may be lost within the ten
 * seconds in which the service gives the same pair again.
 */
const ANSWER_MS_MAX = 2_500;

/** Refreshes this long before the access token expires, in milliseconds. */
const MARGIN_MS = 30_000;

/** Gives out access tokens, refreshing when needed. */
export class TokenClient {
  readonly #options: TokenClientOptions;
  #pair: TokenPair;
  #refreshing: Promise<TokenPair> | null = null;

  constructor(options: TokenClientOptions, pair: TokenPair) {
    this.#options = options;
    this.#pair = pair;
  }

  /** @returns an access token that is good for a while; throws what {@link refresh} throws */
  async accessToken(): Promise<string> {
    if (Date.now() < this.#pair.expiresAtMs - MARGIN_MS) return this.#pair.accessToken;
    return (await this.refresh()).accessToken;
  }

  /**
   * Refreshes now, or joins the refresh that is under way.
   *
   * @throws LoginOver
   * @throws RefreshRefused
   * @throws Error when the service does not answer: try again later
   */
  refresh(): Promise<TokenPair> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = null;
    });
    return this.#refreshing;
  }

  async #refresh(): Promise<TokenPair> {
    // Derived from the token, not random: after a crash the restarted client sends the same key.
    const idempotencyKey = await digest(this.#pair.refreshToken);
    for (let tries = 1; ; tries += 1) {
      const answer = await this.#ask(idempotencyKey);
      if (answer !== null && !isForLater(answer.status)) {
        const pair = readAnswer(answer);
        await this.#options.save(pair);
        this.#pair = pair;
        return pair;
      }
      if (tries === TRIES_MAX) throw new Error("the token service does not answer");
      await new Promise((wake) => setTimeout(wake, PAUSE_MS * 2 ** (tries - 1)));
    }
  }

  /** @returns null when no answer arrived whole */
  async #ask(idempotencyKey: string): Promise<Answer | null> {
    const { tokenEndpoint, clientId, clientSecret } = this.#options;
    const { refreshToken } = this.#pair;
    const credentials = `${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`;
    try {
      const response = await fetch(tokenEndpoint, {
        method: "POST",
        headers: {
          Authorization: `Basic ${btoa(credentials)}`,
          "Idempotency-Key": idempotencyKey,
        },
        body: new URLSearchParams({ grant_type: "refresh_token", refresh_token: refreshToken }),
        signal: AbortSignal.timeout(ANSWER_MS_MAX),
      });
      return { status: response.status, body: await response.json() };
    } catch {
      return null;
    }
  }
}

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, string | number>>;
}

/** Too many requests at once, or an outage: it says nothing about the token. */
function isForLater(status: number): boolean {
  return status === 429 || status >= 500;
}

/** @throws LoginOver, RefreshRefused */
function readAnswer({ status, body }: Answer): TokenPair {
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
