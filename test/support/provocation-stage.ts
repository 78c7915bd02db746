import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { toBase64, utf8 } from "../../src/crypto/bytes.ts";
import { chainedPbkdf2 } from "../../src/crypto/password-hash.ts";
import type { Verification } from "../../src/resource-server/verification.ts";
import { TokenVerifier } from "../../src/rpc/token-verifier.ts";
import { newAssertion, registerKeyClient } from "./assertions.ts";
import { CALLBACK, LONG_AUDIENCE, newBrowser, type TestBrowser } from "./browsing.ts";
import { CANARIES } from "./canaries.ts";
import { interceptBindings } from "./interception.ts";
import type { Claims } from "./jws.ts";
import { newKey } from "./keys.ts";
import type { Fields } from "./requests.ts";
import { createService, type Overrides, type Service, type TokenAnswer } from "./service.ts";

/** Where and how a request is sent. Without words it is a POST of the client's to the token endpoint. */
export interface Manner {
  readonly path?: string;
  readonly method?: string;
  /** `id:secret` for HTTP Basic, or no client for null. */
  readonly credentials?: string | null;
  readonly authorization?: string;
  readonly idempotencyKey?: string;
  readonly forwardedFor?: string;
  readonly contentEncoding?: string;
  /** The caller's address as the platform reports it; a new one each time by default. */
  readonly address?: string;
}

type Send = (fields?: Fields, manner?: Manner) => Promise<Response>;

/** Sees each response before the caller does. */
type OnAnswer = (answer: Response) => Promise<void>;

/** What a provocation works with. Every request carries canaries in its headers and its body. */
export interface Stage {
  readonly send: Send;
  readonly logIn: Send;
  /** Gets a URL of the service, query included. */
  get(path: string): Promise<Response>;
  /** Logs in with a body of another kind than a form. */
  logInBy(kind: "json" | "multipart"): Promise<Response>;
  /** Posts a body as it is. `json`, or none, chooses the media type. */
  raw(body: BodyInit, contentType?: string, manner?: Manner): Promise<Response>;
  refresh(refreshToken: string, manner?: Manner): Promise<Response>;
  /** The tokens of a login that must succeed. */
  tokens(fields?: Fields, manner?: Manner): Promise<TokenAnswer>;
  assertion(claims: Claims): Promise<string>;
  /** Lets one operation of some work fail, with words of the platform's that quote a caller. */
  failing(operation: string, work: () => Promise<unknown>): Promise<void>;
  /** Sends requests to a service with an unusable secret. */
  misconfigured(work: () => Promise<unknown>): Promise<void>;
  /** Changes the user `leaving` concurrently, before each batch of D1 in some work. */
  contended(work: () => Promise<unknown>): Promise<void>;
  /** Lets every call of one operation wait. `full` resolves when so many of them wait. */
  hold(operation: string, count: number): { full: Promise<void>; release: () => void };
  /** Sends requests to a service with limits, and with some of them lower. */
  limited(settings: Overrides, work: () => Promise<unknown>): Promise<void>;
  /** Verifies a token as another Worker would. */
  verify(token: string): Promise<Verification>;
  /** A browser whose user can sign in as `ada`, with {@link signInFields}. */
  browser(): TestBrowser;
  readonly signInFields: Fields;
  /** Waits until nothing goes on in storage: for deferred work. */
  settle(): Promise<void>;
}

const WEB = {
  grant_types: ["authorization_code", "refresh_token"],
  redirect_uris: [CALLBACK, `${CALLBACK}/2`],
  audience: ["https://api.example.com", LONG_AUDIENCE],
};
const signingKey = newKey();
const SECRET = CANARIES.secret;
const PASSWORD = `${CANARIES.password}, ü/+&`;

