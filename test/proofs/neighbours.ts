import { Agent } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import { ServerSandbox } from "../support/server-sandbox.ts";
import { CONFIDENTIAL, login, postToken } from "../support/token-client.ts";
import type { Vars } from "../support/workerd-options.ts";
import type { SoakOutcome } from "./scenarios.ts";

/** The load during the measured refreshes. */
export interface Noise {
  readonly title: string;
  /** Connections that guess passwords, each as fast as it gets responses. */
  readonly guessers: number;
  /** Connections that all use the same refresh token. */
  readonly hotUses: number;
  readonly vars: Vars;
}

/** As in production, except for what a plan changes. */
const VARS = { PASSWORD_HASH_ROUNDS: 6, RATE_LIMITS: "on", FAILED_LOGIN_SECONDS_MIN: 2 } as const;

const LIMITED: Vars = VARS;
/** Only the limit on hashing. */
const UNLIMITED: Vars = { ...VARS, RATE_LIMITS: "off", FAILED_LOGIN_SECONDS_MIN: 0 };

/** The kinds of load. */
export const NOISES: readonly Noise[] = [
  { title: "guessers", guessers: 16, hotUses: 0, vars: LIMITED },
  { title: "one hot family", guessers: 0, hotUses: 4, vars: LIMITED },
  { title: "both", guessers: 16, hotUses: 4, vars: LIMITED },
  { title: "guessers, with RATE_LIMITS off", guessers: 16, hotUses: 0, vars: UNLIMITED },
];

/** Families whose refreshes are measured, each refreshed at an interval. */
const FAMILIES = 8;
const PAUSE_MS = 20;

/** Quiet and noisy turns alternate, so that changes of the machine affect both. */
const TURNS = 6;
const TURN_MS = 5_000;

/** The start of each turn is not measured: work of the previous one, such as hashing, ends. */
const SETTLING_MS = 3_000;

/** Measures how much longer other families' refreshes take under a load. */
export async function measureNeighbours(noise: Noise): Promise<SoakOutcome> {
  const sandbox = await ServerSandbox.create(noise.vars);
  const server = await sandbox.start();
  const agent = new Agent({ keepAlive: true });
  const calls = { url: server.url, agent };
  const client = { client_id: "confidential", client_secret: "secret" };
  const times = { quiet: [] as number[], noisy: [] as number[] };
  const violations: string[] = [];
  let phase: keyof typeof times = "quiet";
  let isSettled = false;
  let isOver = false;
  let guesses = 0;
  let hotUses = 0;

  async function refreshFor(token: string): Promise<void> {
    let refresh_token = token;
    while (!isOver) {
      await wait(PAUSE_MS);
      const measured = isSettled ? phase : null;
      const beganAtMs = performance.now();
      const fields = { grant_type: "refresh_token", refresh_token };
      const reply = await postToken({ ...calls, fields, headers: CONFIDENTIAL });
      if (measured === phase) times[measured].push(performance.now() - beganAtMs);
      if (reply?.status !== 200) {
        violations.push(`a refresh got the status ${reply?.status}`);
        return;
      }
      refresh_token = String(reply.body["refresh_token"]);
    }
  }

  async function guess(n: number): Promise<void> {
    for (let count = 0; !isOver; ) {
      if (phase === "quiet") {
        await wait(10);
        continue;
      }
      count += 1;
      guesses += 1;
      const username = `unknown ${n} ${count}`;
      const headers = { "CF-Connecting-IP": `10.${n}.${(count >> 8) & 255}.${count & 255}` };
      const fields = { grant_type: "password", client_id: "public", username, password: "guess" };
      await postToken({ ...calls, fields, headers });
    }
  }

  async function use(refresh_token: string): Promise<void> {
    while (!isOver) {
      if (phase === "quiet") {
        await wait(10);
        continue;
      }
      hotUses += 1;
      const fields = { grant_type: "refresh_token", refresh_token };
      await postToken({ ...calls, fields, headers: CONFIDENTIAL });
    }
  }

  try {
    const tokens: string[] = [];
    for (let count = 0; count <= FAMILIES; count += 1) tokens.push(await login(calls, client));
    const [hot = "", ...others] = tokens;
    const work = [
      ...others.map(refreshFor),
      ...Array.from({ length: noise.guessers }, (_, n) => guess(n)),
      ...Array.from({ length: noise.hotUses }, () => use(hot)),
    ];
    for (let turn = 0; turn < 2 * TURNS; turn += 1) {
      phase = turn % 2 === 0 ? "quiet" : "noisy";
      isSettled = false;
      await wait(SETTLING_MS);
      isSettled = true;
      await wait(TURN_MS);
    }
    isOver = true;
    await Promise.all(work);
  } finally {
    agent.destroy();
    await server.stop();
    sandbox.remove();
  }
  const figures = [
    ...(["quiet", "noisy"] as const).map((name) => {
      const all = times[name];
      return `${name}: ${all.length} refreshes, p50 ${at(all, 0.5)}, p99 ${at(all, 0.99)} ms`;
    }),
    `${guesses} guesses, ${hotUses} uses of the hot token`,
  ];
  return { figures: figures.join("; "), violations };
}

function at(times: readonly number[], part: number): string {
  const sorted = [...times].sort((one, other) => one - other);
  return (sorted[Math.floor(sorted.length * part)] ?? Number.NaN).toFixed(1);
}
