import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

/** A key for tests alone; every clone makes its own for use. */
const TEST_TOKEN_KEYS = "5e".repeat(32);

const migrations = await readD1Migrations("src/storage/migrations");

export default defineConfig({
  test: {
    projects: [
      {
        plugins: [
          cloudflareTest({
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: {
              bindings: {
                TOKEN_KEYS: TEST_TOKEN_KEYS,
                PASSWORD_HASH_ROUNDS: 1,
                TEST_MIGRATIONS: migrations,
              },
            },
          }),
        ],
        test: {
          name: "workerd",
          include: ["test/{unit,storage,flows,endpoints,faults}/**/*.test.ts"],
          setupFiles: ["test/support/workerd-setup.ts"],
        },
      },
      {
        test: {
          name: "node",
          include: ["test/architecture.test.ts", "test/{server,cli}/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
