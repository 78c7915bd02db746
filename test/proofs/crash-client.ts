import type { Agent } from "node:http";
import type { RefreshToken } from "../../src/tokens/refresh-token.ts";
import type { Random } from "../support/random.ts";
import {
  type Answered,
  fieldsOf,
  isRetryLater,
  postToken,
  type Reply,
} from "../support/token-client.ts";
import type { CrashBrowser } from "./crash-browser.ts";
import type { CrashHistory } from "./crash-history.ts";

/** How a client sends requests: with keys under `reject`, without under `same-successor`. */
export type RetryMode = "reject" | "same-successor";

/** One run of the server process, as its clients see it. */
export interface Life {
  readonly url: string;
  readonly agent: Agent;
  /** When the previous process ended, in milliseconds since the epoch. */
  readonly previousEndedAtMs: number;
}

/** One refresh, or exchange of a code, repeated until it succeeds. */
interface Attempt {
  /** The `Idempotency-Key` of each of its requests, or null for none. */
  readonly keys: readonly (string | null)[];
  /** Whether a process ended without any response to it. */
  isCutOff: boolean;
  /** Whether it may have had an effect that the client does not know. */
  isUncertain: boolean;
}

/** How one round of requests of an attempt ended. */
export type StepEnd = "acknowledged" | "later" | "unanswered" | "lost" | "violation";

/**
 * One client with one refresh family: it refreshes, sometimes twice at once with one token, as tabs
 * do, and repeats an attempt until it gets a response, over any number of processes. With a browser
 * it begins another family from time to time.
 */
export class CrashClient {
  readonly #index: number;
  readonly #mode: RetryMode;
  readonly #random: Random;
  readonly #history: CrashHistory;
  readonly #imported: string[];
  readonly #browser: CrashBrowser | null;
  /** The last refresh token or code that it received; null: its browser gets a new code. */
  #token: string | null;
  #attempts = 0;
  #pending: Attempt | null = null;

  constructor(
    index: number,
    token: string | null,
    tools: {
      mode: RetryMode;
      random: Random;
      history: CrashHistory;
      imported: string[];
      browser: CrashBrowser | null;
    },
  ) {
    this.#index = index;
    this.#token = token;
    this.#mode = tools.mode;
    this.#random = tools.random;
    this.#history = tools.history;
    this.#imported = tools.imported;
    this.#browser = tools.browser;
  }

  /** Sends every request of the pending attempt, or of a new one, and handles the responses. */
  async step(life: Life): Promise<StepEnd> {
    if (this.#token === null) {
      const approval = (await this.#browser?.approve(life.url)) ?? null;
      if (approval === null) return "unanswered";
      if ("violation" in approval) return this.#violate(approval.violation);
      this.#token = approval.code;
    }
    const token = this.#token;
    this.#pending ??= this.#decide();
    const attempt = this.#pending;
    const replies = await Promise.all(attempt.keys.map((key) => this.#post(life, token, key)));
    const successes = replies.filter((reply) => reply?.status === 200);
    for (const reply of replies) {
      if (reply !== null && !this.#isAllowed(reply, attempt)) {
        return this.#violate(`got the response ${JSON.stringify(reply)}`);
      }
    }
    if (successes.length > 0) return this.#takeIn(token, successes as Answered[], attempt, life);
    if (replies.every((reply) => reply !== null && !isRetryLater(reply))) {
      if (this.#maySucceedOnce(attempt) && attempt.isUncertain) return this.#lose();
      return this.#violate("lost its own race: no request of the attempt succeeded");
    }
    attempt.isUncertain = true;
    if (!replies.includes(null)) return "later";
    if (!attempt.isCutOff) this.#history.counts.unanswered += 1;
    attempt.isCutOff = true;
    return "unanswered";
  }

  #decide(): Attempt {
    this.#attempts += 1;
    const name = `${this.#index}-${this.#attempts}`;
    const [first, second] = this.#mode === "reject" ? [`${name}-a`, `${name}-b`] : [null, null];
    const keys = this.#random.pick([[first], [first], [first, first], [first, second]]);
    if (keys.length > 1) this.#history.counts.doubled += 1;
    return { keys, isCutOff: false, isUncertain: false };
  }

  #post({ url, agent }: Life, token: string, key: string | null): Promise<Reply> {
    const headers = key === null ? {} : { "Idempotency-Key": key };
    const fields = { ...fieldsOf(token), client_id: "public" };
    return postToken({ url, agent, fields, headers });
  }

  /** Whether it exchanges a code without a key, so that no request repeats another. */
  #maySucceedOnce({ keys }: Attempt): boolean {
    return keys.includes(null) && (this.#token?.startsWith("tgc_") ?? false);
  }

  /** The user has to approve another request. */
  #lose(): StepEnd {
    this.#history.counts.lost += 1;
    this.#token = null;
    this.#pending = null;
    return "lost";
  }

  /** Only the losers of a race may be rejected, and none if all requests have the same key. */
  #isAllowed(reply: Answered, attempt: Attempt): boolean {
    const { keys } = attempt;
    if (reply.status === 200) return true;
    if (isRetryLater(reply)) {
      this.#history.counts.later += 1;
      return true;
    }
    const isRaced = reply.status === 400 && reply.body["error"] === "invalid_grant";
    const isOnce = this.#maySucceedOnce(attempt) && (keys.length > 1 || attempt.isUncertain);
    if (!isRaced || (new Set(keys).size === 1 && !isOnce)) return false;
    this.#history.counts.raced += 1;
    return true;
  }

  async #takeIn(
    presented: string,
    successes: Answered[],
    attempt: Attempt,
    life: Life,
  ): Promise<StepEnd> {
    let successor: RefreshToken | null = null;
    let token = presented;
    for (const { body } of successes) {
      token = String(body["refresh_token"]);
      const accessToken = String(body["access_token"]);
      successor = await this.#history.enter(presented, { accessToken, refreshToken: token });
      if (successor === null) return "violation";
    }
    const { counts } = this.#history;
    counts.acknowledged += 1;
    const committedAtMs = successor?.issuedAtMs ?? Number.POSITIVE_INFINITY;
    if (attempt.isCutOff && committedAtMs <= life.previousEndedAtMs) counts.recovered += 1;
    this.#token = this.#nextFamily(token);
    this.#pending = null;
    return "acknowledged";
  }

  /** Sometimes the client switches to another family: of another server, or of its browser. */
  #nextFamily(token: string): string | null {
    const hasOther = this.#imported.length > 0 || this.#browser !== null;
    if (!hasOther || this.#random.pick([true, true, false])) return token;
    return this.#imported.pop() ?? null;
  }

  #violate(violation: string): StepEnd {
    this.#history.violate(`client ${this.#index}, attempt ${this.#attempts} ${violation}`);
    return "violation";
  }
}