/** Registers the clients and users that the provocations need. */
export async function registerCast(): Promise<void> {
  const service = createService();
  const named = (client_id: string, more: object = {}) => {
    return { client_id, client_secret: SECRET, ...more };
  };
  const user = (username: string) => ({ username, password: PASSWORD });
  await service.register({
    clients: [
      named("client", { grant_types: ["password", "refresh_token", "client_credentials"] }),
      named("other"),
      named("imported"),
      named("disabled", { disabled: true }),
      named("batch", { grant_types: ["client_credentials"] }),
      named("brief", { refresh_idle_ttl_seconds: 60 }),
      named("manager", { grant_types: ["client_credentials"], scope: "read admin" }),
      named("api-manager", {
        grant_types: ["client_credentials"],
        scope: "admin",
        audience: ["https://api.example.com"],
      }),
      named("web", WEB),
      named("other-web", WEB),
      { client_id: "public", token_endpoint_auth_method: "none" },
    ],
    users: ["ada", "leaving", "unusable", "inactive", "django", "long"].map(user),
  });
  await registerKeyClient(service, "signer", await signingKey);
  const hash = toBase64(await chainedPbkdf2(PASSWORD, utf8("seasalt"), 1, 1000));
  const secretHash = toBase64(await chainedPbkdf2(SECRET, utf8("seasalt"), 1, 1000));
  await env.DB.batch([
    env.DB.prepare("UPDATE users SET password_record = ? WHERE username = 'django'").bind(
      `pbkdf2_sha256$1000$seasalt$${hash}`,
    ),
    env.DB.prepare("UPDATE users SET password_record = ? WHERE username = 'long'").bind(
      `pbkdf2_sha256$100001$seasalt$${hash}`,
    ),
    env.DB.prepare("UPDATE clients SET secret_record = ? WHERE client_id = 'imported'").bind(
      `pbkdf2_sha256$1000$seasalt$${secretHash}`,
    ),
    env.DB.prepare("UPDATE users SET is_active = 0 WHERE username = 'inactive'"),
    env.DB.prepare("UPDATE users SET password_record = '!' WHERE username = 'unusable'"),
  ]);
}

