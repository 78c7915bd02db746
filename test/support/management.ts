import { env } from "cloudflare:workers";
import type { AdminDeps } from "../../src/admin/deps.ts";
import { secureRandom } from "../../src/crypto/bytes.ts";
import { longPbkdf2 } from "../../src/crypto/long-pbkdf2.ts";
import { createPasswordKinds } from "../../src/crypto/passwords.ts";
import type { UsernameMode } from "../../src/protocol/usernames.ts";
import { createRegistry, type RegistryWrite } from "../../src/storage/registry.ts";

/** What management works with, over workerd's own D1. */
export async function managementTools(usernames: UsernameMode = "exact"): Promise<AdminDeps> {
  return {
    registry: createRegistry(env.DB, usernames),
    ...(await createPasswordKinds({
      passwordHashRounds: 1,
      passwordPepper: null,
      random: secureRandom,
      deriveLong: longPbkdf2,
    })),
    passwordLengthMin: 8,
    resources: null,
    random: secureRandom,
    newUserId: () => crypto.randomUUID(),
    endFamily: null,
  };
}

/** Tools with which something else happens just before the first write. */
export function beforeFirstWrite(tools: AdminDeps, happen: () => Promise<unknown>): AdminDeps {
  let isFirst = true;
  const write = async (writes: readonly RegistryWrite[]) => {
    if (isFirst) {
      isFirst = false;
      await happen();
    }
    return tools.registry.write(writes);
  };
  return { ...tools, registry: { ...tools.registry, write } };
}

/** Every client, user and resource, column by column. */
export async function dumpRegistry(): Promise<unknown> {
  const tables = ["clients", "users", "resources"];
  const select = (table: string) => env.DB.prepare(`SELECT * FROM ${table} ORDER BY 1`);
  const results = await env.DB.batch(tables.map(select));
  return results.map((result) => result.results);
}
