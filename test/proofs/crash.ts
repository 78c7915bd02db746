import { Agent } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { Random } from "../support/random.ts";
import type { ServerSandbox } from "../support/server-sandbox.ts";
import { login } from "../support/token-client.ts";
import type { WorkerdProcess } from "../support/workerd-process.ts";
import { CrashBrowser } from "./crash-browser.ts";
import { CrashClient, type Life, type RetryMode } from "./crash-client.ts";
import { type CrashCounts, CrashHistory } from "./crash-history.ts";

/** The parameters of a run. The seed replays all its decisions, but not the machine's timing. */
export interface CrashPlan {
  readonly mode: RetryMode;
  readonly seed: number;
  readonly families: number;
  readonly kills: number;
  /** Whether families begin with refresh tokens of another server, and new ones during the run. */
  readonly isImported?: boolean;
  /** Whether families begin with authorization codes. */
  readonly isByCode?: boolean;
  /** No further process under load begins after this time, in milliseconds since the epoch. */
  readonly endsAtMs?: number;
  /** Called at each kill. */
  readonly onKill?: (kills: number, counts: CrashCounts) => void;
}

/** How a run ended. */
export interface CrashReport {
  readonly seed: number;
  readonly kills: number;
  readonly counts: CrashCounts;
  readonly violations: readonly string[];
}

/** The window for a lost response is longer than any series of kills. */
const SETTINGS = {
  REFRESH_RETRY_WINDOW_SECONDS: 600,
  AUTHORIZATION_CODE_TTL_SECONDS: 600,
  IMPORTED_TOKENS: "on",
};

/** Families that one client begins in one process, at most. */
const IMPORTS_PER_LIFE = 4;

/** A kill happens after up to this many attempts of each client, on average ... */
const ATTEMPTS_BEFORE_KILL_MAX = 3;

/** ... and then up to this many milliseconds later, at any point of the server's work. */
const KILL_DELAY_MS_MAX = 20;

/** Steps of one client in a process without a kill before its session counts as lost. */
const STEPS_MAX = 100;

/** What each client must get at the end: the pair that it waits for, and a successor of that. */
const LAST_ACKNOWLEDGED = 2;

/** How long a client waits that is told to retry later, or whose connection broke. */
const LATER_MS = 20;

/**
 * Many clients refresh at a server that is killed again and again. At last it runs undisturbed,
 * and every client must get what it waits for.
 */
export async function crash(sandbox: ServerSandbox, plan: CrashPlan): Promise<CrashReport> {
  const { mode, seed } = plan;
  const run: Run = {
    start: () => sandbox.start({ ...SETTINGS, REFRESH_RETRY: mode }),
    random: new Random(seed),
    history: await CrashHistory.create(sandbox.tokenKeys),
    imported: plan.isImported ? await importTokens(sandbox, plan) : [],
    clients: [],
    previousEndedAtMs: 0,
  };
  const { history } = run;
  const kills = await killAgainAndAgain(run, plan);
  if (kills < plan.kills) history.violate(`only ${kills} of ${plan.kills} kills happened`);
  if (history.violations.length === 0) await settleAll(run);
  if (history.counts.recovered === 0) history.violate("no response was lost: this proves nothing");
  return { seed, kills, counts: history.counts, violations: history.violations };
}

/** What the processes of one run share. */
interface Run {
  start(): Promise<WorkerdProcess>;
  readonly random: Random;
  readonly history: CrashHistory;
  /** Unused tokens of another server. */
  readonly imported: string[];
  clients: readonly CrashClient[];
  /** When the last process ended, in milliseconds since the epoch. */
  previousEndedAtMs: number;
}

async function killAgainAndAgain(run: Run, plan: CrashPlan): Promise<number> {
  const { kills, endsAtMs = Number.POSITIVE_INFINITY, onKill } = plan;
  const { violations, counts } = run.history;
  let count = 0;
  while (count < kills && Date.now() < endsAtMs && violations.length === 0) {
    await withServer(run, async (life, server) => {
      if (count === 0) run.clients = await loginAll(life, run, plan);
      await storm(life, server, run);
    });
    count += 1;
    onKill?.(count, counts);
  }
  return count;
}

function importTokens(sandbox: ServerSandbox, { families, kills }: CrashPlan): Promise<string[]> {
  return sandbox.importTokens(families * (kills + 1) * IMPORTS_PER_LIFE, "public");
}

async function loginAll(
  life: Life,
  { random, history, imported }: Run,
  { families, mode, isByCode = false }: CrashPlan,
): Promise<CrashClient[]> {
  const logins = Array.from({ length: families }, async () => {
    if (!isByCode) {
      return {
        browser: null,
        token: imported.pop() ?? (await login(life, { client_id: "public" })),
      };
    }
    const browser = new CrashBrowser();
    const approval = await browser.approve(life.url);
    return { browser, token: approval !== null && "code" in approval ? approval.code : null };
  });
  return (await Promise.all(logins)).map(({ browser, token }, index) => {
    const tools = { mode, history, imported, browser, random: random.fork() };
    return new CrashClient(index, token, tools);
  });
}

/** One process under load, ended by SIGKILL after a seeded number of attempts and delay. */
async function storm(life: Life, server: WorkerdProcess, run: Run): Promise<void> {
  const { clients, random, history } = run;
  let stepsLeft = random.between(0, ATTEMPTS_BEFORE_KILL_MAX * clients.length);
  const delayMs = random.between(0, KILL_DELAY_MS_MAX);
  const due = Promise.withResolvers<void>();
  if (stepsLeft === 0) due.resolve();
  const storming = clients.map(async (client) => {
    while (server.isAlive) {
      const end = await client.step(life);
      if (end === "violation") return due.resolve();
      if (end !== "acknowledged") await sleep(LATER_MS);
      stepsLeft -= 1;
      if (stepsLeft <= 0) due.resolve();
    }
  });
  await Promise.race([due.promise, Promise.all(storming)]);
  await sleep(delayMs);
  if (!server.isAlive) history.violate("workerd ended by itself");
  await server.kill();
  await Promise.all(storming);
}

/** A process without a kill: every client must get what it waits for, and refresh with it. */
async function settleAll(run: Run): Promise<void> {
  await withServer(run, async (life) => {
    const settling = run.clients.map(async (client, index) => {
      let acknowledged = 0;
      for (let steps = 0; steps < STEPS_MAX && acknowledged < LAST_ACKNOWLEDGED; steps += 1) {
        const end = await client.step(life);
        if (end === "violation") return;
        if (end === "acknowledged") acknowledged += 1;
        else await sleep(LATER_MS);
      }
      if (acknowledged < LAST_ACKNOWLEDGED)
        run.history.violate(`client ${index} has lost its session`);
    });
    await Promise.all(settling);
  });
}

async function withServer(
  run: Run,
  use: (life: Life, server: WorkerdProcess) => Promise<void>,
): Promise<void> {
  const server = await run.start();
  const agent = new Agent({ keepAlive: true });
  try {
    await use({ url: server.url, agent, previousEndedAtMs: run.previousEndedAtMs }, server);
  } finally {
    agent.destroy();
    await server.kill();
    run.previousEndedAtMs = Date.now();
  }
}
