import { type Agent, type IncomingMessage, request } from "node:http";
import { CODE_PREFIX } from "../../src/tokens/authorization-code.ts";
import { VERIFIER } from "./browsing.ts";

/** What the server answered, or null where the connection broke before the whole response was in. */
export type Reply = Answered | null;

/** A response that arrived whole. */
export interface Answered {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly body: Partial<Record<string, string | number>>;
}

/** A request whose head is sent and whose body waits. */
interface OpenRequest {
  /** Resolves when the connection is open or has failed. */
  readonly connected: Promise<void>;
  /** Sends the body. */
  send(): Promise<Reply>;
}

/** Fields of a form, and where it goes. */
export interface TokenRequest {
  /** Of the server, with a slash at its end. */
  readonly url: string;
  readonly agent: Agent;
  readonly fields: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Credentials of the sandbox's confidential client. */
export const CONFIDENTIAL = {
  Authorization: `Basic ${Buffer.from("confidential:secret").toString("base64")}`,
} as const;

/** How long a connection may say nothing before it counts as broken: ends a test that hangs. */
const SILENCE_MS_MAX = 120_000;

const LOGIN = { grant_type: "password", username: "ada", password: "correct horse" } as const;

/** Posts a form to the token endpoint. */
export function postToken(tokenRequest: TokenRequest): Promise<Reply> {
  return openTokenRequest(tokenRequest).send();
}

/** Connects and sends the head of a request, so that many bodies can be sent at one instant. */
export function openTokenRequest({ url, agent, fields, headers }: TokenRequest): OpenRequest {
  const body = new URLSearchParams(fields).toString();
  const outgoing = request(`${url}o/token/`, {
    method: "POST",
    agent,
    timeout: SILENCE_MS_MAX,
    headers: {
      "Content-Type": "application/x-www-form-urlencoded",
      "Content-Length": Buffer.byteLength(body),
      ...headers,
    },
  });
  const reply = new Promise<Reply>((settle) => {
    outgoing.once("response", (incoming) => readReply(incoming).then(settle));
    outgoing.once("timeout", () => outgoing.destroy());
    outgoing.once("error", () => settle(null));
  });
  const connected = new Promise<void>((settle) => {
    outgoing.once("error", () => settle());
    outgoing.once("socket", (socket) => {
      if (socket.connecting) socket.once("connect", () => settle());
      else settle();
    });
  });
  outgoing.flushHeaders();
  return {
    connected,
    send() {
      outgoing.end(body);
      return reply;
    },
  };
}

/** The fields that exchange an authorization code, or use a refresh token. */
export function fieldsOf(token: string): Readonly<Record<string, string>> {
  return token.startsWith(CODE_PREFIX)
    ? { grant_type: "authorization_code", code: token, code_verifier: VERIFIER }
    : { grant_type: "refresh_token", refresh_token: token };
}

/** Logs the sandbox's user in. @returns the refresh token */
export async function login(
  server: Pick<TokenRequest, "url" | "agent">,
  client: { client_id: string; client_secret?: string },
): Promise<string> {
  const reply = await postToken({ ...server, fields: { ...LOGIN, ...client } });
  if (reply?.status !== 200) throw new Error(`login failed: ${JSON.stringify(reply)}`);
  return String(reply.body["refresh_token"]);
}

/** Whether a client may take a response for "not now, ask again": the one kind it may retry. */
export function isRetryLater({ status, retryAfter }: Answered): boolean {
  return (status === 429 || status === 503) && Number(retryAfter) > 0;
}

async function readReply(incoming: IncomingMessage): Promise<Reply> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const body = JSON.parse(Buffer.concat(chunks).toString("utf8")) as Answered["body"];
    const { statusCode = 0, headers } = incoming;
    return { status: statusCode, retryAfter: headers["retry-after"], body };
  } catch {
    return null;
  }
}
