import { WorkerEntrypoint } from "cloudflare:workers";
import {
  decide,
  type Requirements,
  refusalOf,
  type Verification,
} from "../resource-server/verification.ts";
import { readFakeToken, unavailableToken } from "./fake-token.ts";

/**
 * Replaces the entrypoint `TokenVerifier` in the tests of an API. Accepts only tokens of
 * `fakeToken`. Bind it where production binds the service.
 */
export class FakeTokenVerifier extends WorkerEntrypoint {
  /** Like `TokenVerifier.verify`: checks scope, audience and expiry. */
  async verify(token: string, requirements: Requirements = {}): Promise<Verification> {
    const refused = refusalOf(requirements);
    if (refused !== null) return refused;
    if (typeof token !== "string") return { kind: "invalid_token" };
    if (token === unavailableToken) return { kind: "unavailable" };
    const read = readFakeToken(token, Date.now());
    return read === null ? { kind: "invalid_token" } : decide(read, requirements);
  }
}
