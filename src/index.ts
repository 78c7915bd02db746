import { app } from "./app.ts";

export { FailureCounter } from "./rate-limit/failure-counter.ts";
export { Management } from "./resource/management.ts";
export { TokenVerifier } from "./resource/token-verifier.ts";
export { ForeignPasswords } from "./storage/foreign-passwords.ts";
export { RefreshFamily } from "./storage/refresh-family.ts";
export { UsedAssertions } from "./storage/used-assertions.ts";

export default { fetch: app.fetch } satisfies ExportedHandler<Env>;
