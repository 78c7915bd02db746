/** `@cloudflare/workers-oauth-provider`, with KV as far away as `DELAYS` says. */
import { wrapKv } from "../test/support/storage-model/wrap.ts";
import { delayedBy, settle, watch } from "./delayed-bindings.ts";
import provider from "./peers/workers-oauth-provider.js";

let delayed;

export default {
  async fetch(request, env, ctx) {
    if (new URL(request.url).pathname === "/settle") return settle();
    delayed ??= { ...env, OAUTH_KV: wrapKv(env.OAUTH_KV, delayedBy(JSON.parse(env.DELAYS))) };
    return watch(() => provider.fetch(request, delayed, ctx));
  },
};
