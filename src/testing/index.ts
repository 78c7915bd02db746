/**
 * For teams that build APIs behind the service: tokens for their tests, so that no production code
 * needs a way around the check. Runs in Node and in Workers; the fake RPC entrypoint, which needs
 * Workers, is in `./worker.ts`.
 */
export { type FakeToken, fakeToken, revokedToken, unavailableToken } from "./fake-token.ts";
export { createTestIssuer, type TestIssuer, type TestTokenOptions } from "./test-issuer.ts";
