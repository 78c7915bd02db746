import { setTimeout as wait } from "node:timers/promises";
import { CALLBACK, codeOf, newBrowser } from "../test/support/browsing.ts";
import { fieldsOf } from "../test/support/token-client.ts";
import type { Shot, Stream } from "./drive.ts";
import { askOnce, chain, form, LOGIN, plain, same, says, token } from "./scenarios.ts";

interface Origins {
  readonly ours: string;
  readonly caller: string;
}

/** One kind of request whose latency is measured. */
export interface LatencyKind {
  readonly name: string;
  /** Makes ready. @returns what makes ready for each request, and says what it sends */
  start(origins: Origins): Promise<() => Promise<Stream>>;
}

const JWT = "jwt:secret";
const CODES = {
  grant_types: ["authorization_code", "refresh_token"],
  redirect_uris: [CALLBACK],
};
const OWN = { grant_type: "client_credentials" };

/** Clients for {@link LATENCIES}: two have JWTs, two have codes, and each other makes one request. */
export function FIRST_CLIENTS(requests: number): readonly object[] {
  const jwt = { access_token_format: "jwt", audience: ["https://api.example.com"] };
  const client = { ...jwt, client_secret: "secret" };
  const all = { grant_types: ["password", "refresh_token", "client_credentials"] };
  return [
    { ...client, ...all, client_id: "jwt" },
    { ...CODES, client_id: "web", client_secret: "secret" },
    { ...client, ...CODES, client_id: "web-jwt" },
    ...Array.from({ length: requests + 1 }, (_, index) => {
      return { ...client, client_id: `first-${index}`, grant_types: ["client_credentials"] };
    }),
  ];
}

/** Every kind, in the order of the table. */
export const LATENCIES: readonly LatencyKind[] = [
  ...["", JWT].flatMap((client): LatencyKind[] => {
    const format = client === "" ? "opaque" : "JWT";
    const shot = (fields: Readonly<Record<string, string>>) => as(client, token(fields));
    return [
      {
        name: `refresh, ${format}`,
        async start({ ours }) {
          const use = (refresh_token: string) =>
            shot({ grant_type: "refresh_token", refresh_token });
          const stream = chain(ours, await askOnce(ours, shot(LOGIN)), use);
          return async () => stream;
        },
      },
      exchange(`code exchange, ${format}`, client === "" ? "web" : "web-jwt"),
      { name: `password login, ${format}`, start: always(({ ours }) => same(ours, shot(LOGIN))) },
      { name: `client_credentials, ${format}`, start: always(({ ours }) => same(ours, shot(OWN))) },
    ];
  }),
  ...[
    { owner: "of a login", fields: LOGIN },
    { owner: "of a client", fields: OWN },
  ].flatMap(({ owner, fields }): LatencyKind[] => [
    ...["", JWT].map((client): LatencyKind => {
      return {
        name: `introspection, ${client === "" ? "opaque token" : "JWT"} ${owner}`,
        async start({ ours }) {
          const { access_token } = await askOnce(ours, as(client, token(fields)));
          const shot = as(client, form("/o/introspect/", { token: access_token }));
          const stream = same(ours, shot, says({ active: true }));
          return async () => stream;
        },
      };
    }),
    ...["verify", "verify-strict"].map((call): LatencyKind => {
      return {
        name: `RPC ${call === "verify" ? "fast" : "strict"}, opaque token ${owner}`,
        async start({ ours, caller }) {
          const { access_token } = await askOnce(ours, token(fields));
          // A younger token is checked strictly.
          await wait(YOUNG_MS);
          const stream = same(caller, plain(`/${call}`, access_token), says({ kind: "verified" }));
          return async () => stream;
        },
      };
    }),
  ]),
  {
    name: "revocation, refresh token",
    start: async ({ ours }) => {
      return async () => {
        const { refresh_token } = await askOnce(ours, token(LOGIN));
        return same(ours, form("/o/revoke_token/", { token: refresh_token }));
      };
    },
  },
  {
    name: "revocation, opaque token of a client",
    start: async ({ ours }) => {
      return async () => {
        const { access_token } = await askOnce(ours, token(OWN));
        return same(ours, form("/o/revoke_token/", { token: access_token }));
      };
    },
  },
  {
    name: "a client's first request in an isolate, JWT",
    start: async ({ ours }) => {
      let index = 0;
      return async () => same(ours, as(`first-${index++}:secret`, token(OWN)));
    },
  },
];

/** Longer than a token is young, in milliseconds. */
const YOUNG_MS = 6_000;

/** Each request of a user who is signed in and has consented yields a code. */
function exchange(name: string, client_id: string): LatencyKind {
  return {
    name,
    async start({ ours }) {
      const browser = newBrowser({ fetch }, ours);
      await browser.allow(await browser.signIn(await browser.authorize({ client_id })));
      return async () => {
        const code = codeOf(await browser.authorize({ client_id }));
        return same(ours, as(`${client_id}:secret`, token(fieldsOf(code))));
      };
    },
  };
}

function always(stream: (origins: Origins) => Stream): LatencyKind["start"] {
  return async (origins) => async () => stream(origins);
}

/** @param client id and secret; empty: the default client */
function as(client: string, shot: Shot): Shot {
  if (client === "") return shot;
  const Authorization = `Basic ${Buffer.from(client).toString("base64")}`;
  return { ...shot, headers: { ...shot.headers, Authorization } };
}
