import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { getDeps } from "../../../src/deps.ts";
import { Unavailable } from "../../../src/errors/refusal.ts";
import { createFamilyStore } from "../../../src/storage/families.ts";
import { unsealRefreshToken } from "../../../src/tokens/refresh-token.ts";
import { CALLBACK, VERIFIER } from "../browsing.ts";
import { isActive } from "../inspection.ts";
import type { Intercept } from "../interception.ts";
import type { Random } from "../random.ts";
import { basic, post } from "../requests.ts";
import type { WholeAnswer } from "../responses.ts";
import { createService, type Service, type TokenAnswer } from "../service.ts";
import { FOREIGN_CLIENT, type RegisteredClient, type RegisteredUser } from "./accounts.ts";
import { approve, type ConsentPage, openConsentPage } from "./approval.ts";
import { FaultyBindings } from "./faults.ts";
import type { Answer, Flaw, Operation } from "./history.ts";
import type { Pair, Session } from "./session.ts";

/** What came of an operation. */
export interface Result {
  readonly answer: Answer;
  /** The tokens, where there are any. */
  readonly pair?: Pair;
  /** The page of an authorization request, and the code that it yielded. */
  readonly approval?: { readonly consentPage: ConsentPage; readonly code: string };
  /** What no request may be answered. */
  readonly complaint?: string;
}

type Refresh = Extract<Operation, { kind: "refresh" }>;
type Exchange = Extract<Operation, { kind: "exchange" }>;

/** One client in one isolate of its own, whose bindings fail at times. */
export class Caller {
  readonly name: string;
  readonly faults: FaultyBindings;
  readonly #service: Service;

  constructor(name: string, random: Random, settings: object, sabotage: Intercept | undefined) {
    this.name = name;
    this.faults = new FaultyBindings(random, sabotage);
    this.#service = createService({ ...this.faults.bindings, ...settings });
  }

