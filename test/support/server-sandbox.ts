import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Miniflare } from "miniflare";
import { RING_KEY_BYTES } from "../../src/crypto/key-ring.ts";
import { CALLBACK } from "./browsing.ts";
import { importRefreshTokens, newDotToken } from "./dot-tokens.ts";
import { migratedDatabase, type RegistryEntries, register } from "./service-database.ts";
import { buildWorker, type Vars, workerdOptions } from "./workerd-options.ts";
import { WorkerdProcess } from "./workerd-process.ts";

/** Settings that every sandbox has unless it says otherwise. */
const SANDBOX_VARS = {
  PASSWORD_HASH_ROUNDS: 1,
  PASSWORD_LENGTH_MIN: 8,
  FAILED_LOGIN_SECONDS_MIN: 0,
  RATE_LIMITS: "off",
  // Each life has another port, and codes are for one issuer.
  ISSUER: "https://login.example.com",
};

const ANY_GRANT = {
  grant_types: ["password", "refresh_token", "authorization_code"],
  redirect_uris: [CALLBACK],
};

/** The clients and users that every sandbox has. */
const REGISTRY = {
  clients: [
    { ...ANY_GRANT, client_id: "confidential", client_secret: "secret" },
    { ...ANY_GRANT, client_id: "public", token_endpoint_auth_method: "none" },
  ],
  users: [{ username: "ada", password: "correct horse" }],
};

/**
 * The built Worker and its state in one temporary folder: a server that can be started, killed and
 * started again on the same state. Only one may run at a time.
 */
export class ServerSandbox {
  /** What seals the tokens of this server; the same in each of its lives. */
  readonly tokenKeys: string = randomBytes(RING_KEY_BYTES).toString("hex");
  readonly #folder: string;
  readonly #workerDir: string;
  readonly #vars: Vars;

  private constructor(folder: string, vars: Vars) {
    this.#folder = folder;
    this.#workerDir = join(folder, "worker");
    this.#vars = { ...SANDBOX_VARS, TOKEN_KEYS: this.tokenKeys, ...vars };
  }

  /** Builds, migrates and registers: a confidential client, a public client and a user. */
  static async create(
    vars: Vars = {},
    entries: RegistryEntries = REGISTRY,
  ): Promise<ServerSandbox> {
    const folder = mkdtempSync(join(tmpdir(), "tollgate-"));
    const sandbox = new ServerSandbox(folder, vars);
    process.once("exit", sandbox.remove);
    try {
      buildWorker(sandbox.#workerDir);
      await sandbox.#prepareDatabase(entries);
      return sandbox;
    } catch (error) {
      sandbox.remove();
      throw error;
    }
  }

  /** Starts workerd on the state as it is. */
  start(vars: Vars = {}): Promise<WorkerdProcess> {
    return WorkerdProcess.start(this.#options(vars), join(this.#folder, "run"));
  }

  /** Removes everything. Also called at the end of this process. */
  readonly remove = (): void => {
    process.off("exit", this.remove);
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 3 });
  };

  #options(vars: Vars) {
    const stateDir = join(this.#folder, "state");
    return workerdOptions(this.#workerDir, stateDir, { ...this.#vars, ...vars });
  }

  /** Makes refresh tokens of another server good here, while no server runs. @returns the tokens */
  async importTokens(count: number, clientId: "confidential" | "public"): Promise<string[]> {
    const tokens = Array.from({ length: count }, newDotToken);
    await this.#withState(async (miniflare) => {
      await importRefreshTokens(await miniflare.getD1Database("DB"), tokens, clientId);
    });
    return tokens;
  }

  #prepareDatabase(entries: RegistryEntries): Promise<void> {
    return this.#withState(async (miniflare) => {
      await register(await migratedDatabase(miniflare), this.#vars, entries);
    });
  }

  async #withState(use: (miniflare: Miniflare) => Promise<void>): Promise<void> {
    const miniflare = new Miniflare(this.#options({}));
    try {
      await use(miniflare);
    } finally {
      await miniflare.dispose();
    }
  }
}
