import { getDeps } from "../../src/deps.ts";
import { introspect } from "../../src/issuer/introspect.ts";
import { createLookups } from "../../src/storage/lookups.ts";
import type { Service } from "./service.ts";

/** Whether an access token is active now. Rejects when storage fails. */
export async function isActive({ env }: Service, accessToken: string): Promise<boolean> {
  const { issuer, lookups } = await getDeps(env);
  return (await introspect(accessToken, createLookups(lookups), issuer)) !== null;
}
