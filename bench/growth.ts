import { globSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { log } from "@clack/prompts";
import { median } from "../test/support/two-samples.ts";
import { drive, type Stream, type Turn } from "./drive.ts";
import { askOnce, form, SCENARIOS } from "./scenarios.ts";
import { type BenchServer, startBenchServer } from "./server.ts";

/** Clients, and as many users, and as many sessions, in D1. */
const SIZES = [10, 10_000, 1_000_000];

/**
 * Most logins, each with a Durable Object of its own and an opaque token in KV: workerd keeps every
 * one in a file, so that a million cannot be had here. No object knows of another.
 */
const LOGINS_MAX = 2_000;

const KINDS = ["refresh, 8 connections", "client_credentials", "introspection", "password grant"];
const TURNS = 5;
const TURN_SECONDS = 2;

/** One hash round, so that it does not hide what grows. */
const VARS = { PASSWORD_HASH_ROUNDS: 1 };

/** The same figures with little, more and much in storage, in turns. Prints a table. */
export async function measureGrowth(): Promise<void> {
  const servers: BenchServer[] = [];
  try {
    for (const size of SIZES) {
      log.step(`${size} clients, users and sessions`);
      servers.push(await startBenchServer({ vars: VARS, fill: (dir) => fill(dir, size) }));
      for (let count = 0; count < Math.min(size, LOGINS_MAX); count += 1) {
        await askOnce(servers.at(-1)?.origins.ours ?? "", form("/o/token/", LOGIN));
      }
    }
    console.log(`| CPU ms, p50 ms | ${SIZES.join(" | ")} |`);
    console.log(`| --- |${" --- |".repeat(SIZES.length)}`);
    for (const kind of KINDS) {
      const cells = (await measureKind(kind, servers)).map(cellOf);
      console.log(`| ${kind} | ${cells.join(" | ")} |`);
    }
  } finally {
    for (const server of servers) await server.stop();
  }
}

const LOGIN = { grant_type: "password", username: "ada", password: "correct horse" };

async function measureKind(kind: string, servers: readonly BenchServer[]): Promise<Turn[][]> {
  const scenario = SCENARIOS.find(({ name }) => name === kind);
  if (scenario === undefined) throw new Error(`no scenario ${kind}`);
  const contestants: { server: BenchServer; streams: Stream[]; turns: Turn[] }[] = [];
  for (const server of servers) {
    const streams: Stream[] = [];
    while (streams.length < scenario.connections) streams.push(await scenario.ours(server));
    await drive(streams, 1, server.pid);
    contestants.push({ server, streams, turns: [] });
  }
  for (let turn = 0; turn < TURNS; turn += 1) {
    for (const { server, streams, turns } of contestants) {
      turns.push(await drive(streams, TURN_SECONDS, server.pid));
    }
  }
  return contestants.map(({ turns }) => turns);
}

function cellOf(turns: readonly Turn[]): string {
  const processorMs = turns.map((turn) => turn.processorMsEach);
  const p50Ms = turns.map(({ times }) => median(times));
  return `${median(processorMs).toFixed(2)}, ${median(p50Ms).toFixed(1)}`;
}

/** A number that counts, as `n`. */
const COUNTED =
  "WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted LIMIT ?)";

/** Copies the one client and the one user so often, and gives each user a session. */
function fill(stateDir: string, size: number): void {
  const database = openDatabase(stateDir);
  database.exec("BEGIN");
  copy(database, "clients", { client_id: "'client-' || n" }, size);
  copy(database, "users", { id: "printf('%036d', n)", username: "'user-' || n" }, size);
  database
    .prepare(
      `${COUNTED} INSERT INTO sessions SELECT printf('%036d', n), printf('%064x', n), 'client-' || n,
       '', 1, 1, 4102444800000, NULL FROM counted`,
    )
    .run(size);
  database.exec("COMMIT");
  database.close();
}

function copy(
  database: DatabaseSync,
  table: "clients" | "users",
  own: Readonly<Record<string, string>>,
  count: number,
): void {
  const columns = database
    .prepare(`SELECT name FROM pragma_table_info('${table}')`)
    .all()
    .map(({ name }) => String(name));
  const values = columns.map((column) => own[column] ?? column);
  database
    .prepare(
      `${COUNTED} INSERT INTO ${table} (${columns.join(", ")})
       SELECT ${values.join(", ")} FROM (SELECT * FROM ${table} LIMIT 1), counted`,
    )
    .run(count);
}

function openDatabase(stateDir: string): DatabaseSync {
  for (const name of globSync("**/*.sqlite", { cwd: stateDir })) {
    const database = new DatabaseSync(join(stateDir, name));
    const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
    if (tables.some((table) => table["name"] === "clients")) return database;
    database.close();
  }
  throw new Error(`no database of the service in ${stateDir}`);
}