/** Sets the stage over the real bindings. @param watching where audit events and metrics go */
export function createStage(watching: Overrides, onAnswer: OnAnswer): Stage {
  const busy = new Set<Promise<unknown>>();
  let failingOperation: string | null = null;
  let struck = Promise.withResolvers<void>();
  let rival: (() => Promise<unknown>) | null = null;
  let heldOperation: string | null = null;
  let hold: ((proceed: () => Promise<unknown>) => Promise<unknown>) | null = null;
  const bindings = interceptBindings((operation, proceed) => {
    if (operation === failingOperation) {
      struck.resolve();
      throw new Error(PLATFORM_WORDS);
    }
    const isHeld = hold !== null && operation === heldOperation;
    const meanwhile = operation === "d1.batch" ? rival : null;
    const really = meanwhile === null ? proceed : () => meanwhile().then(proceed);
    const work = isHeld && hold !== null ? hold(really) : really();
    busy.add(work);
    return work.finally(() => busy.delete(work));
  });
  const sound = createService({
    ...bindings,
    ...watching,
    MANAGEMENT_API: "on",
    REGISTRATION: "open",
    RESOURCES: "https://mcp.example.com",
    CIMD: "metadata.example slow.example broken.example busy.example",
  });
  let service: Service = sound;

  const post = async (body: BodyInit | null, manner: Manner, more: HeadersInit = {}) => {
    const { path = "/o/token/", method = "POST" } = manner;
    const headers = { ...decoration(manner), ...more };
    const answer = await service.fetch(path, { method, headers, body });
    await onAnswer(answer.clone());
    return answer;
  };
  const send: Send = (fields = {}, manner = {}) => {
    const all = { ...fields, [CANARIES.name]: CANARIES.value, state: CANARIES.body };
    return post(new URLSearchParams(all), manner);
  };
  const login = { grant_type: "password", username: "ada", password: PASSWORD };
  const logIn: Send = (fields = {}, manner = {}) => send({ ...login, ...fields }, manner);

  const browse = async (path: string, init: RequestInit = {}) => {
    const headers = new Headers({ ...decoration({ credentials: null }) });
    headers.delete("Origin");
    for (const [name, value] of new Headers(init.headers)) headers.set(name, value);
    const response = await service.fetch(path, { ...init, headers });
    await onAnswer(response.clone());
    return response;
  };

  return {
    send,
    logIn,
    browser: () => newBrowser({ fetch: browse }),
    signInFields: { username: "ada", password: PASSWORD },
    raw(body, contentType = "application/x-www-form-urlencoded", manner = {}) {
      const type = contentType === "json" ? "application/json" : contentType;
      const { contentEncoding } = manner;
      const encoding = contentEncoding === undefined ? {} : { "Content-Encoding": contentEncoding };
      return post(body, manner, { "Content-Type": type, ...encoding });
    },
    get: (path) => post(null, { path, method: "GET" }),
    logInBy(kind) {
      if (kind === "json") {
        return post(JSON.stringify(login), {}, { "Content-Type": "application/json" });
      }
      const form = new FormData();
      for (const [name, value] of Object.entries(login)) form.append(name, value);
      return post(form, {});
    },
    refresh(refresh_token, manner) {
      return send({ grant_type: "refresh_token", refresh_token }, manner);
    },
    async tokens(fields, manner) {
      const response = await logIn(fields, manner);
      expect(response.status).toBe(200);
      return response.json();
    },
    async assertion(claims) {
      const jti = `${CANARIES.jti}${crypto.randomUUID()}`;
      return newAssertion("signer", await signingKey, { jti, ...claims });
    },
    async failing(operation, work) {
      failingOperation = operation;
      struck = Promise.withResolvers();
      await work();
      // The request may be answered by then, and the work go on.
      await struck.promise;
      await scheduler.wait(0);
      failingOperation = null;
    },
    async misconfigured(work) {
      service = createService({ ...watching, TOKEN_KEYS: CANARIES.configuration });
      await work().finally(() => {
        service = sound;
      });
    },
    async contended(work) {
      let number = 0;
      const change = "UPDATE users SET claims = json_object('n', ?) WHERE username = 'leaving'";
      rival = () => env.DB.prepare(change).bind(++number).run();
      await work().finally(() => {
        rival = null;
      });
    },
    verify: (token) => new TokenVerifier(createExecutionContext(), service.env).verify(token),
    async settle() {
      do {
        await Promise.allSettled(busy);
        await scheduler.wait(0);
      } while (busy.size > 0);
    },
    async limited(settings, work) {
      service = createService({ ...bindings, ...watching, RATE_LIMITS: "on", ...settings });
      await work().finally(() => {
        service = sound;
      });
    },
    hold(operation, count) {
      heldOperation = operation;
      const { promise: full, resolve: fill } = Promise.withResolvers<void>();
      const { promise: opened, resolve: open } = Promise.withResolvers<void>();
      let waiting = 0;
      hold = async (proceed) => {
        waiting += 1;
        if (waiting === count) fill();
        await opened;
        return proceed();
      };
      const release = () => {
        hold = null;
        open();
      };
      return { full, release };
    },
  };
}

/** What D1 says of a value that it cannot bind, and what no platform should say. */
const PLATFORM_WORDS =
  `D1_TYPE_ERROR: near ${CANARIES.platform} of ${CANARIES.password}: ` +
  `value '${CANARIES.secret}' not supported`;

function decoration(manner: Manner): Record<string, string> {
  const { credentials = `client:${SECRET}`, authorization, idempotencyKey, forwardedFor } = manner;
  const basic = credentials === null ? undefined : `Basic ${btoa(credentials)}`;
  const proof = authorization ?? basic;
  return {
    ...(proof === undefined ? {} : { Authorization: proof }),
    "Idempotency-Key": idempotencyKey ?? `${CANARIES.idempotencyKey}-${crypto.randomUUID()}`,
    ...(forwardedFor === undefined ? {} : { "Tollgate-Forwarded-For": forwardedFor }),
    "User-Agent": CANARIES.userAgent,
    Cookie: `session=${CANARIES.cookie}`,
    Origin: `https://${CANARIES.origin}.example`,
    Referer: `https://login.example.com/?token=${CANARIES.query}`,
    "CF-Connecting-IP": manner.address ?? `${CANARIES.header} ${crypto.randomUUID()}`,
    "CF-Ray": CANARIES.header,
    "X-Request-Id": CANARIES.header,
    "X-Forwarded-For": CANARIES.header,
    [`X-${CANARIES.name}`]: CANARIES.header,
  };
}
