import { env } from "cloudflare:workers";
import { expect, vi } from "vitest";
import { type Family, importedFamilyOf, inspect, stateOf, stateOfFamily } from "./families.ts";
import type { FaultyService } from "./faulty.ts";
import { importLogin } from "./imported.ts";
import { isActive } from "./inspection.ts";
import { ask, basic, granted, logIn, post, refresh } from "./requests.ts";
import { INVALID_GRANT, success, UNAVAILABLE, type WholeAnswer } from "./responses.ts";
import { CLIENT, createService, LOGIN, type Service, type TokenAnswer } from "./service.ts";

/** A request that a fault can hit, on a known footing. */
export interface Scenario {
  /** Sends the request, the first time or again. */
  send(): Promise<unknown>;
  /** The response that each word means. */
  readonly answers: Readonly<Record<string, unknown>>;
  /** What is in storage, in a word or two, after this response. */
  atRest(answer: unknown): Promise<string>;
  /** Holds what a client saw, in order, against what must be true in the end. */
  check(seen: readonly unknown[]): Promise<void>;
}

/** How a refresh is asked for: plainly, with an `Idempotency-Key`, or under `same-successor`. */
export type Mode = "reject" | "key" | "same";

/** Scopes of a client that names none. */
export const ALL_SCOPES = "read write groups";

/** A user whose record of "correct horse" came from Django. */
export const DJANGO_USER = "django";
const DJANGO_RECORD = "pbkdf2_sha256$1000$seasalt$mQnueSakb748zqBAC1tmWVZsZbi2zPGZarEzTGdfmso=";

/** An isolate in which nothing goes wrong. */
const sound = createService();

/** Any number of seconds: a retry is told what is left. */
const GRANTED = success(ALL_SCOPES, expect.any(Number) as unknown as number);
const ANSWERS = { "200": GRANTED, "400": INVALID_GRANT, "503": UNAVAILABLE } as const;

/** Every request that the table of faults knows, by its name there. */
export const SCENARIOS: Readonly<
  Record<string, (faulty: FaultyService, mode: Mode) => Promise<Scenario>>
> = {
  login: async ({ service }) => ({
    send: () => ask(service, LOGIN),
    answers: ANSWERS,
    atRest: wordForTokens,
    async check(seen) {
      const last = pairsIn(seen).at(-1);
      expect(await isActive(sound, last?.access_token ?? "")).toBe(true);
      expect(await refresh(sound, last?.refresh_token ?? "")).toEqual(GRANTED);
    },
  }),

  client_credentials: async ({ service }) => ({
    send: () => ask(service, { grant_type: "client_credentials" }),
    answers: { ...ANSWERS, "200": withoutRefreshToken(GRANTED) },
    atRest: wordForTokens,
    async check(seen) {
      expect(await isActive(sound, pairsIn(seen).at(-1)?.access_token ?? "")).toBe(true);
    },
  }),

  async refresh({ service }, mode) {
    const { refresh_token } = await logIn(service);
    return refreshing(service, refresh_token, mode);
  },

  async imported({ service }, mode) {
    const { refreshToken } = await importLogin({ scope: ALL_SCOPES });
    return refreshing(service, refreshToken, mode, await importedFamilyOf(refreshToken));
  },

  async "refresh again"({ service }, mode) {
    const { refresh_token } = await logIn(service);
    const scenario = refreshing(service, refresh_token, mode);
    granted((await scenario.send()) as WholeAnswer);
    return scenario;
  },

  async reuse(faulty) {
    const { service } = faulty;
    const first = await logIn(service);
    const second = granted(await refresh(service, first.refresh_token));
    vi.advanceTimersByTime(60_000);
    return {
      async send() {
        const isNew = (await stateOf(first.refresh_token)) !== "revoked";
        const forgotten = faulty.next("kv.delete");
        const answer = await refresh(service, first.refresh_token);
        if (isNew && answer.status === 400) await forgotten;
        return answer;
      },
      answers: ANSWERS,
      atRest: () => stateOf(first.refresh_token),
      async check() {
        expect(await stateOf(first.refresh_token)).toBe("revoked");
        expect(await isActive(sound, second.access_token)).toBe(false);
        expect(await refresh(sound, second.refresh_token)).toEqual(INVALID_GRANT);
      },
    };
  },

  async inspect({ service }) {
    return inspecting(service, await logIn(service));
  },

  async "inspect single"({ service }) {
    const answer = await ask(service, { grant_type: "client_credentials" });
    return inspecting(service, granted(answer));
  },

  async rehash(faulty) {
    await setDjangoRecord();
    const logInAgain = () => ask(faulty.service, { ...LOGIN, username: DJANGO_USER });
    return {
      async send() {
        const isDue = (await wordForRecord()) === "django";
        const rehashed = faulty.next("d1.run");
        const answer = await logInAgain();
        if (isDue) await rehashed;
        return answer;
      },
      answers: ANSWERS,
      atRest: wordForRecord,
      async check() {
        expect(await wordForRecord()).toBe("ours");
        expect(await logInAgain()).toEqual(GRANTED);
      },
    };
  },
};

