import { Agent } from "node:http";
import {
  type Answered,
  CONFIDENTIAL,
  fieldsOf,
  isRetryLater,
  login,
  openTokenRequest,
  postToken,
  type Reply,
} from "../support/token-client.ts";

/** The required outcome of simultaneous uses of one refresh token or authorization code. */
export interface RaceRules {
  /** `one-success`: one use gets a pair. `one-successor`: all that get a pair get the same. */
  readonly promise: "one-success" | "one-successor";
  /** The token or code to use. By default the refresh token of a new login. */
  readonly token?: string;
  /** Sent with each use, or none. */
  readonly idempotencyKey?: string;
  /** No retries after this time, in milliseconds since the epoch. */
  readonly endsAtMs?: number;
}

/** How one race ended. */
export interface RaceReport {
  readonly uses: number;
  readonly connections: number;
  /** How many first responses had each status; 0 is a broken connection. */
  readonly statuses: ReadonlyMap<number, number>;
  /** How many requests it took until each use had a response that does not ask for a retry. */
  readonly requests: number;
  readonly successors: number;
  readonly violations: readonly string[];
}

/** Requests of one use before its client gives up. */
const REQUESTS_PER_USE_MAX = 200;

/** Clients that retry at a time; fewer than the calls that may wait for one family. */
const RETRYING_CLIENTS = 16;

/** Connections for each file descriptor that a process may have: workerd takes two for each. */
const CONNECTIONS_PER_DESCRIPTOR = 0.4;

/**
 * Uses one token or code many times at once, each use on its own connection as far as the
 * system allows: every body is sent once all headers have arrived. Then those that were told to
 * retry do so, until each has its outcome, and at last the family must still be valid.
 */
export async function race(url: string, uses: number, rules: RaceRules): Promise<RaceReport> {
  const connections = Math.min(uses, connectionsMax());
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  try {
    const server = { url, agent };
    const client = { client_id: "confidential", client_secret: "secret" };
    const token = rules.token ?? (await login(server, client));
    const use = useOf(token, url, agent, rules);
    const first = await allAtOnce(uses, connections, use);
    const settled = await askAgain(first, use, rules);
    const violations = check(first, settled.replies, rules);
    const pairs = distinctPairs(settled.replies);
    const successor = settled.replies.find((reply) => reply?.status === 200)?.body["refresh_token"];
    const alive = await useOf(String(successor), url, agent, {}).post();
    if (alive?.status !== 200) violations.push(`the family has ended: ${JSON.stringify(alive)}`);
    const requests = uses + settled.requests;
    const statuses = countStatuses(first);
    return { uses, connections, statuses, requests, successors: pairs.size, violations };
  } finally {
    agent.destroy();
  }
}

interface Use {
  open(): ReturnType<typeof openTokenRequest>;
  post(): Promise<Reply>;
}

function useOf(
  token: string,
  url: string,
  agent: Agent,
  { idempotencyKey }: Pick<RaceRules, "idempotencyKey">,
): Use {
  const key = idempotencyKey === undefined ? {} : { "Idempotency-Key": idempotencyKey };
  const tokenRequest = {
    url,
    agent,
    fields: fieldsOf(token),
    headers: { ...CONFIDENTIAL, ...key },
  };
  return { open: () => openTokenRequest(tokenRequest), post: () => postToken(tokenRequest) };
}

async function allAtOnce(uses: number, connections: number, use: Use): Promise<Reply[]> {
  const open = Array.from({ length: connections }, () => use.open());
  await Promise.all(open.map(({ connected }) => connected));
  let left = uses - connections;
  const lanes = open.map(async ({ send }) => {
    const replies = [await send()];
    for (; left > 0; replies.push(await use.post())) left -= 1;
    return replies;
  });
  return (await Promise.all(lanes)).flat();
}

/** @returns the last response to each use, and how many requests were needed */
async function askAgain(
  first: readonly Reply[],
  use: Use,
  { endsAtMs = Number.POSITIVE_INFINITY }: RaceRules,
): Promise<{ replies: Reply[]; requests: number }> {
  const waiting = first.filter((reply) => reply === null || isRetryLater(reply)).length;
  const replies = first.filter((reply) => reply !== null && !isRetryLater(reply));
  let requests = 0;
  let left = waiting;
  const clients = Array.from({ length: RETRYING_CLIENTS }, async () => {
    while (left > 0) {
      left -= 1;
      let reply: Reply = null;
      for (let tries = 0; tries < REQUESTS_PER_USE_MAX && Date.now() < endsAtMs; tries += 1) {
        reply = await use.post();
        requests += 1;
        if (reply !== null && !isRetryLater(reply)) break;
      }
      replies.push(reply);
    }
  });
  await Promise.all(clients);
  return { replies, requests };
}

function check(first: readonly Reply[], last: readonly Reply[], { promise }: RaceRules): string[] {
  const violations: string[] = [];
  const successes = last.filter((reply) => reply?.status === 200).length;
  const pairs = distinctPairs(last).size;
  const atOnce = first.filter((reply) => reply?.status === 200).length;
  if (atOnce === 0) violations.push("no use succeeded at once");
  if (pairs !== 1) violations.push(`${pairs} distinct successors`);
  if (promise === "one-success" && successes !== 1) violations.push(`${successes} successes`);
  if (promise === "one-successor" && successes !== last.length) {
    violations.push(`${last.length - successes} of ${last.length} clients never got the successor`);
  }
  const unanswered = last.filter((reply) => reply === null || isRetryLater(reply)).length;
  if (unanswered > 0) violations.push(`${unanswered} clients without a response`);
  const unlawful = [...first, ...last].filter((reply) => reply !== null && !isLawful(reply));
  for (const reply of new Set(unlawful.map((reply) => JSON.stringify(reply)))) {
    violations.push(`invalid response: ${reply}`);
  }
  return violations;
}

function isLawful(reply: Answered): boolean {
  if (reply.status === 200 || isRetryLater(reply)) return true;
  return reply.status === 400 && reply.body["error"] === "invalid_grant";
}

function distinctPairs(replies: readonly Reply[]): Set<string> {
  const successes = replies.filter((reply) => reply?.status === 200);
  return new Set(
    successes.map((reply) => `${reply?.body["refresh_token"]} ${reply?.body["access_token"]}`),
  );
}

function countStatuses(replies: readonly Reply[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const reply of replies) {
    const status = reply?.status ?? 0;
    counts.set(status, (counts.get(status) ?? 0) + 1);
  }
  return counts;
}

function connectionsMax(): number {
  const report = process.report.getReport() as {
    userLimits?: { open_files?: { soft: number | "unlimited" } };
  };
  const soft = report.userLimits?.open_files?.soft;
  return typeof soft === "number"
    ? Math.floor(soft * CONNECTIONS_PER_DESCRIPTOR)
    : Number.MAX_SAFE_INTEGER;
}
