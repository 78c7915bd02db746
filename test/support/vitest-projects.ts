import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { exportJWK, generateKeyPair } from "jose";
import type { TestProjectInlineConfiguration } from "vitest/config";
import { noteEnteredFiles } from "./entered-files.ts";

/** A key for tests alone; every clone makes its own for use. */
const TEST_TOKEN_KEYS = "5e".repeat(32);

/** Keeps what the queue delivers, as a consumer of the operator's would. */
const CONSUMER = `export default {
  async queue(batch, { DELIVERED }) {
    for (const { id, body } of batch.messages) await DELIVERED.put(id, JSON.stringify(body));
  },
};`;

/** What a deployment may have to be watched by; a test takes it when it wants it. */
const WATCHING = {
  analyticsEngineDatasets: { TEST_METRICS: { dataset: "tollgate" } },
  queueProducers: { TEST_AUDIT_EVENTS: { queueName: "audit" } },
  kvNamespaces: { TEST_DELIVERED: "delivered" },
  workers: [
    {
      name: "consumer",
      modules: [{ type: "ESModule" as const, path: "consumer.js", contents: CONSUMER }],
      compatibilityDate: "2026-11-01",
      kvNamespaces: { DELIVERED: "delivered" },
      queueConsumers: { audit: { maxBatchTimeout: 0 } },
    },
  ],
};

/** Tests that run inside workerd, over its own D1, KV and Durable Objects. */
async function workerdProject(
  name: string,
  include: readonly string[],
  bindings: Readonly<Record<string, string>> = {},
): Promise<TestProjectInlineConfiguration> {
  const TEST_MIGRATIONS = await readD1Migrations("src/storage/migrations");
  // As `npm start` makes them: the first signs access tokens, the second ID tokens.
  const pairs = ["ES256", "RS256"].map((algorithm) => {
    return generateKeyPair(algorithm, { extractable: true });
  });
  const keys = pairs.map(async (pair) => exportJWK((await pair).privateKey));
  const SIGNING_KEYS = JSON.stringify({ keys: await Promise.all(keys) });
  // What test/support/history/options.ts reads: the seed of a random run, and how long it is.
  const { SEED = "", OPERATIONS = "", REQUESTS = "", MINUTES = "" } = process.env;
  return {
    plugins: [
      cloudflareTest({
        wrangler: { configPath: "./wrangler.toml" },
        miniflare: {
          bindings: {
            TOKEN_KEYS: TEST_TOKEN_KEYS,
            SIGNING_KEYS,
            PASSWORD_HASH_ROUNDS: 1,
            // Most tests fail on purpose, and all come from one address; tests of limits turn them on.
            RATE_LIMITS: "off",
            FAILED_LOGIN_SECONDS_MIN: 0,
            TEST_MIGRATIONS,
            ...{ SEED, OPERATIONS, REQUESTS, MINUTES },
            ...bindings,
          },
          ...WATCHING,
        },
      }),
    ],
    test: {
      name,
      include: [...include],
      // Unbundled, each of its calls between modules goes by a getter: twenty times slower.
      deps: {
        optimizer: {
          ssr: {
            enabled: true,
            include: ["@noble/hashes/sha2.js"],
          },
        },
      },
      setupFiles: ["test/support/workerd-setup.ts"],
      // No test is about time, and a machine may be busy.
      testTimeout: 60_000,
      hookTimeout: 60_000,
      globalSetup: ["test/support/legacy-setup.ts"],
    },
  };
}

/** Tests of the repository itself, in Node: its architecture, its documents. They need no server. */
export const architectureProject: TestProjectInlineConfiguration = {
  test: { name: "architecture", include: ["test/*.test.ts"], testTimeout: 60_000 },
};

