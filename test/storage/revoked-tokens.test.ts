import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { createRevokedTokenStore } from "../../src/storage/revoked-tokens.ts";

const revoked = createRevokedTokenStore(env.DB);

function count(): Promise<number | null> {
  return env.DB.prepare("SELECT count(*) AS n FROM revoked_access_tokens").first<number>("n");
}

test("a revocation removes some of the rows that have expired, and no others", async () => {
  const nowMs = 1_000_000;
  await env.DB.prepare(
    `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 250)
     INSERT INTO revoked_access_tokens SELECT 'expired ' || i, ?1 - i FROM n`,
  )
    .bind(nowMs)
    .run();
  const counts = [];
  for (const nonce of ["a", "b", "c"]) {
    await revoked.add(nonce, nowMs + 1, nowMs);
    counts.push(await count());
  }
  expect(counts).toEqual([151, 52, 3]);
});
