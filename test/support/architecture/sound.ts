/** Files that keep every rule of `architecture.test.ts`, and come near to a breach of many. */
export const SOUND: Readonly<Record<string, string>> = {
  "src/client-auth/a.ts": [
    "/** An answer is a type here, and `Response.json()` is in a comment. */",
    "export type Answer = Promise<Response> | Date | typeof crypto;",
    'const words = "new Response(), Date.now(), TODOS and crypto.subtle";',
    "const longest = Math.max(1, 2);",
    "const request = { headers, Date: 1, crypto: 2 };",
    "const at = request.Date;",
  ].join("\n"),
  "src/grants/a.ts": "const { user } = await grant.prove(presented, client, deps);",
  "src/storage/a.ts": [
    'const FIND = "SELECT * FROM users " + "WHERE id = ?";',
    "const one = db.prepare(FIND).bind(id);",
    "const two = db.prepare(`DELETE FROM users`);",
    "const three = PATTERN.exec(text);",
  ].join("\n"),
  "src/endpoints/a.ts": [
    'import type { Deps } from "../deps.ts";',
    'export { Refusal } from "../errors/refusal.ts";',
    "// biome-ignore lint/a/b: a reason",
    "const answer = new Response(null);",
    "const many = 1; const anything = many;",
  ].join("\n"),
  "src/crypto/a.ts": "const date = new Date(nowMs);",
  "src/tokens/a.ts": "function decide() { throw new TypeError(); }",
  "src/app.ts": `//${" ".repeat(97)}.\n`.repeat(250),
  "package.json": '{ "devDependencies": { "zod": "4.0.0-beta.1" } }',
  "src/admin/a.ts": 'import * as z from "zod/mini";',
  "test/apart/package.json": '{ "dependencies": { "left-pad": "1.0.0" } }',
  "test/apart/a.ts": 'import pad from "left-pad";',
  "README.md": "See https://example.com/home/page, ../home/page and /o/token/.",
  "package-lock.json": JSON.stringify(
    {
      packages: {
        "": { devDependencies: { zod: "4.0.0-beta.1" } },
        "node_modules/zod": {
          version: "4.0.0-beta.1",
          resolved: "https://registry.npmjs.org/zod/-/zod-4.0.0-beta.1.tgz",
          integrity: `sha512-${"A".repeat(86)}==`,
        },
      },
    },
    null,
    2,
  ),
};
