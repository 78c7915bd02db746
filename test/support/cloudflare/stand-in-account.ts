import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { readD1Migrations } from "@cloudflare/vitest-plugin";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import type { RunWrangler, WranglerEnded } from "../../../src/cli/wrangler.ts";

/** A command of wrangler as the stand-in saw it. */
interface SeenCommand {
  readonly args: readonly string[];
  /** What stood in its secrets file, and who might read that; null without one. */
  readonly secrets: { readonly content: Record<string, string>; readonly mode: number } | null;
}

/** Where a command breaks off: with nothing done, or with all done and the response lost. */
type Breakage = { readonly command: string; readonly when: "before" | "after" } | null;

/** The words by which the tests call a command, such as `deploy` or `d1 migrations apply`. */
export function wordsOf({ args }: SeenCommand): string {
  const words = args.slice(
    0,
    args.findIndex((word) => word.startsWith("-")),
  );
  return words.filter((word) => word !== "DB").join(" ");
}

/**
 * A stand-in for an account and for the commands of wrangler that change it. Its database is a real
 * D1 in workerd; what it says is what wrangler 4.156 says, which `deploy-process.test.ts` holds it
 * to.
 */
export class StandInAccount {
  /** Secrets of the Worker by name; null: there is no Worker. */
  worker: Record<string, string> | null = null;
  hasDatabase = false;
  /** What wrangler says it has deployed to. */
  targets: readonly string[] = [];
  breakage: Breakage = null;
  readonly seen: SeenCommand[] = [];
  readonly db: D1Database;
  readonly #miniflare: Miniflare;

  private constructor(miniflare: Miniflare, db: D1Database) {
    this.#miniflare = miniflare;
    this.db = db;
  }

  static async open(): Promise<StandInAccount> {
    const worker = { name: "db", modules: true, script: "", d1Databases: ["DB"] };
    const miniflare = new Miniflare(convertV4MiniflareOptions({ workers: [worker], cf: false }));
    return new StandInAccount(miniflare, (await miniflare.getD1Database("DB")) as never);
  }

  /** Makes it an account in which nothing was ever deployed. */
  async reset(): Promise<void> {
    this.worker = null;
    this.hasDatabase = false;
    this.targets = ["https://tollgate.example.workers.dev"];
    this.breakage = null;
    this.seen.length = 0;
    const tables = await this.tables();
    if (tables.length === 0) return;
    await this.db.batch(tables.map((table) => this.db.prepare(`DROP TABLE ${table}`)));
  }

  close(): Promise<void> {
    return this.#miniflare.dispose();
  }

  /** What `runWrangler` is in a deployment. */
  readonly wrangler: RunWrangler = async (args, { env = {} } = {}) => {
    const command = { args, secrets: readSecrets(args) };
    this.seen.push(command);
    const words = wordsOf(command);
    if (this.#breaks(words, "before")) return complain("Network connection lost.");
    const ended = await this.#do(words, command, env);
    return this.#breaks(words, "after") ? complain("Network connection lost.") : ended;
  };

  /** What `withDatabase` is in a deployment. */
  readonly withDatabase = async <Result>(
    use: (db: D1Database) => Promise<Result>,
  ): Promise<Result> => {
    if (this.#breaks("client", "before")) throw new Error("Network connection lost.");
    const result = await use(this.db);
    if (this.#breaks("client", "after")) throw new Error("Network connection lost.");
    return result;
  };

  /** Names of the tables that the migrations make. */
  async tables(): Promise<readonly string[]> {
    const { results } = await this.db
      .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB '_cf*'")
      .all<{ name: string }>();
    return results.map(({ name }) => name);
  }

  #breaks(command: string, when: "before" | "after"): boolean {
    return this.breakage?.command === command && this.breakage.when === when;
  }

  async #do(
    words: string,
    { secrets }: SeenCommand,
    env: Readonly<Record<string, string>>,
  ): Promise<WranglerEnded> {
    switch (words) {
      case "secret list":
        return this.worker === null
          ? complain(
              'Worker "tollgate" not found.\n\nIf this is a new Worker, run `wrangler deploy`',
            )
          : succeed(JSON.stringify(Object.keys(this.worker).map((name) => ({ name }))));
      case "deploy":
        this.worker = { ...this.worker, ...secrets?.content };
        this.hasDatabase = true;
        writeFileSync(
          env["WRANGLER_OUTPUT_FILE_PATH"] ?? "",
          `{"type":"wrangler-session"}\n${JSON.stringify({ type: "deploy", targets: this.targets })}\n`,
        );
        return succeed("");
      case "d1 migrations apply":
        if (!this.hasDatabase) {
          return complain("Couldn't find a D1 DB named 'tollgate' (bound as 'DB') in the API.");
        }
        await this.#migrate();
        return succeed("✅ No migrations to apply!");
      default:
        throw new Error(`the stand-in knows no ${words}`);
    }
  }

  async #migrate(): Promise<void> {
    if ((await this.tables()).length > 0) return;
    const migrations = await readD1Migrations("src/storage/migrations");
    await this.db.batch(
      migrations.flatMap(({ queries }) => queries).map((query) => this.db.prepare(query)),
    );
  }
}

function readSecrets(args: readonly string[]): SeenCommand["secrets"] {
  const path = args[args.indexOf("--secrets-file") + 1];
  if (!args.includes("--secrets-file") || path === undefined || !existsSync(path)) return null;
  return { content: JSON.parse(readFileSync(path, "utf8")), mode: statSync(path).mode & 0o777 };
}

function succeed(stdout: string): WranglerEnded {
  return { code: 0, stdout, output: stdout };
}

function complain(reason: string): WranglerEnded {
  return { code: 1, stdout: "", output: `\u001B[31m✘ [ERROR] ${reason}\u001B[0m\n\n` };
}
