import { WorkerEntrypoint } from "cloudflare:workers";
import {
  decide,
  type Requirements,
  refusalOf,
  type Verification,
} from "../resource-server/verification.ts";
import { readFakeToken, unavailableToken } from "./fake-token.ts";

/**
 * Stands in for the entrypoint `TokenVerifier` in the tests of an API: accepts what `fakeToken`
 * wrote and nothing else. Bind it where production binds the service.
 */
export class FakeTokenVerifier extends WorkerEntrypoint {
  /** As `TokenVerifier.verify`: scope, audience and expiry are held against the requirements. */
  async verify(token: string, requirements: Requirements = {}): Promise<Verification> {
    const refused = refusalOf(requirements);
    if (refused !== null) return refused;
    if (typeof token !== "string") return { kind: "invalid_token" };
    if (token === unavailableToken) return { kind: "unavailable" };
    const read = readFakeToken(token, Date.now());
    return read === null ? { kind: "invalid_token" } : decide(read, requirements);
  }
}
