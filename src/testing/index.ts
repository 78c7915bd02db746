/**
 * Tokens for the tests of an API, so that its production code needs no bypass. Runs in Node and in
 * Workers. The fake RPC entrypoint is in `./worker.ts` and runs only in Workers.
 */
export { type FakeToken, fakeToken, revokedToken, unavailableToken } from "./fake-token.ts";
export { createTestIssuer, type TestIssuer, type TestTokenOptions } from "./test-issuer.ts";
