/** The service, with storage as far away as `DELAYS` says. One request at a time. */
import * as service from "../src/index.ts";
import { wrapBindings } from "../test/support/storage-model/wrap.ts";
import { delayedBy, settle, watch } from "./delayed-bindings.ts";

export {
  FailureCounter,
  FetchedDocuments,
  ForeignPasswords,
  LogoutSender,
  Management,
  RefreshFamily,
  UsedAssertions,
} from "../src/index.ts";

let delayed: Env | undefined;

/** The same for each request, as the isolate's own `env` is. */
function delay(env: Env): Env {
  const { DELAYS = "" } = env as Env & { DELAYS?: string };
  delayed ??= { ...env, ...wrapBindings(env, delayedBy(JSON.parse(DELAYS))) };
  return delayed;
}

/** As the service's own. */
export class TokenVerifier extends service.TokenVerifier {
  constructor(ctx: ExecutionContext, env: Env) {
    super(ctx, delay(env));
  }

  override verify(...args: Parameters<service.TokenVerifier["verify"]>) {
    return watch(() => super.verify(...args));
  }
}

export default {
  async fetch(request, env, ctx) {
    if (new URL(request.url).pathname === "/settle") return settle();
    return watch(async () => service.default.fetch(request, delay(env), ctx));
  },
} satisfies ExportedHandler<Env>;
