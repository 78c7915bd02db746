import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { PROJECT_DIR } from "../../src/cli/project.ts";
import { obtainCode, serviceAt } from "../support/browsing.ts";
import { ServerSandbox } from "../support/server-sandbox.ts";
import { stuff } from "../support/stuffing.ts";
import { crash } from "./crash.ts";
import type { RetryMode } from "./crash-client.ts";
import type { CrashCounts } from "./crash-history.ts";
import { measureNeighbours, NOISES } from "./neighbours.ts";
import { type RaceRules, race } from "./race.ts";
import { compareTimes } from "./timing.ts";
import { TIMING_PLANS } from "./timing-classes.ts";

/** How much a soak does. */
export interface SoakSize {
  readonly seed: number;
  readonly uses: number;
  readonly kills: number;
  readonly families: number;
  readonly operations: number;
  readonly requests: number;
  readonly pairs: number;
  readonly users: number;
  readonly samples: number;
  readonly minutes: number;
}

/** The outcome of one scenario. */
export interface SoakOutcome {
  /** What it measured, in one line. */
  readonly figures: string;
  /** Empty when it passed. */
  readonly violations: readonly string[];
}

/** The kinds of proof, in the order in which they are run. */
export const KINDS = [
  ...(["race", "crash", "history", "fuzz", "import"] as const),
  ...(["timing", "stuffing", "neighbours"] as const),
];

/** One proof of the soak. */
export interface Scenario {
  readonly kind: (typeof KINDS)[number];
  readonly title: string;
  run(size: SoakSize, report: (progress: string) => void): Promise<SoakOutcome>;
}

/** A crash run reports its progress after this many kills. */
const KILLS_PER_REPORT = 10;

/** Whether chains begin with refresh tokens of another server, or with authorization codes. */
const IMPORTED = { isImported: true };
const BY_CODE = { isByCode: true };

/** A user has no more browser sessions than 100, and a repeated sign-in makes another one. */
const BROWSERS_MAX = 90;

const ONE_SUCCESSOR: RaceRules = { promise: "one-successor" };

/** Everything that `npm run test:proofs -- --size soak` does, in order. */
export const SCENARIOS: readonly Scenario[] = [
  raceScenario("reject", "reject", { promise: "one-success" }),
  raceScenario("reject, one Idempotency-Key", "reject", {
    promise: "one-successor",
    idempotencyKey: "two tabs",
  }),
  raceScenario("same-successor", "same-successor", ONE_SUCCESSOR),
  raceScenario("reject, an imported token", "reject", { promise: "one-success" }, IMPORTED),
  raceScenario("same-successor, an imported token", "same-successor", ONE_SUCCESSOR, IMPORTED),
  raceScenario("an authorization code", "reject", { promise: "one-success" }, BY_CODE),
  crashScenario("reject, Idempotency-Key", "reject"),
  crashScenario("same-successor", "same-successor"),
  crashScenario("reject, imported tokens", "reject", IMPORTED),
  crashScenario("same-successor, imported tokens", "same-successor", IMPORTED),
  crashScenario("authorization codes, Idempotency-Key", "reject", BY_CODE),
  crashScenario("authorization codes", "same-successor", BY_CODE),
  { kind: "history", title: "against the model of a family", run: runHistory },
  { kind: "fuzz", title: "random requests to every endpoint", run: runFuzz },
  { kind: "import", title: "a large site of Django in little memory", run: runImport },
  ...TIMING_PLANS.map((plan): Scenario => {
    const { title } = plan;
    return { kind: "timing", title, run: (size, report) => compareTimes(plan, size, report) };
  }),
  { kind: "stuffing", title: "stolen passwords from everywhere", run: runStuffing },
  ...NOISES.map((noise): Scenario => {
    return { kind: "neighbours", title: noise.title, run: () => measureNeighbours(noise) };
  }),
];

function raceScenario(
  title: string,
  mode: RetryMode,
  rules: RaceRules,
  { isImported = false, isByCode = false } = {},
): Scenario {
  return {
    kind: "race",
    title,
    async run({ uses, minutes }, report) {
      const endsAtMs = Date.now() + minutes * 60_000;
      return withSandbox(async (sandbox) => {
        const [imported] = isImported ? await sandbox.importTokens(1, "confidential") : [];
        const server = await sandbox.start({
          IMPORTED_TOKENS: "on",
          REFRESH_RETRY: mode,
          // Long enough for the slowest machine to respond to all of them.
          REFRESH_RETRY_WINDOW_SECONDS: 600,
        });
        const token = isByCode
          ? await obtainCode(serviceAt(server.url), { client_id: "confidential" })
          : imported;
        report(`${uses} uses at once ...`);
        const result = await race(server.url, uses, {
          ...{ ...rules, endsAtMs },
          ...(token === undefined ? {} : { token }),
        });
        await server.kill();
        const { connections, statuses, requests, successors, violations } = result;
        const first = [...statuses].map(([status, times]) => `${times} × ${status || "broken"}`);
        const figures =
          `${uses} uses on ${connections} connections: ${first.join(", ")}; ` +
          `${requests} requests until all had an outcome, ${successors} distinct successor`;
        return { figures, violations };
      });
    },
  };
}

