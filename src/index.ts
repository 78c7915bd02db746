import { app } from "./app.ts";
import { sweepLogouts } from "./backchannel/sweep.ts";

export { LogoutSender } from "./backchannel/logout-sender.ts";
export { FailureCounter } from "./rate-limit/failure-counter.ts";
export { Management } from "./rpc/management.ts";
export { TokenVerifier } from "./rpc/token-verifier.ts";
export { FetchedDocuments } from "./storage/fetched-documents-object.ts";
export { ForeignPasswords } from "./storage/long-hash-object.ts";
export { RefreshFamily } from "./storage/refresh-family.ts";
export { UsedAssertions } from "./storage/used-assertions.ts";

/** What the platform calls: for each request, and on schedule. */
export default {
  fetch: app.fetch,
  scheduled: (_, env) => sweepLogouts(env),
} satisfies ExportedHandler<Env>;
