/** For each rule of `architecture.test.ts`, files that break it and no other: `path: code`. */
export const BROKEN: Readonly<Record<string, readonly string[]>> = {
  "imports go only downward": [
    'src/storage/a.ts: import { issue } from "../issuer/issue.ts";',
    'src/client-auth/a.ts: import type { Grant } from "../grants/grant.ts";',
    'src/protocol/a.ts: export { utf8 } from "../crypto/bytes.ts";',
    'src/protocol/a.ts: import { Refusal } from "../errors/refusal.ts";',
    'src/grants/a.ts: type Issuer = typeof import("../issuer/issue.ts");',
    'src/config/index.ts: await import("../storage/lookups.ts");',
    'src/endpoints/a.ts: import { type Deps, depsOf } from "../deps.ts";',
    'src/cli/a.ts: import "../endpoints/token.ts";',
    'src/index.ts: import "./cli/main.ts";',
    "src/helpers/a.ts: const a = 1;",
    'src/app.ts: import "../test/a.ts";',
  ],
  "values are bound to SQL": [
    `src/storage/a.ts: const a = (id) => db.prepare(\`SELECT * FROM a WHERE id = \${id}\`);`,
    "src/storage/a.ts: this.ctx.storage.sql.exec(query);",
    'src/storage/a.ts: const FIND = "SELECT 1"; const a = (FIND) => db.prepare(FIND);',
    'src/storage/a.ts: let find = "SELECT 1"; find += id; db.prepare(find);',
    "src/storage/a.ts: (db.prepare)(query);",
    'src/storage/a.ts: db["prepare"](query);',
    "src/storage/a.ts: db[method](query);",
    "src/storage/a.ts: db.prepare.call(db, query);",
    "src/storage/a.ts: const { prepare: find } = db; find(query);",
    "src/storage/a.ts: const find = db.prepare.bind(db);",
    "src/storage/a.ts: const rows = storage.sql; rows.exec(query);",
  ],
  "the linter and the compiler are heeded": [
    "src/app.ts: // biome-ignore lint/a/b:",
    "src/app.ts: // @ts-ignore: because",
  ],
  "what is exported is documented": [
    "src/app.ts: export function a() {}",
    "src/app.ts: /** Words. */\n\nexport const a = 1;",
    "src/app.ts: const a = 1;\nexport { a };",
  ],
  "lines are short": [`src/app.ts: //${" ".repeat(98)}.`],
  // Joined here, or this very line would leave something to do.
  "nothing is left to do": [`src/app.ts: // ${"TO"}${"DO"}: handle this`],
};

/** The same for each rule of `places.grit`, by its message. */
export const MISPLACED: Readonly<Record<string, readonly string[]>> = {
  "a global is used by its own name": [
    "src/endpoints/a.ts: const Answer = globalThis.Response;",
    "src/cli/a.ts: const ask = self.fetch;",
  ],
  "only endpoints, and the package for APIs, build a Response": [
    'src/client-auth/a.ts: throw new Response("no");',
    "src/pages/a.ts: const a = Response.json({});",
    "src/issuer/a.ts: const Answer = { Response };",
  ],
  "only storage and the files that compose the service touch env and bindings": [
    "src/grants/a.ts: let db: D1Database;",
    "src/endpoints/a.ts: const a = ({ env }: unknown) => env;",
    'src/issuer/a.ts: import "cloudflare:workers";',
  ],
  "only crypto, and what APIs import, touches WebCrypto and jose": [
    'src/tokens/a.ts: crypto.subtle.digest("SHA-256", bytes);',
    'src/issuer/a.ts: import { SignJWT } from "jose";',
    'src/issuer/a.ts: type Jose = typeof import("jose");',
    'src/issuer/a.ts: await import("jose/errors");',
  ],
  "randomness has one source": [
    "src/grants/a.ts: const id = Math.random();",
    "src/crypto/a.ts: crypto.getRandomValues(bytes);",
    "src/crypto/a.ts: const { randomUUID } = crypto;",
  ],
  "the source of randomness is passed in": [
    'src/issuer/a.ts: import { secureRandom } from "../crypto/bytes.ts";',
  ],
  "only the composition root, alarms of objects, the CLI and the npm package read the clock": [
    "src/issuer/a.ts: const nowMs = Date.now();",
    "src/tokens/a.ts: const now = new Date();",
    "src/tokens/a.ts: const now = new Date(Date.now());",
    "src/crypto/a.ts: const clock = Date;",
    "src/endpoints/a.ts: const start = performance.now();",
  ],
  "only the CLI knows Node and the operator's tools": [
    'src/storage/a.ts: import { join } from "node:path";',
    'src/admin/a.ts: import { log } from "@clack/prompts";',
    "src/endpoints/a.ts: const level = process.argv;",
  ],
  "only calls to an old token endpoint, for documents and for logouts, the CLI, the package and a page reach out":
    ['src/tokens/a.ts: await fetch("https://example.com");', "src/grants/a.ts: const ask = fetch;"],
  "only the record of a request goes from layer to layer unseen": [
    'src/issuer/a.ts: import { AsyncLocalStorage } from "node:async_hooks";',
    'src/telemetry/a.ts: import { executionAsyncId } from "node:async_hooks";',
  ],
  "tokens and protocol are pure: no packages, no I/O, no timers": [
    'src/protocol/a.ts: import { html } from "hono/html";',
    "src/tokens/a.ts: setTimeout(go, 10);",
  ],
  "only management and documents validate with zod": [
    'src/client-auth/a.ts: import * as z from "zod/mini";',
  ],
  "a grant decides and never sees HTTP": [
    "src/grants/a.ts: function prepare(request: Request) {}",
    'src/grants/a.ts: const host = asked.headers.get("Host");',
  ],
  "nothing is thrown across RPC": [
    "src/storage/a.ts: class A extends DurableObject { rotate() { throw new Error(); } }",
  ],
  "only on-error.ts words an error": ["src/endpoints/a.ts: json({ error_description: words });"],
};

/** Files that keep every rule, and come near to a breach of many. */
export const SOUND: readonly string[] = [
  'src/client-auth/a.ts: /** An answer is a type here, and `Response.json()` is in a comment. */\nexport type Answer = Promise<Response> | Date | typeof crypto;\nconst words = "new Response(), Date.now(), TODOS and crypto.subtle";\nconst longest = Math.max(1, 2);\nconst request = { headers, Date: 1, crypto: 2 };\nconst at = request.Date;',
  "src/grants/a.ts: const { user } = await grant.prove(presented, client, deps);",
  'src/storage/a.ts: const FIND = "SELECT * FROM users " + "WHERE id = ?";\nconst one = db.prepare(FIND).bind(id);\nconst two = db.prepare(`DELETE FROM users`);\nconst three = PATTERN.exec(text);',
  'src/endpoints/a.ts: import type { Deps } from "../deps.ts";\nexport { Refusal } from "../errors/refusal.ts";\n// biome-ignore lint/a/b: a reason\nconst answer = new Response(null);\nconst many = 1; const anything = many;',
  "src/crypto/a.ts: const date = new Date(nowMs);",
  "src/tokens/a.ts: function decide() { throw new TypeError(); }",
  'src/admin/a.ts: import * as z from "zod/mini";',
  `src/app.ts: //${" ".repeat(97)}.`,
];
