import type { Shot, Stream } from "./drive.ts";
import type { BenchServer } from "./server.ts";

/** What is measured: the service, and beside it a floor that it is held against. */
export interface Scenario {
  readonly name: string;
  readonly connections: number;
  /** What the floor does, in words. */
  readonly floor: string;
  /** What is compared, and the least, or for `processor` the most, that it should be. */
  readonly target?: { readonly of: "throughput" | "processor"; readonly bound: number };
  ours(server: BenchServer): Promise<Stream>;
  beneath(server: BenchServer): Promise<Stream>;
}

const CLIENT = `Basic ${Buffer.from("confidential:secret").toString("base64")}`;
export const LOGIN = { grant_type: "password", username: "ada", password: "correct horse" };
const STORAGE = "the same storage operations, nothing else";

/** What other servers do as well. */
export const COMPARED_WITH_PEERS: Scenario = refreshes(8);

/** Every scenario, in the order of the table. */
export const SCENARIOS: readonly Scenario[] = [
  {
    name: "password grant",
    connections: 8,
    floor: "its six raw PBKDF2 calls alone",
    target: { of: "processor", bound: 1.05 },
    ours: async ({ origins }) => same(origins.ours, token(LOGIN)),
    beneath: async ({ origins }) => same(origins.floor, plain("/pbkdf2", "correct horse")),
  },
  refreshes(1),
  COMPARED_WITH_PEERS,
  refreshes(64),
  {
    name: "client_credentials",
    connections: 8,
    floor: STORAGE,
    target: { of: "throughput", bound: 0.9 },
    ours: async ({ origins }) => same(origins.ours, token({ grant_type: "client_credentials" })),
    beneath: async ({ origins }) => same(origins.floor, plain("/client_credentials", "")),
  },
  {
    name: "introspection",
    connections: 8,
    floor: STORAGE,
    target: { of: "throughput", bound: 0.9 },
    async ours({ origins }) {
      const { access_token } = await askOnce(origins.ours, token(LOGIN));
      return same(origins.ours, introspection(access_token), says({ active: true }));
    },
    async beneath({ origins }) {
      const { refresh_token } = await askOnce(origins.floor, plain("/start", ""));
      return same(origins.floor, plain("/introspect", refresh_token), says({ active: true }));
    },
  },
  {
    name: "RPC verify",
    connections: 8,
    floor: "an RPC call that looks into KV",
    async ours({ origins }) {
      const { access_token } = await askOnce(origins.ours, token(LOGIN));
      return same(origins.caller, plain("/verify", access_token), says({ kind: "verified" }));
    },
    async beneath({ origins }) {
      const { access_token } = await askOnce(origins.floor, plain("/client_credentials", ""));
      return same(origins.caller, plain("/floor", access_token), says({ kind: "verified" }));
    },
  },
  {
    name: "RPC verify, forged token",
    connections: 8,
    floor: "an RPC call that does nothing",
    target: { of: "throughput", bound: 0.8 },
    async ours({ origins }) {
      const { access_token } = await askOnce(origins.ours, token(LOGIN));
      const forged = plain("/verify", forgedFrom(access_token));
      return same(origins.caller, forged, says({ kind: "invalid_token" }));
    },
    beneath: async ({ origins }) => {
      return same(origins.caller, plain("/noop", ""), says({ kind: "invalid_token" }));
    },
  },
  {
    name: "refresh, forged token",
    connections: 8,
    floor: "the look-up of the client alone",
    target: { of: "throughput", bound: 0.8 },
    async ours({ origins }) {
      const { refresh_token } = await askOnce(origins.ours, token(LOGIN));
      const fields = { grant_type: "refresh_token", refresh_token: forgedFrom(refresh_token) };
      const shot = { ...token(fields), status: 400 };
      return same(origins.ours, shot, says({ error: "invalid_grant" }));
    },
    beneath: async ({ origins }) => same(origins.floor, plain("/look-up", "")),
  },
  {
    name: "introspection, forged token",
    connections: 8,
    floor: "the look-up of the client alone",
    target: { of: "throughput", bound: 0.8 },
    async ours({ origins }) {
      const { access_token } = await askOnce(origins.ours, token(LOGIN));
      const shot = introspection(forgedFrom(access_token));
      return same(origins.ours, shot, says({ active: false }));
    },
    beneath: async ({ origins }) => same(origins.floor, plain("/look-up", "")),
  },
];

/** A token that is right but for one character behind its key id: a forger takes the right key. */
function forgedFrom(token: string): string {
  const at = 20;
  const other = token[at] === "A" ? "B" : "A";
  return token.slice(0, at) + other + token.slice(at + 1);
}

const introspection = (token: string) => form("/o/introspect/", { token });

/** Each connection has a login of its own, and uses each time the token of the answer before. */
function refreshes(connections: number): Scenario {
  return {
    name: `refresh, ${connections} ${connections === 1 ? "connection" : "connections"}`,
    connections,
    floor: STORAGE,
    target: { of: "throughput", bound: 0.9 },
    async ours({ origins }) {
      const first = await askOnce(origins.ours, token(LOGIN));
      return chain(origins.ours, first, (refresh_token) => {
        return token({ grant_type: "refresh_token", refresh_token });
      });
    },
    async beneath({ origins }) {
      const first = await askOnce(origins.floor, plain("/start", ""));
      return chain(origins.floor, first, (refresh_token) => plain("/refresh", refresh_token));
    },
  };
}

type Answer = Readonly<Record<string, string>>;

/** The same request again and again. */
export function same(origin: string, shot: Shot, check: (text: string) => void = () => {}): Stream {
  return { origin, next: () => shot, accept: check };
}

/** Requests that each need a token of the answer before. */
export function chain(origin: string, first: Answer, use: (token: string) => Shot): Stream {
  let token = first["refresh_token"] ?? "";
  return {
    origin,
    next: () => use(token),
    accept(text) {
      const { refresh_token } = JSON.parse(text) as Answer;
      if (refresh_token === undefined || refresh_token === token) throw new Error(`no new token`);
      token = refresh_token;
    },
  };
}

/** Checks one member of each answer. */
export function says(wanted: Readonly<Record<string, unknown>>): (text: string) => void {
  return (text) => {
    const answer = JSON.parse(text) as Record<string, unknown>;
    for (const [name, value] of Object.entries(wanted)) {
      if (answer[name] !== value) throw new Error(`${name} is not ${value}: ${text}`);
    }
  };
}

export const token = (fields: Readonly<Record<string, string>>) => form("/o/token/", fields);

/** A form that the client sends with its credentials. */
export function form(path: string, fields: Readonly<Record<string, string>>): Shot {
  const headers = {
    Authorization: CLIENT,
    "Content-Type": "application/x-www-form-urlencoded",
  };
  return { path, headers, body: new URLSearchParams(fields).toString(), status: 200 };
}

export function plain(path: string, body: string): Shot {
  return { path, headers: { "Content-Type": "text/plain" }, body, status: 200 };
}

/** Asks outside of any turn. @throws when the answer is no success */
export async function askOnce(
  origin: string,
  { path, headers, body }: Shot,
): Promise<Record<string, string> & { access_token: string; refresh_token: string }> {
  const response = await fetch(origin + path, { method: "POST", headers, body });
  if (!response.ok) throw new Error(`${path} answered ${response.status}`);
  return await response.json();
}