function crashScenario(
  title: string,
  mode: RetryMode,
  { isImported = false, isByCode = false } = {},
): Scenario {
  return {
    kind: "crash",
    title,
    async run({ seed, kills, families, minutes }, report) {
      const endsAtMs = Date.now() + minutes * 60_000;
      const onKill = (done: number, counts: CrashCounts) => {
        if (done % KILLS_PER_REPORT === 0) report(`${done} kills: ${describe(counts)}`);
      };
      return withSandbox(async (sandbox) => {
        const clients = isByCode ? Math.min(families, BROWSERS_MAX) : families;
        const what = { mode, seed, kills, families: clients, isImported, isByCode };
        const result = await crash(sandbox, { ...what, endsAtMs, onKill });
        const figures = `${result.kills} kills, seed ${seed}: ${describe(result.counts)}`;
        return { figures, violations: result.violations };
      });
    },
  };
}

function describe(counts: CrashCounts): string {
  const { acknowledged, doubled, raced, later, unanswered, recovered, lost } = counts;
  return (
    `${lost} logins lost with a response, ${acknowledged} rotations acknowledged, ${doubled} attempts doubled, ${raced} raced, ` +
    `${later} told to wait, ${unanswered} cut off, ${recovered} of them committed and recovered`
  );
}

/** In vitest, because it runs the service inside workerd. */
async function runHistory({ seed, operations, minutes }: SoakSize): Promise<SoakOutcome> {
  const bounds = { SEED: `${seed}`, OPERATIONS: `${operations}`, MINUTES: `${minutes}` };
  const violations = await runWorkerdProof("history", HISTORY, bounds);
  return {
    figures: `${operations} operations, seed ${seed}; vitest's own table is above`,
    violations,
  };
}

/** In vitest as well. */
async function runFuzz({ seed, requests, minutes }: SoakSize): Promise<SoakOutcome> {
  const bounds = { SEED: `${seed}`, REQUESTS: `${requests}`, MINUTES: `${minutes}` };
  const violations = await runWorkerdProof("fuzz", FUZZ, bounds);
  return { figures: `${requests} requests, seed ${seed}; their outcomes are above`, violations };
}

/** The tests of each file that are longer in a soak. */
const HISTORY = "concurrent clients see";
const FUZZ = "any request gets valid JSON";

function runWorkerdProof(
  name: string,
  title: string,
  bounds: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  const words = ["--project", "workerd-proofs", `test/proofs/${name}.test.ts`, "-t", title];
  return runVitest(words, bounds);
}

/** The quick proof with more users; it bounds its own time by their number. */
async function runImport({ users }: SoakSize): Promise<SoakOutcome> {
  const words = ["--project", "proofs", "test/proofs/import-django-scale.test.ts"];
  const violations = await runVitest(words, { IMPORT_USERS: `${users}` });
  return { figures: `${users} users, each with a login`, violations };
}

/** Runs vitest in a process of its own. @returns what failed, if anything did */
export async function runVitest(
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<readonly string[]> {
  const vitest = join(PROJECT_DIR, "node_modules/vitest/vitest.mjs");
  const run = spawn(process.execPath, [vitest, "run", ...words], {
    cwd: PROJECT_DIR,
    stdio: "inherit",
    env: { ...process.env, ...env },
  });
  const [code] = await once(run, "exit");
  return code === 0 ? [] : [`vitest ended with code ${code}; its output is above`];
}

async function withSandbox<Result>(use: (sandbox: ServerSandbox) => Promise<Result>) {
  const sandbox = await ServerSandbox.create();
  try {
    return await use(sandbox);
  } finally {
    sandbox.remove();
  }
}

/** As many addresses as let each of them try ten pairs. */
async function runStuffing(
  { pairs }: SoakSize,
  report: (progress: string) => void,
): Promise<SoakOutcome> {
  const attack = { pairs, addresses: Math.ceil(pairs / 10) };
  const result = await stuff(attack, ({ before, after }) => report(`${before + after} pairs ...`));
  const { before, after, hashed, right, stolen, logins, good, goodAtOnce } = result;
  const violations = [
    ...(hashed * 100 < after ? [] : ["a hundredth or more were hashed once they were delayed"]),
    ...(good >= 0.999 * logins ? [] : ["users could not log in"]),
  ];
  const figures =
    `${before} pairs before the first was delayed; of ${after} after it ${hashed} were hashed; ` +
    `${stolen} of ${right} right ones got tokens; ${good} of ${logins} users' logins succeeded, ` +
    `${goodAtOnce} at once`;
  return { figures, violations };
}
