import { execFileSync, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { buildWorker, type Vars, workerdOptions } from "../test/support/workerd-options.ts";
import { WorkerdProcess } from "../test/support/workerd-process.ts";
import type { Shot, Stream } from "./drive.ts";
import { askOnce, chain, form } from "./scenarios.ts";
import { makeStateFolder } from "./server.ts";

/** Another server, refreshed with rotation at as many connections as ours. */
export interface Peer {
  readonly name: string;
  /** Where it keeps its tokens, for people. */
  readonly storage: string;
  /** How many times its throughput ours should be at least. */
  readonly target?: number;
  start(): Promise<RunningPeer>;
}

/** A {@link Peer} that listens. */
export interface RunningPeer {
  readonly pid: number;
  /** A login of its own for each connection. */
  stream(): Promise<Stream>;
  stop(): Promise<void>;
}

const PEERS_DIR = join(import.meta.dirname, "peers");

/** What users would pick instead, as far as npm has it. */
export const PEERS: readonly Peer[] = [
  {
    name: "workers-oauth-provider",
    storage: "KV, on workerd",
    target: 1.4,
    start: () => startWorkersOauthProvider(),
  },
  {
    name: "oidc-provider",
    storage: "a map in memory, on Node",
    start: () => startOnNode("oidc-provider.js", (origin) => fetchJson(`${origin}/setup`)),
  },
  {
    name: "@node-oauth/oauth2-server",
    storage: "a map in memory, on Node",
    start: () => {
      const login = { grant_type: "password", username: "ada", password: "correct horse" };
      return startOnNode("oauth2-server.js", (origin) => askOnce(origin, form("/token", login)));
    },
  },
];

/** Installs them where they are: they are none of the project's own packages. */
export function installPeers(): void {
  const args = ["install", "--no-package-lock", "--no-audit", "--no-fund", "--silent"];
  execFileSync("npm", args, { cwd: PEERS_DIR, stdio: "inherit" });
}

const refresh = (refresh_token: string) => {
  return form("/token", { grant_type: "refresh_token", refresh_token });
};

async function startOnNode(
  script: string,
  logIn: (origin: string) => Promise<Record<string, string>>,
): Promise<RunningPeer> {
  const child = fork(join(PEERS_DIR, script), { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  const exited = once(child, "exit");
  const answer = await Promise.race([once(child, "message"), exited.then(() => [])]);
  const port = (answer[0] as { port: number } | undefined)?.port;
  if (port === undefined) throw new Error(`${script} did not start`);
  const origin = `http://127.0.0.1:${port}`;
  return {
    pid: child.pid ?? 0,
    stream: async () => chain(origin, await logIn(origin), refresh),
    async stop() {
      child.disconnect();
      await exited;
    },
  };
}

/** RFC 7636, appendix B. */
const VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/** @param given how to start it otherwise: a Worker around it, and what that is told */
export async function startWorkersOauthProvider(
  given: { readonly entry?: string; readonly vars?: Vars } = {},
): Promise<RunningPeer> {
  const { folder, remove } = makeStateFolder();
  const { vars = {}, ...source } = given;
  const configPath = join(PEERS_DIR, "wrangler.toml");
  const workerDir = join(folder, "worker");
  buildWorker(workerDir, { configPath, ...source });
  const options = workerdOptions(workerDir, join(folder, "state"), vars, { configPath });
  const server = await WorkerdProcess.start(options, join(folder, "run"));
  const { origin } = new URL(server.url);
  return {
    pid: server.pid,
    stream: () => streamOfGrant(origin),
    async stop() {
      await server.stop();
      remove();
    },
  };
}

async function streamOfGrant(origin: string): Promise<Stream> {
  const { clientId, clientSecret, code = "" } = await fetchJson(`${origin}/setup`);
  const Authorization = `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString("base64")}`;
  const as = (shot: Shot): Shot => ({ ...shot, headers: { ...shot.headers, Authorization } });
  const exchange = {
    grant_type: "authorization_code",
    code,
    code_verifier: VERIFIER,
    redirect_uri: "https://client.example/callback",
  };
  const first = await askOnce(origin, as(form("/token", exchange)));
  return chain(origin, first, (token) => as(refresh(token)));
}

async function fetchJson(url: string): Promise<Record<string, string>> {
  return (await (await fetch(url)).json()) as Record<string, string>;
}
