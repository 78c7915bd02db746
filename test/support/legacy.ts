import { inject } from "vitest";
import { LEGACY_CLIENT } from "./legacy-accounts.ts";
import type { LegacyCall } from "./legacy-endpoint.ts";
import { createService, type Overrides, type Service } from "./service.ts";

/** A service that knows an old token endpoint. */
export interface MovingService extends Service {
  /** What its old endpoint was asked so far, in order. */
  calls(): Promise<LegacyCall[]>;
}

/**
 * Builds a service with an old token endpoint of its own.
 *
 * @param play how that behaves; see legacy-endpoint.ts
 */
export function createMovingService(play: string, overrides: Overrides = {}): MovingService {
  const name = crypto.randomUUID();
  const settings = legacySettings(play, name);
  const calls = async () => callsOf(name);
  return { ...createService({ ...settings, ...overrides }), calls };
}

/** The settings of a service that moves. @param name under which its calls are kept */
export function legacySettings(play: string, name: string): Overrides {
  return {
    LEGACY_TOKEN_ENDPOINT: `${inject("legacyOrigin")}/${play}/${name}/o/token/`,
    LEGACY_CLIENT_ID: LEGACY_CLIENT.id,
    LEGACY_CLIENT_SECRET: LEGACY_CLIENT.secret,
  };
}

/** What was asked under a name. */
export async function callsOf(name: string): Promise<LegacyCall[]> {
  return (await fetch(`${inject("legacyOrigin")}/calls/${name}`)).json();
}