/** Tests that run in Node, against real servers and the commands. */
export const systemProject: TestProjectInlineConfiguration = {
  test: {
    name: "system",
    include: ["test/system/**/*.test.ts"],
    globalSetup: ["test/support/node-setup.ts"],
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
};

/** Tests of single modules. They keep nothing in storage. */
export async function unitProject(): Promise<TestProjectInlineConfiguration> {
  return sharingWorkerd(await workerdProject("unit", ["test/unit/**/*.test.ts"]));
}

/** A workerd starts slowly, so that files share one; the setup empties its storage before each. */
function sharingWorkerd(project: TestProjectInlineConfiguration): TestProjectInlineConfiguration {
  return { ...project, test: { ...project.test, isolate: false } };
}

/** Files that read all of storage, or change an isolate's memory: each has a workerd of its own. */
const ISOLATED = [
  ...["at-rest", "authorization-costs", "canary", "health", "new-grant", "new-client-field"],
].map((name) => `test/service/${name}.test.ts`);

/** Tests of the whole service, over its HTTP and RPC interfaces. */
export async function serviceProject(): Promise<TestProjectInlineConfiguration> {
  const project = await workerdProject("service", ["test/{service,storage}/**/*.test.ts"]);
  return sharingWorkerd({ ...project, test: { ...project.test, exclude: ISOLATED } });
}

/** The files of {@link serviceProject} that cannot share a workerd. */
export function isolatedProject(): Promise<TestProjectInlineConfiguration> {
  return workerdProject("service-isolated", ISOLATED);
}

/** Counts the files that a request enters, in instrumented code. */
export async function journeysProject(): Promise<TestProjectInlineConfiguration> {
  const project = await workerdProject("journeys", ["test/journeys/**/*.test.ts"]);
  return { ...project, plugins: [...(project.plugins ?? []), noteEnteredFiles()] };
}

/** Proofs that run inside workerd. */
const WORKERD_PROOFS = [
  "empty-storage",
  "forged-tokens",
  "fuzz",
  "history",
  "history-check",
  "id-token-rotation",
  "late-writes",
  "long-hashes",
  "registration-limits",
  "time",
].map((name) => `test/proofs/${name}.test.ts`);

/** Long proofs, and what each call of storage does when it fails. */
export function workerdProofsProject(): Promise<TestProjectInlineConfiguration> {
  return workerdProject("workerd-proofs", [...WORKERD_PROOFS, "test/faults/**/*.test.ts"]);
}

/** Proofs that run in Node, against real servers. */
export const proofsProject: TestProjectInlineConfiguration = {
  test: {
    ...systemProject.test,
    name: "proofs",
    include: ["test/proofs/**/*.test.ts"],
    exclude: WORKERD_PROOFS,
  },
};

/**
 * Tests of tokens, which run once more over storage as it is in production. Not `refresh-replays`:
 * a repeated attempt whose response is lost in a restart leaves no audit event, because it cannot be
 * distinguished from the Worker's own retry (see `storage/families.ts`).
 */
const TOKEN_TESTS = [
  ...["bound-jwt", "claims", "client-credentials", "endpoint-table", "forgeries", "password"],
  ...["imported-tokens", "introspection", "introspection-exactness", "one-client-method"],
  ...["refresh-ended", "refresh-expiry", "refresh-forged", "refresh-retry"],
  ...["refresh-reuse", "refresh-token", "revocation", "sessions"],
  ...[
    "rfc6750",
    "rfc7009",
    "rfc7523",
    "rfc7662",
    "rfc8707",
    "rfc9068",
    "rfc9700",
    "token-verifier",
  ],
].map((name) => `test/service/${name}.test.ts`);

/** {@link TOKEN_TESTS} over the model of test/support/storage-model. */
export async function productionStorageProject(): Promise<TestProjectInlineConfiguration> {
  const bindings = { STORAGE_MODEL: "production" };
  const include = [...TOKEN_TESTS, "test/faults/storage-model.test.ts"];
  return sharingWorkerd(await workerdProject("production-storage", include, bindings));
}
