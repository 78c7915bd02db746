type Samples = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Joined here, or this very file would break the rules that read texts. */
const HOME = ["", "home", "ada", "notes"].join("/");
const UNFINISHED = ["TO", "DO"].join("");

const GRANT = 'const passwordGrant: Grant = { grantType: "password" };';
const GRANT_LIST = { "src/grants/index.ts": "const GRANTS = [passwordGrant];" };

/** A lockfile that installs one version of every package. */
function lockfileOf(devDependencies: Readonly<Record<string, string>>, version: string): string {
  const locked = { version, integrity: `sha512-${"A".repeat(86)}==` };
  const installed = Object.keys(devDependencies).map((name) => [`node_modules/${name}`, locked]);
  return JSON.stringify({
    packages: { "": { devDependencies }, ...Object.fromEntries(installed) },
  });
}

/** For each rule of `architecture.test.ts`, files that break it and no other, by what is wrong. */
export const BROKEN: Readonly<Record<string, Samples>> = {
  "imports go only downward": {
    "a part imports one above it": {
      "src/storage/a.ts": 'import { issue } from "../issuer/index.ts";',
    },
    "a part imports one of its own level": {
      "src/client-auth/a.ts": 'import type { Grant } from "../grants/grant.ts";',
    },
    "the lowest parts know each other": {
      "src/protocol/a.ts": 'export { utf8 } from "../crypto/bytes.ts";',
    },
    "the words of the RFCs know the error catalogue": {
      "src/protocol/a.ts": 'import { Refusal } from "../errors/refusal.ts";',
    },
    "a grant imports the issuer": {
      "src/grants/a.ts": 'type Issuer = typeof import("../issuer/index.ts");',
    },
    "config imports storage": { "src/config/index.ts": 'await import("../storage/lookups.ts");' },
    "an endpoint imports more of deps.ts than its type": {
      "src/endpoints/a.ts": 'import { type Deps, depsOf } from "../deps.ts";',
    },
    "the CLI imports an endpoint": { "src/cli/a.ts": 'import "../endpoints/token.ts";' },
    "something imports the CLI": { "src/index.ts": 'import "./cli/main.ts";' },
    "a new folder has no level": { "src/helpers/a.ts": "const a = 1;" },
    "src imports what is not in src": { "src/app.ts": 'import "../test/a.ts";' },
  },
  "no file imports itself in a circle": {
    "two files import each other": {
      "src/tokens/a.ts": 'import { b } from "./b.ts";',
      "src/tokens/b.ts": 'import type { A } from "./a.ts";',
    },
  },
  "only endpoints, and the package for APIs, build a Response": {
    "a grant's neighbour makes one": { "src/client-auth/a.ts": 'throw new Response("no");' },
    "it comes from a static method": { "src/app.ts": "const a = Response.json({});" },
    "it hides behind another name": { "src/issuer/a.ts": "const Answer = globalThis.Response;" },
  },
  "only storage and the files that compose the service touch env and bindings": {
    "a grant has a type of a binding": { "src/grants/a.ts": "let db: D1Database;" },
    "an endpoint takes env": { "src/endpoints/a.ts": "const a = ({ env }: unknown) => env;" },
    "the issuer imports the runtime": { "src/issuer/a.ts": 'import "cloudflare:workers";' },
  },
  "only crypto, and what APIs import, touches WebCrypto and jose": {
    "tokens digest for themselves": {
      "src/tokens/a.ts": 'crypto.subtle.digest("SHA-256", bytes);',
    },
    "the issuer signs": { "src/issuer/a.ts": 'import { SignJWT } from "jose";' },
  },
  "randomness has one source": {
    "a grant rolls dice": { "src/grants/a.ts": "const id = Math.random();" },
    "another file of crypto draws bytes": { "src/crypto/a.ts": "crypto.getRandomValues(bytes);" },
    "a function is taken out of it": { "src/crypto/a.ts": "const { randomUUID } = crypto;" },
  },
  "the source of randomness is passed in": {
    "the issuer fetches it": {
      "src/issuer/a.ts": 'import { secureRandom } from "../crypto/bytes.ts";',
    },
  },
  "only the composition root, alarms of objects, the CLI and the npm package read the clock": {
    "the issuer looks at it": { "src/issuer/a.ts": "const nowMs = Date.now();" },
    "tokens make a date": { "src/tokens/a.ts": "const now = new Date();" },
    "crypto hands the clock on": { "src/crypto/a.ts": "const clock = Date;" },
    "an endpoint measures": { "src/endpoints/a.ts": "const start = performance.now();" },
  },
  "only the CLI knows Node and the operator's tools": {
    "storage imports a module of Node": { "src/storage/a.ts": 'import { join } from "node:path";' },
    "an admin function imports a tool": {
      "src/admin/a.ts": 'import { log } from "@clack/prompts";',
    },
    "an endpoint reads process": { "src/endpoints/a.ts": "const level = process.argv;" },
  },
  "only calls to an old token endpoint, for documents and for logouts, the CLI, the package and a page reach out":
    {
      "tokens fetch": { "src/tokens/a.ts": 'await fetch("https://example.com");' },
      "a grant calls by itself": { "src/grants/a.ts": "const ask = globalThis.fetch;" },
    },
  "only the record of a request goes from layer to layer unseen": {
    "the issuer has a store of its own": {
      "src/issuer/a.ts": 'import { AsyncLocalStorage } from "node:async_hooks";',
    },
    "another file of telemetry has": {
      "src/telemetry/a.ts": 'import { executionAsyncId } from "node:async_hooks";',
    },
  },
  "tokens and protocol are pure: no packages, no I/O, no timers": {
    "protocol imports a package": { "src/protocol/a.ts": 'import { html } from "hono/html";' },
    "the state machine waits": { "src/tokens/a.ts": "setTimeout(go, 10);" },
  },
  "only management and documents validate with zod": {
    "the token path does": { "src/client-auth/a.ts": 'import * as z from "zod/mini";' },
  },
  "a grant decides and never sees HTTP": {
    "a grant takes the request": { "src/grants/a.ts": "function prepare(request: Request) {}" },
    "a grant reads a header": { "src/grants/a.ts": 'const host = asked.headers.get("Host");' },
  },
  "a grant is one file and one line in the list": {
    "a grant is not listed": {
      "src/grants/password.ts": GRANT,
      "src/grants/index.ts": "const GRANTS = [];",
    },
    "a grant does not spell out its name": {
      ...GRANT_LIST,
      "src/grants/password.ts": "const passwordGrant: Grant = { grantType };",
    },
    "two grants share a file": {
      "src/grants/index.ts": "const GRANTS = [passwordGrant, otherGrant];",
      "src/grants/password.ts": `${GRANT}\nconst otherGrant: Grant = { grantType: "other" };`,
    },
  },
  "a way to authenticate a client is one file and one line in the list": {
    "an authenticator is not listed": {
      "src/protocol/names.ts": 'const CLIENT_AUTH_METHODS = ["none"] as const;',
      "src/client-auth/none.ts": 'const a: ClientAuthenticator = { methods: ["none"] };',
      "src/client-auth/index.ts": "const CLIENT_AUTHENTICATORS = [];",
    },
    "it serves a method that no client can register": {
      "src/protocol/names.ts": 'const CLIENT_AUTH_METHODS = ["none"] as const;',
      "src/client-auth/none.ts": 'const a: ClientAuthenticator = { methods: ["none", "mtls"] };',
      "src/client-auth/index.ts": "const CLIENT_AUTHENTICATORS = [a];",
    },
  },
  "nothing is thrown across RPC": {
    "an object throws": {
      "src/storage/a.ts": "class A extends DurableObject { rotate() { throw new Error(); } }",
    },
  },
  "only on-error.ts words an error": {
    "another endpoint does": { "src/endpoints/a.ts": "json({ error_description: words });" },
  },
  "values are bound to SQL": {
    "a value is in the statement": {
      "src/storage/a.ts": `const a = (id) => db.prepare(\`SELECT * FROM a WHERE id = \${id}\`);`,
    },
    "the statement is a variable": { "src/storage/a.ts": "this.ctx.storage.sql.exec(query);" },
    "a parameter hides a constant": {
      "src/storage/a.ts": 'const FIND = "SELECT 1"; const a = (FIND) => db.prepare(FIND);',
    },
    "the statement grows": {
      "src/storage/a.ts": 'let find = "SELECT 1"; find += id; db.prepare(find);',
    },
    "parentheses are around the method": { "src/storage/a.ts": "(db.prepare)(query);" },
    "the method is named by a text": { "src/storage/a.ts": 'db["prepare"](query);' },
    "the method is named by a variable": { "src/storage/a.ts": "db[method](query);" },
    "the method is called by another": { "src/storage/a.ts": "db.prepare.call(db, query);" },
    "the method is taken out": { "src/storage/a.ts": "const { prepare: find } = db; find(query);" },
    "the method is passed on": { "src/storage/a.ts": "const find = db.prepare.bind(db);" },
    "the database has another name": {
      "src/storage/a.ts": "const rows = storage.sql; rows.exec(query);",
    },
  },
  "files are short": { "a file has 251 lines": { "src/app.ts": "go();\n".repeat(251) } },
  "functions are short": {
    "a function has 70 lines": { "src/app.ts": `function a() {${"\n".repeat(69)}}` },
  },
  "lines are short": { "a line has 101 columns": { "src/app.ts": `//${" ".repeat(98)}.` } },
  "nothing is left to do": {
    "a comment puts something off": { "src/app.ts": `// ${UNFINISHED}: handle this` },
  },
  "the linter and the compiler are heeded": {
    "the linter is silenced without a reason": { "src/app.ts": "// biome-ignore lint/a/b:" },
    "the compiler is silenced": { "src/app.ts": "// @ts-ignore: because" },
  },
  "nothing is any": { "a parameter is": { "src/app.ts": "const a = (b: any) => b;" } },
  "what is exported is documented": {
    "a function has no doc comment": { "src/app.ts": "export function a() {}" },
    "an empty line is between": { "src/app.ts": "/** Words. */\n\nexport const a = 1;" },
    "it is exported by a list": { "src/app.ts": "const a = 1;\nexport { a };" },
  },
  "packages are declared, and what the Worker runs on is a dependency": {
    "a package is not declared": {
      "package.json": "{}",
      "test/a.ts": 'import fc from "fast-check";',
    },
    "a package is declared for another folder": {
      "package.json": "{}",
      "test/apart/package.json": '{ "dependencies": { "fast-check": "4.0.0" } }',
      "test/a.ts": 'import fc from "fast-check";',
    },
    "the Worker imports a tool of development": {
      "package.json": '{ "devDependencies": { "hono": "4.0.0" } }',
      "src/index.ts": 'import { app } from "./app.ts";',
      "src/app.ts": 'import { Hono } from "hono";',
    },
    "a dependency is not used": { "package.json": '{ "dependencies": { "left-pad": "1.0.0" } }' },
  },
  "versions of packages are exact": {
    "one may be newer": { "package.json": '{ "devDependencies": { "hono": "^4.0.0" } }' },
    "one is whatever is latest": { "package.json": '{ "devDependencies": { "hono": "latest" } }' },
    "one is not from a registry": {
      "package.json": '{ "devDependencies": { "hono": "github:honojs/hono" } }',
    },
  },
  "the lockfile has a hash of every package, and is that of package.json": {
    "a package has no hash": {
      "package-lock.json": '{ "packages": { "node_modules/hono": { "version": "4.0.0" } } }',
    },
    "a package has a weak hash": {
      "package-lock.json": `{ "packages": { "node_modules/hono": { "integrity": "sha1-${"A".repeat(27)}=" } } }`,
    },
    "package.json names a package that it lacks": {
      "package.json": '{ "devDependencies": { "hono": "4.0.0" } }',
      "package-lock.json": '{ "packages": {} }',
    },
    "it installs another version": {
      "package.json": '{ "devDependencies": { "hono": "4.0.0" } }',
      "package-lock.json": lockfileOf({ hono: "4.0.0" }, "4.0.1"),
    },
  },
  "packages come from the default registry": {
    "the lockfile names another host": {
      "package-lock.json":
        '{ "packages": { "": { "resolved": "https://mirror.example.com/hono.tgz" } } }',
    },
  },
  "nothing committed names a developer's machine": {
    "a document shows a path": { "README.md": `Run it in ${HOME}.` },
  },
};