/** Any pair that the client has seen is the only one, and works; one that it has not still may. */
function refreshing(service: Service, refreshToken: string, mode: Mode, family?: Family): Scenario {
  const state = () => (family === undefined ? stateOf(refreshToken) : stateOfFamily(family));
  const key = { "Idempotency-Key": "one attempt" };
  const headers = { ...basic(CLIENT), ...(mode === "key" ? key : {}) };
  const fields = { grant_type: "refresh_token", refresh_token: refreshToken };
  return {
    send: () => post(service, new URLSearchParams(fields), headers),
    answers: ANSWERS,
    atRest: state,
    async check(seen) {
      expect(await state()).toBe("generation 1");
      const [pair, ...others] = pairsIn(seen);
      for (const other of others) expect(pick(other)).toEqual(pick(pair));
      if (pair === undefined) return;
      expect(await isActive(sound, pair.access_token)).toBe(true);
      expect(await refresh(sound, pair.refresh_token)).toEqual(GRANTED);
      expect(await state()).toBe("generation 2");
    },
  };
}

function inspecting(service: Service, { access_token }: TokenAnswer): Scenario {
  return {
    send: () => inspect(service, access_token),
    answers: {
      ...ANSWERS,
      active: expect.objectContaining({ clientId: "client", scope: ALL_SCOPES }),
      inactive: null,
    },
    atRest: async () => "-",
    check: async () => expect(await isActive(sound, access_token)).toBe(true),
  };
}

async function wordForTokens(answer: unknown): Promise<string> {
  const [tokens] = pairsIn([answer]);
  if (tokens === undefined) return "-";
  return (await isActive(sound, tokens.access_token)) ? "active" : "nothing";
}

async function wordForRecord(): Promise<string> {
  const record = await env.DB.prepare("SELECT password_record FROM users WHERE username = ?")
    .bind(DJANGO_USER)
    .first<string>("password_record");
  return record?.startsWith("pbkdf2_sha256$") ? "django" : "ours";
}

/** Gives {@link DJANGO_USER} the record that it came with. */
export async function setDjangoRecord(): Promise<void> {
  await env.DB.prepare("UPDATE users SET password_record = ? WHERE username = ?")
    .bind(DJANGO_RECORD, DJANGO_USER)
    .run();
}

function pairsIn(answers: readonly unknown[]): TokenAnswer[] {
  const whole = answers as readonly WholeAnswer[];
  return whole.filter(({ status }) => status === 200).map(({ body }) => body as TokenAnswer);
}

function pick(tokens: TokenAnswer | undefined): string[] {
  return tokens === undefined ? [] : [tokens.access_token, tokens.refresh_token];
}

function withoutRefreshToken({ body, ...rest }: WholeAnswer): WholeAnswer {
  const { refresh_token: _, ...others } = body as Record<string, unknown>;
  return { ...rest, body: others };
}
