import { Agent } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import { ServerSandbox } from "./server-sandbox.ts";
import { postToken } from "./token-client.ts";

/** How large an attack is. */
interface Attack {
  /** Stolen names and passwords, each tried once. */
  readonly pairs: number;
  /** Where they are tried from. */
  readonly addresses: number;
}

/** What became of it. */
interface StuffingReport {
  /** Pairs that were tried before the first was held up, and after. */
  before: number;
  after: number;
  /** Of those after, how many were hashed. */
  hashed: number;
  /** Stolen passwords that were right, and how many of them got tokens. */
  right: number;
  stolen: number;
  /** Logins of users from their own addresses meanwhile, and how many of them got tokens. */
  logins: number;
  good: number;
  /** Of these, how many at the first try: an isolate at its hashing limit asks for a retry. */
  goodAtOnce: number;
}

/** Users who go on logging in. */
const USERS = 50;

/** Every so many pairs one of them does. */
const PAIRS_PER_LOGIN = 20;

/** Every so many stolen passwords are still right. */
const PAIRS_PER_RIGHT_ONE = 500;

const PASSWORD = "their own word";
const IN_FLIGHT = 40;
const NOTHING: StuffingReport = {
  ...{ before: 0, after: 0, hashed: 0, right: 0, stolen: 0, logins: 0, good: 0, goodAtOnce: 0 },
};

/**
 * Stuffs the real Worker with stolen passwords through its public client: from IPv4 addresses, from
 * IPv6 addresses that move within their /64, and with forwarding headers made up anew each time.
 * No proxy runs before the Worker, so the test sets the platform's header.
 */
export async function stuff(
  attack: Attack,
  onProgress: (report: StuffingReport) => void = () => {},
): Promise<StuffingReport> {
  const named = (name: string, count: number) =>
    Array.from({ length: count }, (_, n) => ({ username: `${name}${n}`, password: PASSWORD }));
  const victims = Math.ceil(attack.pairs / PAIRS_PER_RIGHT_ONE);
  const sandbox = await ServerSandbox.create(
    { RATE_LIMITS: "on" },
    {
      clients: [{ client_id: "public", token_endpoint_auth_method: "none" }],
      users: [...named("user", USERS), ...named("victim", victims)],
    },
  );
  const server = await sandbox.start();
  const agent = new Agent({ keepAlive: true, maxSockets: IN_FLIGHT });
  try {
    const logIn: LogIn = async (username, password, headers) => {
      const fields = { grant_type: "password", client_id: "public", username, password };
      return (await postToken({ url: server.url, agent, fields, headers }))?.status ?? 0;
    };
    return await attackWith(logIn, attack, onProgress);
  } finally {
    agent.destroy();
    await server.stop();
    sandbox.remove();
  }
}

type LogIn = (
  username: string,
  password: string,
  headers: Readonly<Record<string, string>>,
) => Promise<number>;

async function attackWith(
  logIn: LogIn,
  { pairs, addresses }: Attack,
  onProgress: (report: StuffingReport) => void,
): Promise<StuffingReport> {
  const report = { ...NOTHING };
  let isHeldUp = false;

  async function tryPair(n: number): Promise<void> {
    const victim = n % PAIRS_PER_RIGHT_ONE === 0 ? n / PAIRS_PER_RIGHT_ONE : null;
    const wasHeldUp = isHeldUp;
    const headers = { "CF-Connecting-IP": addressOf(n, addresses), ...madeUp(n) };
    const status =
      victim === null
        ? await logIn(`stolen${n}@example.com`, `password${n}`, headers)
        : await logIn(`victim${victim}`, PASSWORD, headers);
    if (status === 429) isHeldUp = true;
    if (victim !== null) report.right += 1;
    if (victim !== null && status === 200) report.stolen += 1;
    if (wasHeldUp) report.after += 1;
    else report.before += 1;
    if (wasHeldUp && (status === 200 || status === 400)) report.hashed += 1;
  }

  /** A client that is asked to retry does. */
  async function logInAtHome(n: number): Promise<void> {
    report.logins += 1;
    for (let tries = 1; tries <= 3; tries += 1) {
      const status = await logIn(`user${n}`, PASSWORD, { "CF-Connecting-IP": homeOf(n) });
      if (status === 200) report.good += 1;
      if (status === 200 && tries === 1) report.goodAtOnce += 1;
      if (status !== 503) return;
      await wait(1000);
    }
  }

  for (let n = 0; n < USERS; n += 1) {
    await logIn(`user${n}`, PASSWORD, { "CF-Connecting-IP": homeOf(n) });
  }
  let next = 0;
  async function work(): Promise<void> {
    while (next < pairs) {
      const n = next;
      next += 1;
      await tryPair(n);
      if (n % PAIRS_PER_LOGIN === 0) await logInAtHome((n / PAIRS_PER_LOGIN) % USERS);
      if (n % 10_000 === 0) onProgress(report);
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, work));
  return report;
}

const homeOf = (n: number) => `198.51.100.${n}`;

/** Half of the addresses are IPv4; the rest are IPv6, another of its /64 each time. */
function addressOf(n: number, addresses: number): string {
  const index = n % addresses;
  if (index % 2 === 0) return `203.0.${index >> 8}.${index & 255}`;
  const network = `2001:db8:${(index >> 8).toString(16)}:${(index & 255).toString(16)}`;
  return `${network}:${((n * 7919) & 0xffff).toString(16)}::1`;
}

/** Headers of proxies, sent by a caller that is none. */
function madeUp(n: number): Record<string, string> {
  const address = `192.0.2.${n % 256}`;
  return {
    "X-Forwarded-For": `${address}, ${homeOf(n % USERS)}`,
    "X-Real-IP": address,
    "True-Client-IP": address,
    Forwarded: `for="${address}"`,
  };
}