  /** Logs a user in with this password. */
  async logIn(
    { username }: RegisteredUser,
    client: RegisteredClient,
    password: string,
  ): Promise<Result> {
    const body = formFor(client, { grant_type: "password", username, password });
    return resultOf(await post(this.#service, body, headersFor(client)));
  }

  /** Signs a user in at the authorization endpoint, who consents. */
  async authorize(
    { username }: RegisteredUser,
    client: RegisteredClient,
    password: string,
  ): Promise<Result> {
    const page = await openConsentPage(this.#service, client.clientId, { username, password });
    if ("answer" in page) return page;
    const { answer, code } = await approve(this.#service, page);
    return { answer, ...(code === undefined ? {} : { approval: { consentPage: page, code } }) };
  }

  /** Does something to a session. */
  async perform(session: Session, operation: Operation): Promise<Result> {
    if (operation.kind === "approve") return this.#approve(session, operation.code);
    if (operation.kind === "exchange") return this.#exchange(session, operation);
    if (operation.kind === "refresh") return this.#refresh(session, operation);
    if (operation.kind === "inspect") return this.#inspect(session, operation.generation);
    if (operation.kind === "revoke") return this.#revoke(session, operation.isForeign);
    if (operation.kind === "platform") return this.#platform(session, operation.event);
    throw new TypeError(`a client does not ${operation.kind}`);
  }

  async #approve({ consentPage, codes }: Session, index: number): Promise<Result> {
    if (consentPage === null) throw new TypeError("there is no page to submit");
    const { answer, code } = await approve(this.#service, consentPage);
    // Two of the same millisecond are one code.
    if (code !== undefined && codes.includes(code)) return { answer: "unknown" };
    codes[index] = code ?? null;
    return { answer };
  }

  async #exchange(session: Session, { code, key, flaw }: Exchange): Promise<Result> {
    const client = flaw === "client" ? FOREIGN_CLIENT : session.client;
    const fields = { grant_type: "authorization_code", code: session.codes[code] ?? "" };
    const body = formFor(client, fields, flaw === "secret");
    if (flaw !== "no verifier") {
      body.set("code_verifier", flaw === "verifier" ? "x".repeat(43) : VERIFIER);
    }
    if (flaw === "redirect") body.set("redirect_uri", `${CALLBACK}/other`);
    if (flaw === "resource") body.set("resource", "https://other.example.com");
    return this.#send(client, body, key, flaw);
  }

  /** Sends a token request with what is wrong with its head. */
  async #send(
    client: RegisteredClient,
    body: URLSearchParams,
    key: string | null,
    flaw: Flaw | null,
  ) {
    if (flaw === "repeated") body.append("grant_type", body.get("grant_type") ?? "");
    const headers = new Headers(headersFor(client, flaw === "secret"));
    if (flaw === "key") headers.set("Idempotency-Key", "k".repeat(256));
    else if (key !== null) headers.set("Idempotency-Key", key);
    const path = flaw === "query" ? "/o/token/?scope=read" : "/o/token/";
    return resultOf(await post(this.#service, body, headers, path));
  }

  async #refresh(session: Session, { generation, key, flaw }: Refresh): Promise<Result> {
    const client = flaw === "client" ? FOREIGN_CLIENT : session.client;
    const refreshToken = session.pairs[generation]?.refreshToken ?? "";
    const fields = { grant_type: "refresh_token", refresh_token: refreshToken };
    const body = formFor(client, fields, flaw === "secret");
    if (flaw === "scope") body.set("scope", "read everything");
    return this.#send(client, body, key, flaw);
  }

  async #inspect(session: Session, generation: number): Promise<Result> {
    const accessToken = session.pairs[generation]?.accessToken ?? "";
    return unlessUnavailable(async () => {
      return (await isActive(this.#service, accessToken)) ? "active" : "inactive";
    });
  }

  async #revoke(session: Session, isForeign: boolean): Promise<Result> {
    const { clientId } = isForeign ? FOREIGN_CLIENT : session.client;
    const families = createFamilyStore(this.#service.env.REFRESH_FAMILIES, Date.now);
    const familyId = await this.#familyIdOf(session);
    return unlessUnavailable(async () => {
      await families.revoke(familyId, clientId, "client_request", Date.now());
      return "done";
    });
  }

  async #platform(session: Session, event: "alarm" | "evict"): Promise<Result> {
    const id = env.REFRESH_FAMILIES.idFromString(await this.#familyIdOf(session));
    const stub = env.REFRESH_FAMILIES.get(id);
    if (event === "alarm") await runDurableObjectAlarm(stub);
    // What does not run cannot be evicted.
    else await evictDurableObject(stub).catch(() => undefined);
    return { answer: "done" };
  }

  async #familyIdOf({ pairs }: Session): Promise<string> {
    const { refreshTokenRing } = (await getDeps(this.#service.env)).grants;
    const token = await unsealRefreshToken(refreshTokenRing, pairs[0]?.refreshToken ?? "");
    if (token === null) throw new Error("the service does not know its own token");
    return token.familyId;
  }
}

function formFor(
  { clientId, secret }: RegisteredClient,
  fields: Record<string, string>,
  isFlawed = false,
): URLSearchParams {
  const body = new URLSearchParams(fields);
  if (secret === null) body.set("client_id", isFlawed ? "nobody" : clientId);
  return body;
}

function headersFor({ clientId, secret }: RegisteredClient, isFlawed = false): HeadersInit {
  return secret === null ? {} : basic(`${clientId}:${isFlawed ? "wrong" : secret}`);
}

function resultOf({ status, headers, body }: WholeAnswer): Result {
  const { error } = body as { error?: string };
  if (status === 200) return givenTo(body as TokenAnswer);
  if (status === 401) return { answer: "unauthorized" };
  if (status === 400) return { answer: error === "invalid_grant" ? "refused" : "rejected" };
  const isOutage = status === 503 || status === 429;
  if (isOutage && headers["retry-after"] !== undefined) {
    return { answer: status === 503 ? "unknown" : "busy" };
  }
  const complaint = `answered ${status} ${JSON.stringify(body)} ${JSON.stringify(headers)}`;
  return { answer: "unknown", complaint };
}

function givenTo({ refresh_token, access_token }: TokenAnswer): Result {
  return { answer: "given", pair: { refreshToken: refresh_token, accessToken: access_token } };
}

async function unlessUnavailable(work: () => Promise<Answer>): Promise<Result> {
  try {
    return { answer: await work() };
  } catch (error) {
    if (error instanceof Unavailable) return { answer: "unknown" };
    return { answer: "unknown", complaint: `threw ${error}` };
  }
}
